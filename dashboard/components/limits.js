// The histogram of real scores with both limits. While a limit moves, what it would mean is worked out here, from the
// tail the server sent; the server hears of it when the hand lets go.
const HEIGHT = 270, TOP = 26, GROUND = 222, SVG = "http://www.w3.org/2000/svg";
const NAMES = { review: "REVIEW", reject: "NG" };

function made(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

function shareAbove(tail, score) {
  if (!tail.length) return 0;
  if (score <= tail[0][0]) return 1;
  for (let at = 1; at < tail.length; at += 1) {
    const [from, above] = tail[at - 1], [to, below] = tail[at];
    if (score <= to) return above + ((score - from) / (to - from)) * (below - above);
  }
  return 0;
}

function limitFor(tail, share) {
  for (let at = 1; at < tail.length; at += 1) {
    const [from, above] = tail[at - 1], [to, below] = tail[at];
    if (below <= share) return above > below ? from + ((above - share) / (above - below)) * (to - from) : to;
  }
  return tail.length ? tail[tail.length - 1][0] : NaN;
}

const digits = (value) => Number(value.toPrecision(4)).toString();
const permille = (share) => (1000 * share).toFixed(share >= 0.1 ? 0 : share >= 0.01 ? 1 : 2);

function placeOf(root, score) {
  const [low, high] = root.__data.range;
  return ((score - low) / (high - low)) * root.__width;
}

function scoreAt(root, x) {
  const [low, high] = root.__data.range;
  return low + (Math.min(root.__width, Math.max(0, x)) / root.__width) * (high - low);
}

// One limit moves and takes the other along where it would pass it.
function moved(limits, name, score) {
  if (!Number.isFinite(score)) return limits;
  const next = { ...limits, [name]: score };
  if (name === "review") next.reject = Math.max(next.reject, score);
  else next.review = Math.min(next.review, score);
  return next;
}

function drawHistogram(root) {
  const svg = root.querySelector(".histogram"), data = root.__data;
  root.__width = svg.getBoundingClientRect().width || 700;
  svg.setAttribute("viewBox", `0 0 ${root.__width} ${HEIGHT}`);
  svg.replaceChildren();
  const tallest = Math.sqrt(Math.max(1, ...data.bars.map((bar) => bar[2])));
  root.__bars = data.bars.map(([from, to, frames]) => {
    const x = placeOf(root, from), height = Math.max(1.5, (Math.sqrt(frames) / tallest) * (GROUND - TOP - 6));
    const bar = made("rect", { x, y: GROUND - height, width: Math.max(1, placeOf(root, to) - x - 0.5), height }, svg);
    made("title", {}, bar).textContent = `${digits(from)} to ${digits(to)}: ${frames}`;
    return [bar, (from + to) / 2];
  });
  made("path", { class: "ground", d: `M0 ${GROUND}H${root.__width}` }, svg);
  drawSaid(root, svg);
  drawScale(root, svg);
  for (const name of ["review", "reject"]) {
    const x = placeOf(root, data.current[name]);
    made("line", { class: "present", x1: x, x2: x, y1: TOP, y2: GROUND }, svg);
  }
  root.__handles = Object.fromEntries(["review", "reject"].map((name) => [name, madeHandle(root, svg, name)]));
}

function drawSaid(root, svg) {
  const group = made("g", { class: "said" }, svg);
  for (const [score, isDefect] of root.__data.said) {
    const x = placeOf(root, score), y = GROUND + 10;
    if (isDefect) made("path", { class: "ng", d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, style: "stroke:var(--ng);stroke-width:1.6" }, group);
    else made("circle", { class: "ok", cx: x, cy: y, r: 3.4 }, group);
  }
}

function drawScale(root, svg) {
  const [low, high] = root.__data.range, step = 10 ** Math.floor(Math.log10((high - low) / 4));
  const spacing = [1, 2, 5, 10].map((times) => times * step).find((each) => (high - low) / each <= 10) || high - low;
  for (let score = Math.ceil(low / spacing) * spacing; score <= high; score += spacing) {
    made("text", { x: placeOf(root, score), y: GROUND + 32, "text-anchor": "middle" }, svg).textContent = digits(score);
  }
  made("text", { x: 0, y: HEIGHT - 2 }, svg).textContent = root.__data.bars.length
    ? "score; heights grow with the square root of the parts, so that single ones are seen"
    : "no part was scored by this model in this time";
}

function madeHandle(root, svg, name) {
  const kind = name === "review" ? "review" : "ng";
  const handle = made("g", { class: `handle ${kind}`, tabindex: 0, role: "slider", "aria-label": `${NAMES[name]} from`, "data-limit": name }, svg);
  handle.style.color = `var(--${kind})`;
  made("rect", { class: "area", x: -9, y: 0, width: 18, height: GROUND }, handle);
  made("line", { y1: 16, y2: GROUND }, handle);
  made("path", { class: "grip", d: `M-6 ${GROUND}l6 -9 6 9Z` }, handle);
  made("text", { y: 12, "text-anchor": name === "review" ? "end" : "start", x: name === "review" ? 4 : -4 }, handle).textContent = NAMES[name];
  handle.onpointerdown = (event) => { handle.setPointerCapture(event.pointerId); handle.__held = true; handle.focus(); event.preventDefault(); };
  handle.onpointermove = (event) => {
    if (!handle.__held) return;
    change(root, name, scoreAt(root, event.clientX - svg.getBoundingClientRect().left), false);
  };
  handle.onpointerup = () => { if (handle.__held) { handle.__held = false; tell(root); } };
  handle.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const [low, high] = root.__data.range;
    change(root, name, root.__limits[name] + by * ((high - low) / (event.shiftKey ? 50 : 500)), false);
    event.preventDefault();
    event.stopPropagation();
  };
  handle.onkeyup = (event) => { if (["ArrowLeft", "ArrowRight"].includes(event.key)) tell(root); };
  return handle;
}

function change(root, name, score, andTell) {
  root.__limits = moved(root.__limits, name, score);
  showLimits(root);
  if (andTell) tell(root);
}

function tell(root) {
  root.__tell({ token: root.__data.token, ...root.__limits });
}

function showLimits(root) {
  const { review, reject } = root.__limits;
  for (const [bar, middle] of root.__bars) bar.setAttribute("class", middle >= reject ? "ng" : middle >= review ? "review" : "ok");
  for (const name of ["review", "reject"]) {
    const handle = root.__handles[name], score = root.__limits[name];
    handle.setAttribute("transform", `translate(${placeOf(root, score).toFixed(2)} 0)`);
    handle.setAttribute("aria-valuenow", digits(score));
    showRow(root, name, score);
  }
  showEffects(root);
}

function showRow(root, name, score) {
  const row = root.querySelector(`tr[data-limit=${name}]`), data = root.__data, present = data.current[name];
  const values = { score: digits(score), times: present > 0 ? (score / present).toFixed(3) : "", share: permille(shareAbove(data.tail, score)) };
  for (const input of row.querySelectorAll("input")) {
    if (input !== root.getRootNode().activeElement || !root.__typing) input.value = values[input.dataset.as];
    input.disabled = (input.dataset.as === "share" && !data.tail.length) || (input.dataset.as === "times" && !(present > 0));
  }
  say(row.querySelector(".now"), digits(present));
}

function typed(root, input) {
  const name = input.closest("tr").dataset.limit, data = root.__data;
  const value = Number(input.value.trim().replace(",", "."));
  const score = { score: value, times: value * data.current[name], share: limitFor(data.tail, value / 1000) }[input.dataset.as];
  const sound = input.value.trim() !== "" && Number.isFinite(score) && (input.dataset.as !== "share" || (value >= 0 && value <= 1000));
  input.classList.toggle("wrong", !sound);
  if (sound) change(root, name, score, true);
}

function effect(words, number) {
  const line = document.createElement("li"), bold = document.createElement("b");
  say(bold, number);
  line.append(bold, ` ${words}`);
  return line;
}

function showEffects(root) {
  const { tail, said, current, most } = root.__data, limits = root.__limits, lines = [];
  const rejected = [current, limits].map((each) => 1000 * shareAbove(tail, each.reject));
  const reviewed = [current, limits].map((each, at) => 1000 * shareAbove(tail, each.review) - rejected[at]);
  for (const [word, [before, after]] of [["rejected", rejected], ["to review", reviewed]]) {
    if (!tail.length) break;
    const by = after - before, sign = by > 0.005 ? "+" : by < -0.005 ? "\u2212" : "\u00b1";
    lines.push(effect(`per thousand ${word}: ${after.toFixed(2)} where it is ${before.toFixed(2)} now`, `${sign}${Math.abs(by).toFixed(2)}`));
  }
  const defects = said.filter((each) => each[1]), good = said.filter((each) => !each[1]);
  const passed = (each) => defects.filter(([score]) => score < each.review).length;
  const stopped = (each) => good.filter(([score]) => score >= each.reject).length;
  const all = (found) => `${found.length >= most ? "the newest " : ""}${found.length}`;
  lines.push(effect(`of ${all(defects)} confirmed defects would pass unseen, ${passed(current)} do now`, `${passed(limits)}`));
  lines.push(effect(`of ${all(good)} parts confirmed good would be rejected, ${stopped(current)} are now`, `${stopped(limits)}`));
  root.querySelector(".effects").replaceChildren(...lines);
}

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".limits");
  root.__tell = (limits) => setStateValue("limits", limits);
  const fresh = root.__token !== data.token;
  root.__data = data;
  if (fresh) { root.__token = data.token; root.__limits = { ...data.proposed }; }
  const drawn = JSON.stringify([data.bars, data.said, data.range, data.current]);
  if (root.__drawn !== drawn) { root.__drawn = drawn; drawHistogram(root); }
  showLimits(root);
  for (const input of root.querySelectorAll("input")) {
    input.onfocus = () => { root.__typing = true; };
    input.onblur = () => { root.__typing = false; showLimits(root); };
    input.onchange = () => { root.__typing = false; typed(root, input); };
    input.onkeydown = (event) => { event.stopPropagation(); if (event.key === "Enter") { root.__typing = false; typed(root, input); } };
    input.oninput = () => { root.__typing = true; };
  }
  root.__watched?.disconnect();
  root.__watched = new ResizeObserver(() => {
    const width = root.querySelector(".histogram").getBoundingClientRect().width;
    if (width && Math.abs(width - root.__width) > 1) { drawHistogram(root); showLimits(root); }
  });
  root.__watched.observe(root);
  return () => root.__watched.disconnect();
}
