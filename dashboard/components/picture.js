// One picture of a part, everywhere the same: the frame, and over it the map in one hue on a scale that is fixed
// per model. Everything here happens in the browser: no rerun for a slider or a key.
const HUE = [227, 66, 31];
const CONTOUR = [255, 214, 10];
const DETAIL = 512;
const memory = (window.__lineMap ||= { on: true, opacity: 0.7 });

function pictureParts(box) {
  const stack = document.createElement("div");
  stack.className = "stack";
  const frame = document.createElement("img");
  frame.className = "frame";
  frame.draggable = false;
  const map = document.createElement("canvas");
  map.className = "map";
  const contour = document.createElement("canvas");
  contour.className = "contour";
  const absent = document.createElement("div");
  absent.className = "absent";
  stack.append(frame, map, contour);
  box.replaceChildren(stack, absent);
  return { stack, frame, map, contour, absent };
}

function loaded(url) {
  if (!url) return Promise.resolve(null);
  const image = new Image();
  image.src = url;
  return image.decode().then(() => image, () => null);
}

// Frame and map change in one step, after both are decoded: no moment shows one part under another one's map.
async function showPicture(box, picture, detail = DETAIL) {
  const parts = (box.__parts ||= pictureParts(box));
  if (box.__shown === picture.key) return;
  box.__shown = picture.key;
  const [frame, map] = await Promise.all([loaded(picture.frame), loaded(picture.map)]);
  if (box.__shown !== picture.key) return;
  parts.frame.alt = picture.label;
  if (frame) parts.frame.src = picture.frame;
  else parts.frame.removeAttribute("src");
  parts.absent.textContent = frame ? "" : picture.absent;
  const size = frame || map;
  box.__natural = size ? [size.naturalWidth, size.naturalHeight] : [0, 0];
  paintMap(parts, map, picture.scale, box.__natural, detail);
  box.dataset.shown = picture.key;
  box.dispatchEvent(new CustomEvent("shown"));
}

function paintMap(parts, map, scale, natural, detail) {
  const zoom = detail / Math.max(1, ...natural);
  const [width, height] = natural.map((side) => Math.max(1, Math.round(side * zoom)));
  for (const canvas of [parts.map, parts.contour]) { canvas.width = width; canvas.height = height; }
  if (!map || !scale) return;
  const context = parts.contour.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(map, 0, 0, width, height);
  const grey = context.getImageData(0, 0, width, height).data;
  parts.map.getContext("2d").putImageData(tinted(grey, width, height, scale), 0, 0);
  context.putImageData(contoured(grey, width, height, scale), 0, 0);
}

// Transparent up to `clear`, full from `full`: a clean part looks clean. One colour for each of the 256 greys.
function tinted(grey, width, height, scale) {
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const step = (scale.high - scale.low) / 255, span = scale.full_from - scale.clear_to;
  const colours = Uint32Array.from({ length: 256 }, (_, level) => {
    const share = Math.min(1, (scale.low + level * step - scale.clear_to) / span);
    return share > 0 ? packed(HUE, Math.round(255 * share)) : 0;
  });
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = colours[grey[4 * at]];
  return image;
}

// A thin line where the map passes the reject limit: the pixels above it of which a neighbour is not.
function contoured(grey, width, height, scale) {
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const limit = (scale.contour_at - scale.low) / ((scale.high - scale.low) / 255 || 1);
  const colour = packed(CONTOUR, 255), above = new Uint8Array(width * height);
  for (let at = 0; at < above.length; at += 1) above[at] = grey[4 * at] >= limit ? 1 : 0;
  for (let at = above.indexOf(1); at >= 0; at = above.indexOf(1, at + 1)) {
    const x = at % width;
    const inside = x > 0 && x < width - 1 && above[at - 1] && above[at + 1] && above[at - width] && above[at + width];
    if (!inside) pixels[at] = colour;
  }
  return image;
}

// A colour as it lies in the memory of a canvas: red first, on every machine that runs a browser.
function packed([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function applyMap(root, alone = false) {
  root.classList.toggle("without-map", alone || !memory.on);
  root.style.setProperty("--map-opacity", memory.opacity);
}

// A box that was ticked keeps the focus, and takes no letters: the next key is meant for the part.
function typing(event) {
  const target = event.composedPath()[0];
  const taking = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable=true]";
  const field = target instanceof Element && target.closest(taking);
  return Boolean(field) || event.ctrlKey || event.metaKey || event.altKey;
}

// With caps lock on, a key is the same key.
function keyOf(event) {
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

// The component's function runs again at every rerun, so the listener before this one has to go first.
// Returns what takes this one away again.
function onKeys(name, down, up) {
  const held = (window.__lineKeys ||= {});
  const before = held[name];
  if (before) { document.removeEventListener("keydown", before.down); document.removeEventListener("keyup", before.up); }
  held[name] = { down: (event) => { if (!typing(event)) down(event); }, up: (event) => up?.(event) };
  document.addEventListener("keydown", held[name].down);
  document.addEventListener("keyup", held[name].up);
  const own = held[name];
  return () => {
    document.removeEventListener("keydown", own.down);
    document.removeEventListener("keyup", own.up);
  };
}

function mapKey(root, event, changed = () => {}) {
  const key = keyOf(event);
  if (key === "m") memory.on = !memory.on;
  else if (key === "[") memory.opacity = Math.max(0, Math.round(10 * memory.opacity - 1) / 10);
  else if (key === "]") memory.opacity = Math.min(1, Math.round(10 * memory.opacity + 1) / 10);
  else return false;
  applyMap(root);
  changed();
  return true;
}

// Text from messages goes through here and nowhere else: it can never become markup.
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// Drawings of our own charts module; the same drawing is left as it stands.
function draw(element, svg) {
  if (element.__drawn !== svg) { element.innerHTML = svg; element.__drawn = svg; }
}
