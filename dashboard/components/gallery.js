const SMALL = 128;

// Small tiles of parts, newest first. Arrow keys move at once in the browser; the server is told where to.
function madeItem(told) {
  const item = document.createElement("button");
  item.className = `is-${told.kind}`;
  item.dataset.part = told.id;
  item.setAttribute("role", "option");
  item.title = told.hint;
  item.innerHTML = '<span class="picture"></span><span class="caption"><span class="sign"></span>'
    + '<span class="score"></span><span class="age"></span></span>';
  showPicture(item.querySelector(".picture"), told.picture, SMALL);
  if (told.lines) showLines(item.querySelector(".caption"), told.lines);
  else {
    draw(item.querySelector(".sign"), told.mark);
    say(item.querySelector(".score"), told.score);
  }
  return item;
}

// Several verdicts on one part, one below the other, instead of the one.
function showLines(caption, lines) {
  caption.classList.add("several");
  caption.replaceChildren(...lines.map((line) => {
    const row = document.createElement("span");
    row.className = "line";
    row.innerHTML = '<span class="sign"></span><span class="words"></span>';
    draw(row.querySelector(".sign"), line.mark);
    say(row.querySelector(".words"), line.words);
    return row;
  }), Object.assign(document.createElement("span"), { className: "age" }));
}

function choose(root, id, tell) {
  root.__chosen = id;
  for (const item of root.children) item.setAttribute("aria-selected", String(item.dataset.part === id));
  const chosen = root.querySelector("[aria-selected=true]");
  if (!chosen) return;
  const box = root.getBoundingClientRect(), own = chosen.getBoundingClientRect();
  if (own.top < box.top) root.scrollTop -= box.top - own.top + 6;
  if (own.bottom > box.bottom) root.scrollTop += own.bottom - box.bottom + 6;
  if (tell) root.__tell(id);
}

function move(root, by) {
  const items = [...root.children], at = items.findIndex((item) => item.dataset.part === root.__chosen);
  const next = items[Math.min(items.length - 1, Math.max(0, at + by))];
  if (next && next.dataset.part !== root.__chosen) choose(root, next.dataset.part, true);
}

function columnsOf(root) {
  return getComputedStyle(root).gridTemplateColumns.split(" ").length;
}

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".gallery");
  root.__tell = (id) => setStateValue("selected", id);
  root.classList.toggle("wide", data.parts.some((told) => told.lines));
  const order = data.parts.map((told) => told.id).join("|");
  if (root.__order !== order) {
    root.__order = order;
    root.replaceChildren(...data.parts.map(madeItem));
    root.scrollTop = 0;
  }
  applyMap(root);
  data.parts.forEach((told, place) => say(root.children[place].querySelector(".age"), told.age));
  const ids = data.parts.map((told) => told.id);
  if (!ids.includes(root.__chosen)) root.__chosen = ids[0];
  choose(root, root.__chosen, false);
  root.onclick = (event) => {
    const item = event.target.closest("button");
    if (item) choose(root, item.dataset.part, true);
  };
  const side = root.classList.contains("wide") ? "maxHeight" : "height";
  const fit = () => { root.style[side] = `${Math.max(240, window.innerHeight - root.getBoundingClientRect().top - 64)}px`; };
  fit();
  window.onresize = fit;
  const steps = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: () => columnsOf(root), ArrowUp: () => -columnsOf(root) };
  return onKeys("gallery", (event) => {
    if (["m", "[", "]"].includes(keyOf(event))) requestAnimationFrame(() => applyMap(root));
    if (!(event.key in steps) || event.composedPath()[0].type === "range") return;
    event.preventDefault();
    move(root, steps[event.key]());
  });
}
