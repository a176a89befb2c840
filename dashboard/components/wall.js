const SILENCE_S = 8;
const TILE_DETAIL = 256;

// The wall of tiles: one component for all cameras, which changes its tiles in place. A tile's DOM is made once.
const TILE = `
  <div class="picture"></div>
  <div class="line top"><span class="camera"></span><span class="product"></span>
    <span class="reason"></span><span class="decision"><span class="mark-place"></span><span class="word"></span></span>
    <span class="score"></span><span class="gauge-place"></span><span class="stale-words"></span></div>
  <div class="line small"><span class="history-place"></span><span class="counts"></span>
    <span class="few"></span><span class="age"></span></div>`;

function madeTile(camera) {
  const tile = document.createElement("section");
  tile.dataset.camera = camera;
  tile.setAttribute("role", "listitem");
  tile.innerHTML = TILE;
  return tile;
}

function updateTile(tile, told) {
  const part = (name) => tile.querySelector(`.${name}`);
  tile.className = `tile is-${told.kind}${told.stale ? " stale" : ""}${tile.__narrow ? " narrow" : ""}`;
  for (const name of ["camera", "product", "reason", "word", "score", "counts", "few", "age"]) say(part(name), told[name]);
  say(part("stale-words"), told.stale);
  draw(part("mark-place"), told.mark);
  draw(part("gauge-place"), told.gauge);
  draw(part("history-place"), told.history);
  part("reason").hidden = !told.reason || Boolean(told.stale);
  part("stale-words").hidden = !told.stale;
  tile.title = told.hint;
  showPicture(part("picture"), told.picture, TILE_DETAIL);
}

// Type as large as a tile allows: read across the hall where there are few, never cut off where there are many.
function fontFor(tileWidth, big) {
  return big ? Math.min(28, Math.max(14, tileWidth / 15)) : Math.min(15, Math.max(12, tileWidth / 14));
}

// As many columns as make the pictures largest in the room there is.
function columnsFor(count, width, height, big) {
  let best = [0, 1];
  for (let columns = 1; columns <= count; columns += 1) {
    const tileWidth = width / columns, tileHeight = height / Math.ceil(count / columns);
    const side = Math.min(tileWidth, (tileHeight - 4 * fontFor(tileWidth, big)) * 1.25);
    if (side > best[0] + 1) best = [side, columns];
  }
  return best[1];
}

function layOut(root) {
  const big = root.classList.contains("big"), width = root.clientWidth;
  const top = Math.max(0, root.getBoundingClientRect().top + (root.__scrolled?.() ?? 0));
  const height = Math.max(260, window.innerHeight - top - (big ? 12 : 50));
  const count = Math.max(1, root.children.length), columns = columnsFor(count, width, height, big);
  const rows = Math.ceil(count / columns), font = fontFor(width / columns, big);
  root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  const rowHeight = Math.max(200, (height - 10 * (rows - 1)) / rows);
  root.style.gridAutoRows = `${Math.floor(rowHeight)}px`;
  root.style.fontSize = `${font}px`;
  for (const tile of root.children) arrange(tile, width / columns < 30 * font);
}

// In a narrow tile the score has no room beside the verdict: it leads the line of small digits.
function arrange(tile, narrow) {
  if (tile.__narrow === narrow) return;
  tile.__narrow = narrow;
  tile.classList.toggle("narrow", narrow);
  const place = tile.querySelector(narrow ? ".few" : ".gauge-place");
  place.before(tile.querySelector(".score"));
}

// A server that stopped sends nothing more: the page itself has to notice that its pictures are no longer live.
function watchNews(root) {
  root.__news = Date.now();
  root.__timer ||= setInterval(() => {
    const seconds = Math.floor((Date.now() - root.__news) / 1000);
    if (seconds < SILENCE_S) return;
    for (const tile of root.children) {
      tile.classList.add("stale");
      const words = tile.querySelector(".stale-words");
      say(words, `no news for ${seconds} s`);
      words.hidden = false;
    }
  }, 1000);
}

// The slider moves nothing but the maps: no round trip.
function tools(root, bar) {
  const on = bar.querySelector(".on"), opacity = bar.querySelector(".opacity");
  bar.hidden = root.classList.contains("big");
  on.checked = memory.on;
  opacity.value = memory.opacity;
  on.onchange = () => { memory.on = on.checked; applyMap(root); };
  opacity.oninput = () => { memory.opacity = Number(opacity.value); applyMap(root); };
}

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".wall");
  root.classList.toggle("big", data.big);
  const known = new Map([...root.children].map((tile) => [tile.dataset.camera, tile]));
  data.tiles.forEach((told, place) => {
    const tile = known.get(told.camera) ?? madeTile(told.camera);
    known.delete(told.camera);
    if (root.children[place] !== tile) root.insertBefore(tile, root.children[place] ?? null);
    updateTile(tile, told);
  });
  for (const gone of known.values()) gone.remove();
  applyMap(root);
  tools(root, parentElement.querySelector(".wall-tools"));
  watchNews(root);
  layOut(root);
  if (!root.__watched) {
    root.__watched = new ResizeObserver(() => requestAnimationFrame(() => layOut(root)));
    root.__watched.observe(document.documentElement);
    root.__watched.observe(root.getRootNode().host ?? root);
  }
  const offKeys = onKeys("wall", (event) => mapKey(root, event, () => tools(root, parentElement.querySelector(".wall-tools"))));
  return () => { offKeys(); clearInterval(root.__timer); root.__watched?.disconnect(); };
}
