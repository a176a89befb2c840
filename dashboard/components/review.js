// One part after the other. The next parts are here before they are asked for, keys act at once, and what they decided
// is booked in a growing list that the server answers entry by entry. No key is lost: what comes before its part waits.
const KEPT = 60;
const JUDGING = ["a", "d", "u", "z", "ArrowLeft", "ArrowRight"];
const VERBS = { a: "good", u: "unsure" };
const KIND = /^[1-9]\d*$/;  // of more than one digit: from a button, for a key has one

function newDesk(who = "") {
  return { who, asked: "", parts: new Map(), line: [], at: 0, said: new Map(), bookings: [], judged: [], keys: [], asksKind: false,
    notes: new Map(), count: 0, mine: Math.random().toString(36).slice(2), data: { left: null } };
}

// The desk is the window's: another page in between takes no booking away. Whoever logs in next gets a desk of their own.
function deskOf(who) {
  const held = window.__lineDesk;
  if (!held) window.addEventListener("beforeunload", (event) => { if (window.__lineDesk.bookings.length) event.preventDefault(); });
  if (!held || (who && held.who && held.who !== who)) window.__lineDesk = newDesk(who);
  window.__lineDesk.who ||= who;
  return window.__lineDesk;
}

function current(desk) { return desk.parts.get(desk.line[desk.at]); }

function take(desk, data) {
  desk.data = data;
  if (desk.scope !== data.scope) { desk.line = desk.line.filter((id) => desk.said.has(id)); desk.at = desk.line.length; }
  desk.scope = data.scope;
  for (const booking of [...desk.bookings]) {
    const answer = data.results[booking.id];
    if (!answer) continue;
    desk.bookings.splice(desk.bookings.indexOf(booking), 1);
    if (answer.ok) answered(desk, booking, answer);
    else refused(desk, booking, answer);
  }
  for (const part of data.parts) if (!desk.parts.has(part.id)) desk.parts.set(part.id, part);
  for (const id of data.order) if (!desk.line.includes(id)) desk.line.push(id);
  if (data.asked && data.asked !== desk.asked) bring(desk, data.asked);
  desk.asked = data.asked;
  // What is ahead, not here and not asked for any more was settled by somebody else: it never comes.
  if (data.left !== null) desk.line = desk.line.filter((id, at) => at < desk.at || desk.parts.has(id) || data.order.includes(id));
}

// The part that the address names comes now, wherever in the line it was.
function bring(desk, id) {
  const place = desk.line.indexOf(id);
  if (place >= 0) desk.line.splice(place, 1);
  if (place >= 0 && place < desk.at) desk.at -= 1;
  desk.line.splice(desk.at, 0, id);
}

function answered(desk, booking, answer) {
  const part = desk.parts.get(booking.part);
  const later = desk.bookings.some((other) => other.part === booking.part);
  if (part && !later) part.revision = answer.revision;
}

// Somebody else was first: the part comes next again, with what they said. What is on the screen stays.
function refused(desk, booking, answer) {
  desk.said.delete(booking.part);
  desk.judged = desk.judged.filter((id) => id !== booking.part);
  desk.notes.set(booking.part, answer.words);
  const part = desk.parts.get(booking.part), here = desk.line[desk.at];
  if (part) part.revision = answer.revision ?? 0;
  desk.line = desk.line.filter((id) => id !== booking.part);
  desk.at = here === undefined || here === booking.part ? desk.line.length : desk.line.indexOf(here);
  desk.line.splice(here === undefined ? desk.at : desk.at + 1, 0, booking.part);
}

function book(desk, verb, more = {}) {
  const part = current(desk);
  desk.count += 1;
  desk.bookings.push({ id: `${desk.mine}-${desk.count}`, part: part.id, verb, revision: part.revision, ...more });
  part.revision = null;  // from here on it is this browser's own, whose number the server knows
}

function judge(root, desk, verb, kind = "") {
  const part = current(desk), box = root.querySelector(".frames .picture");
  const mask = verb !== "defect" ? "" : drawnMask(box) || (part.picture.map ? "map" : "");
  book(desk, verb, { kind, mask });
  desk.said.set(part.id, kind ? `${verb}, ${kind}` : verb);
  desk.judged.push(part.id);
  desk.notes.delete(part.id);
  desk.asksKind = false;
  forward(desk);
}

function forward(desk) {
  desk.at += 1;
  while (desk.at < desk.line.length && desk.said.has(desk.line[desk.at])) desk.at += 1;
  for (const id of desk.line.slice(0, Math.max(0, desk.at - KEPT))) desk.parts.delete(id);
}

// Where the nearest part before this one is that was not dropped yet; here, where there is none.
function earlier(desk) {
  const at = desk.line.slice(0, desk.at).findLastIndex((id) => desk.parts.has(id));
  return at < 0 ? desk.at : at;
}

function takeBack(desk) {
  const id = desk.judged.pop();
  if (!id || !desk.parts.has(id)) return;
  desk.at = desk.line.indexOf(id);
  desk.said.delete(id);
  book(desk, "undo");
}

// True where the key changed what is booked.
function act(root, desk, key) {
  const part = current(desk);
  if (desk.asksKind) {
    if (KIND.test(key)) {  // of a number without a kind nothing comes: the question stays
      const kind = part.kinds[key - 1];
      if (kind) judge(root, desk, "defect", kind);
      return Boolean(kind);
    }
    if (key === "d" || key === "Enter") { judge(root, desk, "defect"); return true; }
    desk.asksKind = false;
    if (key === "Escape") return false;
  }
  if (key === "z") { const before = desk.bookings.length; takeBack(desk); return desk.bookings.length > before; }
  if (key === "ArrowLeft") { desk.at = earlier(desk); return false; }
  if (key === "ArrowRight") { desk.at = Math.min(desk.line.length, desk.at + 1); return false; }
  if (key === "d") {
    if (part.kinds.length) { desk.asksKind = true; return false; }
    judge(root, desk, "defect");
    return true;
  }
  if (!VERBS[key]) return false;
  judge(root, desk, VERBS[key]);
  return true;
}

// No part is judged before it was drawn: keys that come earlier wait here, in their order.
function isDrawn(root, desk) {
  const part = current(desk);
  return Boolean(part) && root.querySelector(".frames .picture").dataset.shown === part.picture.key;
}

function work(root, desk) {
  let booked = false;
  while (desk.keys.length) {
    const atEnd = desk.at >= desk.line.length, back = ["z", "ArrowLeft"].includes(desk.keys[0]);
    if (!isDrawn(root, desk) && !(atEnd && back)) {
      if (!(atEnd && desk.data.left === 0 && !desk.bookings.length)) break;
      desk.keys = [];  // nothing waits: there is nothing these keys could mean
      break;
    }
    booked = act(root, desk, desk.keys.shift()) || booked;
    show(root, desk);
  }
  if (booked) root.__send();
  show(root, desk);
}

function show(root, desk) {
  const part = current(desk), box = root.querySelector(".frames .picture");
  root.querySelector(".nothing").hidden = Boolean(part);
  root.querySelector(".story").style.visibility = part ? "" : "hidden";
  if (part && root.__told !== part) { root.__told = part; showPart(root, box, part); }
  if (!part) { root.__told = null; say(root.querySelector(".nothing"), nothingWords(desk)); }
  showState(root, desk, part);
}

function nothingWords(desk) {
  if (desk.data.left === null) return "Nothing can be read just now.";
  if (desk.at < desk.line.length || desk.data.left > 0) return `The next part is on its way.${heldWords(desk)}`;
  if (desk.data.others) return `${othersWords(desk)}.\nWhat they leave comes back within a minute.`;
  return "Nothing waits for review.\nREVIEW and NG parts come up here by themselves; any other part can be opened from Defects.";
}

function othersWords(desk) {
  return desk.data.others ? `${desk.data.others} before other reviewers` : "";
}

function heldWords(desk) {
  return desk.keys.length ? ` Wait: ${desk.keys.length} keys are held.` : "";
}

function showPart(root, box, part) {
  tellStory(root, part);
  showPicture(box, part.picture);
  const like = root.querySelector(".like"), large = root.querySelector(".like-large");
  like.hidden = !part.like;
  say(root.querySelector(".like-words"), part.like ? `nearest accepted part: ${part.like.words}` : "no accepted part to hold beside it yet");
  if (part.like) { showPicture(like, part.like.picture); showPicture(large, part.like.picture); }
  const said = part.said.map((words) => { const line = document.createElement("li"); say(line, words); return line; });
  root.querySelector(".said").replaceChildren(...said);
}

function showState(root, desk, part) {
  const words = desk.data.trouble || (part && desk.notes.get(part.id)) || nextNote(desk);
  const banner = root.querySelector(".banner"), now = root.querySelector(".said-now"), kinds = root.querySelector(".kinds");
  const changed = banner.hidden === Boolean(words);
  banner.hidden = !words;
  say(banner, words || "");
  const mine = part && desk.said.get(part.id);
  now.hidden = !mine;
  say(now, mine ? `you said: ${mine}` : "");
  kinds.hidden = !desk.asksKind;
  if (desk.asksKind && part) kinds.replaceChildren(...kindButtons(root, part));
  const waits = desk.bookings.length ? `, ${desk.bookings.length} on their way` : "";
  const left = desk.data.left === null ? "" : `${desk.data.left}${desk.data.more} wait`;
  const others = desk.data.others ? `, ${othersWords(desk)}` : "";
  say(root.querySelector(".count"), `${left}${others}, ${desk.said.size} judged${waits}${heldWords(desk)}`);
  root.dataset.judged = desk.said.size;
  root.dataset.pending = desk.bookings.length;
  root.dataset.part = part?.id ?? "";
  root.dataset.scope = desk.scope;
  root.querySelector(".draws").checked = root.classList.contains("drawing");
  if (changed) resize(root);
}

function nextNote(desk) {
  const next = desk.line[desk.at + 1];
  return next && desk.notes.has(next) ? `${desk.notes.get(next)} That part comes next: judge it again, or leave it.` : "";
}

function kindButtons(root, part) {
  return part.kinds.map((kind, place) => {
    const button = document.createElement("button"), key = document.createElement("kbd");
    say(key, String(place + 1));
    button.append(kind, ...(place < 9 ? [" ", key] : []));
    button.onclick = () => press(root, String(place + 1));
    return button;
  });
}

function press(root, key) {
  const desk = root.__desk;
  if (key === "?") { const help = root.querySelector(".help"); help.hidden = !help.hidden; return true; }
  const last = desk.keys.at(-1) ?? "", asks = desk.asksKind || last === "d" || KIND.test(last);
  if (!JUDGING.includes(key) && !(asks && (KIND.test(key) || ["Enter", "Escape"].includes(key)))) return false;
  desk.keys.push(key);
  work(root, desk);
  return true;
}

// A key that is held down repeats by itself: one press is one judgement, however long.
function onKey(root, event) {
  const changed = () => showTools(root), key = keyOf(event);
  if (mapKey(root, event, changed) || (event.repeat && !key.startsWith("Arrow"))) return;
  if (key === "x") setActual(root, !root.classList.contains("actual-size"));
  else if (key === "f") applyMap(root, true);
  else if (key === "n") root.classList.add("comparing");
  else if (key === "p") { setDrawing(root, !root.classList.contains("drawing")); showState(root, root.__desk, current(root.__desk)); }
  else if (press(root, key)) event.preventDefault();
}

function offKey(root, event) {
  if (keyOf(event) === "f") applyMap(root);
  if (keyOf(event) === "n") root.classList.remove("comparing");
}

function showTools(root) {
  root.querySelector(".on").checked = memory.on;
  root.querySelector(".opacity").value = memory.opacity;
}

function prepare(root, desk) {
  const box = root.querySelector(".frames .picture");
  Object.assign(desk, { keys: [], asksKind: false, asked: "" });  // keys were meant for what was on the screen then
  root.__desk = desk;
  drawing(root, box);
  panning(root, box);
  box.addEventListener("shown", () => { resize(root); clearMask(box); work(root, root.__desk); });
  for (const button of root.querySelectorAll(".verdicts button")) button.onclick = () => { press(root, button.dataset.key); button.blur(); };
  root.querySelector(".on").onchange = (event) => { memory.on = event.target.checked; applyMap(root); };
  root.querySelector(".opacity").oninput = (event) => { memory.opacity = Number(event.target.value); applyMap(root); };
  root.querySelector(".actual").onchange = (event) => setActual(root, event.target.checked);
  root.querySelector(".draws").onchange = (event) => setDrawing(root, event.target.checked);
  root.__watched = new ResizeObserver(() => resize(root));
  root.__watched.observe(document.documentElement);
}

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".desk");
  const desk = deskOf(data.who), isNew = root.__desk !== desk;
  if (!root.__desk) prepare(root, desk);
  root.__desk = desk;
  root.__send = () => setStateValue("sent", { bookings: desk.bookings.slice(), have: [...desk.parts.keys()] });
  const before = desk.parts.size, isOther = desk.scope !== undefined && desk.scope !== data.scope;
  take(desk, data);
  // Keys after a choice of product are meant for its parts, not for the field in which it was chosen.
  if (isOther) root.querySelector(".frames .picture").focus({ preventScroll: true });
  applyMap(root);
  showTools(root);
  work(root, desk);
  resize(root);
  if (isNew || desk.parts.size !== before) root.__send();
  const offKeys = onKeys("review", (event) => onKey(root, event), (event) => offKey(root, event));
  return () => { offKeys(); root.__watched?.disconnect(); };
}
