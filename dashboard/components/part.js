// The selected part, large, with its story. Slider, toggle and zoom live here; the server only names the part.
function showTools(root) {
  root.querySelector(".on").checked = memory.on;
  root.querySelector(".opacity").value = memory.opacity;
}

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".part"), box = root.querySelector(".picture");
  const changed = () => { applyMap(root); showTools(root); };
  tellStory(root, data);
  root.querySelector(".turn").hidden = Boolean(data.alone);
  root.querySelector(".on").onchange = (event) => { memory.on = event.target.checked; changed(); };
  root.querySelector(".opacity").oninput = (event) => { memory.opacity = Number(event.target.value); changed(); };
  root.querySelector(".actual").onchange = (event) => setActual(root, event.target.checked);
  if (!root.__ready) {
    root.__ready = true;
    panning(root, box);
    box.addEventListener("shown", () => resize(root));
    root.__watched = new ResizeObserver(() => resize(root));
    root.__watched.observe(document.documentElement);
  }
  changed();
  resize(root);
  showPicture(box, data.picture);
  const offKeys = onKeys("part", (event) => {
    if (mapKey(root, event, () => showTools(root))) return;
    if (keyOf(event) === "x") setActual(root, !root.classList.contains("actual-size"));
    if (keyOf(event) === "f") applyMap(root, true);
  }, (event) => { if (keyOf(event) === "f") applyMap(root); });
  return () => { offKeys(); root.__watched?.disconnect(); };
}
