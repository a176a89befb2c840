// A picture at the size of its own pixels, moved by hand, and whole again.
function resize(root) {
  const box = root.querySelector(".picture");
  const room = window.innerHeight - box.getBoundingClientRect().top - Number(root.dataset.below ?? 64);
  root.style.setProperty("--stage-height", `${Math.max(260, room)}px`);
  const [width, height] = box.__natural ?? [0, 0];
  root.style.setProperty("--natural-width", `${width / devicePixelRatio}px`);
  root.style.setProperty("--natural-height", `${height / devicePixelRatio}px`);
}

function setActual(root, on, at = [0.5, 0.5]) {
  root.classList.toggle("actual-size", on);
  root.querySelector(".actual").checked = on;
  const box = root.querySelector(".picture");
  box.scrollLeft = at[0] * box.scrollWidth - box.clientWidth / 2;
  box.scrollTop = at[1] * box.scrollHeight - box.clientHeight / 2;
}

// Where in the picture the pointer is, as shares of its sides, while the picture is shown whole.
function shareAt(box, event) {
  const own = box.getBoundingClientRect(), [width, height] = box.__natural ?? [1, 1];
  const scale = Math.min(own.width / width, own.height / height);
  return [0.5 + (event.clientX - own.left - own.width / 2) / (width * scale),
    0.5 + (event.clientY - own.top - own.height / 2) / (height * scale)];
}

function panning(root, box) {
  let start = null;
  box.onpointerdown = (event) => { start = [event.clientX, event.clientY, box.scrollLeft, box.scrollTop, false]; };
  box.onpointermove = (event) => {
    if (!start || !event.buttons || !root.classList.contains("actual-size")) return;
    start[4] ||= Math.hypot(event.clientX - start[0], event.clientY - start[1]) > 4;
    box.scrollLeft = start[2] - (event.clientX - start[0]);
    box.scrollTop = start[3] - (event.clientY - start[1]);
  };
  box.onclick = (event) => {
    const moved = start?.[4];
    start = null;
    if (!moved) setActual(root, !root.classList.contains("actual-size"), shareAt(box, event));
  };
}
