// Regions that do not count, drawn as rectangles on a good part's picture; any polygon is shown. Shares of the sides.
const SMALLEST = 0.004, SPACE = "http://www.w3.org/2000/svg";

function corners(from, to) {
  const [left, right] = [from[0], to[0]].sort((a, b) => a - b), [top, bottom] = [from[1], to[1]].sort((a, b) => a - b);
  return [[left, top], [right, top], [right, bottom], [left, bottom]].map((corner) => corner.map((share) => Number(share.toFixed(4))));
}

function polygon(region, name) {
  const element = document.createElementNS(SPACE, "polygon");
  element.setAttribute("points", region.map((corner) => corner.join(",")).join(" "));
  element.setAttribute("class", name);
  return element;
}

function show(root) {
  root.querySelector("svg").replaceChildren(...root.__regions.map((region, place) => {
    const element = polygon(region, "region");
    element.dataset.place = place;
    return element;
  }));
  root.querySelector(".count").textContent = root.__regions.length ? `${root.__regions.length} drawn` : "none drawn";
}

function shareAt(svg, event) {
  const box = svg.getBoundingClientRect(), inside = (share) => Math.min(1, Math.max(0, share));
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

function changed(root, regions) {
  root.__regions = regions;
  show(root);
  root.__tell({ token: root.__token, regions });
}

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".regions"), svg = root.querySelector("svg"), frame = root.querySelector(".frame");
  root.__tell = (state) => setStateValue("regions", state);
  if (root.__token !== data.token) { root.__token = data.token; root.__regions = data.regions; }
  if (data.frame && frame.getAttribute("src") !== data.frame) frame.src = data.frame;
  frame.hidden = !data.frame;
  if (!data.frame) root.querySelector(".stage").style.minHeight = "320px";
  root.querySelector(".absent").textContent = data.frame ? "" : data.absent;
  show(root);
  root.querySelector(".clear").onclick = () => changed(root, []);
  svg.onpointerdown = (event) => {
    root.__from = shareAt(svg, event);
    root.__place = event.target.dataset?.place;
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  svg.onpointermove = (event) => {
    if (!root.__from) return;
    svg.querySelector(".drawn")?.remove();
    svg.append(polygon(corners(root.__from, shareAt(svg, event)), "drawn"));
  };
  svg.onpointerup = (event) => {
    if (!root.__from) return;
    const drawn = corners(root.__from, shareAt(svg, event)), place = root.__place;
    root.__from = null;
    const area = (drawn[1][0] - drawn[0][0]) * (drawn[2][1] - drawn[1][1]);
    if (area >= SMALLEST * SMALLEST) changed(root, [...root.__regions, drawn]);
    else if (place !== undefined) changed(root, root.__regions.filter((_, at) => at !== Number(place)));
    else show(root);
  };
}
