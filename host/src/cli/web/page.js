// Shows the question that the program has for this annotator and sends back the answer, nothing else.
// Texts are put in as text, never as markup.

const TOKEN = "pairpick-token";
/** A key so soon after a question came, in milliseconds, was meant for the one before. */
const TOO_SOON = 150;

/** How soon to try again where nothing is shown, in milliseconds. */
const AGAIN = 2000;

const ANSWERS = new Map(Object.entries({
  1: "first", ArrowLeft: "first", 2: "second", ArrowRight: "second", 0: "tie", s: "skip", b: "both-bad",
}));

/** What this page is called as long as it is open: its annotator may have others. */
const PAGE = String(crypto.getRandomValues(new Uint32Array(1))[0]);

const element = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll("button[data-answer]")];

/** The id of the question on the page; null while there is none. */
let question = null;
/** When it came, and how long it was hidden since, in milliseconds. */
let shown = 0, unseen = 0, hiddenAt = null;
/** Whether something is on its way to the program. */
let busy = false;
/** How many requests there were: what a look finds out is out of date once there is another. */
let requests = 0;
/** The next look for news. */
let asking = null;

/** The token comes in the address, where it would stay for others to see, and goes with every request. */
function token() {
  const given = location.hash.slice(1);
  if (given && given !== "question") {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(TOKEN) ?? "";
}

async function ask(path, body) {
  const options = {
    headers: { Authorization: `Bearer ${token()}`, "Pairpick-Page": PAGE },
    cache: "no-store", credentials: "omit", redirect: "error",
  };
  if (body !== undefined) {
    options.method = "POST";
    // Also what is sent while the page goes.
    options.keepalive = true;
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The program does not answer. Nothing is lost: start it again, or press the key again.");
  }
  if (response.status === 204) return null;
  const told = await response.json();
  if (!response.ok) throw Object.assign(new Error(told.error), { final: response.status === 403 });
  return told;
}

/** Asks, and shows what comes of it. */
async function turn(path, body) {
  if (busy) return;
  busy = true;
  requests += 1;
  clearTimeout(asking);
  enable();
  try {
    show(await ask(path, body));
  } catch (error) {
    fail(error);
  } finally {
    busy = false;
    enable();
  }
}

/** Looks what there is, and keeps nobody from doing something meanwhile. */
async function look(path = "/api/news") {
  if (busy) return;
  clearTimeout(asking);
  requests += 1;
  const own = requests;
  try {
    const told = await ask(path);
    if (requests === own) show(told);
  } catch (error) {
    if (requests === own) fail(error);
  }
  enable();
}

function fail(error) {
  say(error.message, true);
  if (question === null && !error.final) asking = setTimeout(look, AGAIN);
}

function answer(kind) {
  if (question === null || busy) return;
  turn("/api/answer", { question, answer: kind, seconds: seconds(), note: element("note").value.trim() });
}

function seconds() {
  const hidden = unseen + (hiddenAt === null ? 0 : performance.now() - hiddenAt);
  return (performance.now() - shown - hidden) / 1000;
}

function show({ annotator, news, next, status }) {
  element("annotator").textContent = annotator ?? "";
  showStatus(status);
  if (next.question) {
    say(news ?? "", false);
    showQuestion(next.question);
    return;
  }
  question = null;
  element("asked").hidden = true;
  entitle(next.waiting ? "A moment" : next.stopped ? "No question can come" : "No question is left");
  say([news, next.waiting ?? next.ended ?? next.stopped].filter(Boolean).join(" "), Boolean(next.stopped));
  if (next.waiting) asking = setTimeout(look);
}

function showQuestion({ id, title, ...texts }) {
  if (id === question) return;
  question = id;
  element("prompted").hidden = texts.prompt === null;
  for (const part of ["prompt", "first", "second"]) fill(element(part), texts[part] ?? "");
  element("note").value = "";
  element("asked").hidden = false;
  shown = performance.now();
  unseen = 0;
  hiddenAt = document.hidden ? shown : null;
  entitle(title);
  scrollTo(0, 0);
  element("question").focus({ preventScroll: true });
}

function entitle(title) {
  element("question").textContent = title;
  document.title = `${title} – pairpick`;
}

function say(news, wrong) {
  // Only news is spoken: the same words stay as they are.
  if (element("news").textContent !== news) element("news").textContent = news;
  element("news").classList.toggle("wrong", wrong);
}

function showStatus({ batch, left, working, brief, lines }) {
  element("working").textContent = working ?? "";
  element("brief").textContent = brief;
  element("progress").hidden = batch === 0;
  element("progress").max = Math.max(batch, 1);
  element("progress").value = batch - left;
  const list = lines.map(([name, value]) => {
    const [pair, term, data] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    data.textContent = value;
    pair.append(term, " ", data);
    return pair;
  });
  element("status").replaceChildren(...list);
}

/** Puts a text in as it is, but for what has no shape or turns what stands around it: that is named. */
function fill(place, text) {
  const parts = text.replaceAll("\r\n", "\n").split(/([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/u);
  place.replaceChildren(...parts.map((part, at) => (at % 2 ? named(part) : document.createTextNode(part))));
}

function named(control) {
  const mark = document.createElement("span");
  mark.className = "control";
  mark.textContent = `U+${control.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return mark;
}

function enable() {
  for (const button of buttons) button.disabled = busy || question === null;
}

function press(event) {
  const { target } = event;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (target === element("note")) {
    if (key === "Escape" || (key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      element("question").focus();
    }
    return;
  }
  if (!element("keys").checked || event.repeat || performance.now() - shown < TOO_SOON) return;
  if (ANSWERS.has(key)) answer(ANSWERS.get(key));
  else if (key === "u") turn("/api/undo", {});
  else if (key === "n" && question !== null) element("note").focus();
  else return;
  event.preventDefault();
}

/** A click that is not the second of a double click, which was meant for the question before. */
function onClick(button, act) {
  button.addEventListener("click", (event) => event.detail < 2 && act());
}

for (const button of buttons) onClick(button, () => answer(button.dataset.answer));
onClick(element("undo"), () => turn("/api/undo", {}));
addEventListener("keydown", press);
addEventListener("hashchange", () => turn("/api/question"));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenAt = performance.now();
    return;
  }
  if (hiddenAt !== null) unseen += performance.now() - hiddenAt;
  hiddenAt = null;
  // Another tab may have answered.
  look("/api/question");
});
// Whoever goes leaves the question to others.
addEventListener("pagehide", () => ask("/api/leave", {}).catch(() => {}));
turn("/api/question");
