const SILENCE_S = 15;

// Each table: its title, its other heads, whether it ends with a chart, and what an empty one says.
const TABLES = {
  cameras: { title: "Cameras", named: "camera",
    heads: ["last frame", "captured", "judged", "waiting", "dropped", "gap"], chart: true,
    empty: "No camera has reported in the last day." },
  workers: { title: "Workers", named: "process and models",
    heads: ["last round", "up for", "judged", "errors", "fenced"], chart: false,
    empty: "No worker has reported in the last week. Start one: python -m worker" },
  gaps: { title: "Lost on the bus", named: "cameras",
    heads: ["frames", "from offset", "until", "found"], chart: false,
    empty: "No frame was deleted from the bus unjudged in the last 30 days." },
  reasons: { title: "Errors in 24 h", named: "",
    heads: ["frames", "of all", "in quarantine", "newest"], chart: false,
    empty: "Every frame of the last 24 hours was judged." },
};

function cell(name, row) {
  const made = document.createElement(row.parentElement.tagName === "THEAD" ? "th" : "td");
  made.className = name;
  row.append(made);
  return made;
}

function madeHead(table, told) {
  const row = document.createElement("tr");
  table.tHead.append(row);
  cell("title", row).textContent = told.title;
  if (told.named) cell("named", row).textContent = told.named;
  for (const head of told.heads) cell("number", row).textContent = head;
  if (told.chart) cell("chart", row);
}

function madeRow(body, told, key) {
  const row = document.createElement("tr");
  row.dataset.key = key;
  body.append(row);
  cell("state", row).innerHTML = '<span class="mark-place"></span><span class="words"></span><span class="remedy"></span>';
  if (told.named) cell("named", row).innerHTML = '<span class="name"></span><span class="note"></span>';
  for (const _ of told.heads) cell("number", row);
  if (told.chart) cell("chart", row);
  return row;
}

function update(row, told) {
  row.className = `is-${told.kind}`;
  draw(row.querySelector(".mark-place"), told.mark);
  for (const name of ["words", "remedy", "name", "note"]) {
    const place = row.querySelector(`.${name}`);
    if (place) say(place, told[name]);
  }
  const named = row.querySelector(".named");
  if (named) named.title = [told.name, told.note].filter(Boolean).join(" \u00b7 ");
  row.querySelectorAll("td.number").forEach((place, number) => say(place, told.cells[number]));
  const chart = row.querySelector("td.chart");
  if (chart) draw(chart, told.chart);
}

function fill(table, told, rows) {
  if (!table.tHead.rows.length) madeHead(table, told);
  const body = table.tBodies[0], known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  rows.forEach((one, place) => {
    const row = known.get(one.key) ?? madeRow(body, told, one.key);
    known.delete(one.key);
    if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] ?? null);
    update(row, one);
  });
  for (const gone of known.values()) gone.remove();
  if (!rows.length) {
    const row = document.createElement("tr"), said = document.createElement("td");
    said.className = "empty";
    said.colSpan = 2 + told.heads.length + (told.chart ? 1 : 0);
    said.textContent = told.empty;
    row.append(said);
    body.append(row);
  }
}

// A server that stopped sends nothing more: the page itself has to say that its states are old.
function watchNews(root) {
  root.__news = Date.now();
  root.classList.remove("stale");
  root.__timer ||= setInterval(() => {
    const seconds = Math.floor((Date.now() - root.__news) / 1000);
    if (seconds < SILENCE_S) return;
    root.classList.add("stale");
    say(root.querySelector(".bus .words"), `no news for ${seconds} s`);
  }, 1000);
}

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".health"), bus = root.querySelector(".bus");
  const state = bus.querySelector(".state");
  if (!state.children.length) state.innerHTML = '<span class="mark-place"></span><span class="words"></span>';
  bus.className = `bus is-${data.bus.kind}`;
  draw(state.querySelector(".mark-place"), data.bus.mark);
  say(state.querySelector(".words"), data.bus.words);
  say(bus.querySelector(".remedy"), data.bus.remedy);
  say(bus.querySelector(".slowest"), data.bus.slowest);
  draw(bus.querySelector(".chart"), data.bus.delay);
  for (const [name, told] of Object.entries(TABLES)) fill(root.querySelector(`.${name}`), told, data[name]);
  draw(root.querySelector(".cameras th.chart"), data.axis);
  watchNews(root);
  return () => clearInterval(root.__timer);
}
