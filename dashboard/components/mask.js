// A defect's mask, drawn over the picture: brush, and with Shift the rubber. The server thresholds what comes.
const MASK_SIDE = 512;
const BRUSH_SHARE = 0.03;

function maskLayer(box) {
  const parts = box.__parts;
  if (!parts) return null;
  if (!parts.paint) {
    parts.paint = document.createElement("canvas");
    parts.paint.className = "paint";
    parts.stack.append(parts.paint);
  }
  return parts.paint;
}

function clearMask(box) {
  const layer = maskLayer(box), natural = box.__natural ?? [1, 1];
  if (!layer) return;
  const zoom = MASK_SIDE / Math.max(1, ...natural);
  [layer.width, layer.height] = natural.map((side) => Math.max(1, Math.round(side * zoom)));
  box.__drawn = false;
}

function drawnMask(box) {
  return box.__drawn ? maskLayer(box).toDataURL("image/png") : "";
}

function stroke(box, from, to, rubber) {
  const layer = maskLayer(box), context = layer.getContext("2d");
  context.globalCompositeOperation = rubber ? "destination-out" : "source-over";
  context.strokeStyle = "#2CB5E8";
  context.lineCap = "round";
  context.lineWidth = BRUSH_SHARE * MASK_SIDE;
  context.beginPath();
  context.moveTo(from[0] * layer.width, from[1] * layer.height);
  context.lineTo(to[0] * layer.width + 0.01, to[1] * layer.height);
  context.stroke();
  box.__drawn = true;
}

// Drawing works on the whole picture only: there a place on the screen is a place in the part.
function drawing(root, box) {
  let last = null;
  box.addEventListener("pointerdown", (event) => {
    if (!root.classList.contains("drawing")) return;
    event.stopImmediatePropagation();
    box.setPointerCapture(event.pointerId);
    last = shareAt(box, event);
    stroke(box, last, last, event.shiftKey);
  }, true);
  box.addEventListener("pointermove", (event) => {
    if (!last) return;
    const here = shareAt(box, event);
    stroke(box, last, here, event.shiftKey);
    last = here;
  }, true);
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => { last = null; }, true);
  box.addEventListener("click", (event) => { if (root.classList.contains("drawing")) event.stopImmediatePropagation(); }, true);
}

function setDrawing(root, on) {
  if (on) setActual(root, false);
  root.classList.toggle("drawing", on);
}
