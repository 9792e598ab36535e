// The screen's reflexes: live hints, the net's state, clocks, toasts with undo, one question
// before a destructive act. What is true always comes from the server again; nothing here decides.

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---------------------------------------------------------------- toasts

const UNDO_MS = 10_000;

function toast(text, { undo = "", bad = false } = {}) {
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  $("[data-toasts]")?.append(box);
  liveForAWhile(box, undo);
}

function liveForAWhile(box, undo) {
  const gone = setTimeout(() => box.remove(), undo ? UNDO_MS : 5_000);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  button.textContent = undo ? "撤销" : "好";
  button.addEventListener("click", async () => {
    clearTimeout(gone);
    box.remove();
    if (undo) await takeBack(undo);
  });
  box.append(button);
}

async function takeBack(address) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  try {
    const answer = await fetch(address, { method: "POST", headers });
    if (!answer.ok) throw new Error(String(answer.status));
    location.reload();
  } catch {
    toast("没能撤销。请再试一次，或者在这条记录里改回来。", { bad: true });
  }
}

all("[data-toast]").forEach((box) => liveForAWhile(box, box.dataset.undo ?? ""));
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail));
for (const fault of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(fault, () => toast("网络不稳，没有发出去。内容还在，请再点一次。", { bad: true }));
}
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) return;
  toast(status === 404 ? "这条内容已经不在了，或者不归你看。" : "没有成功，什么都没有改动。请再试一次。", { bad: true });
});

// ---------------------------------------------------------------- one question before it

function ask(text, act) {
  const box = $("[data-ask]");
  if (!box) return Promise.resolve(window.confirm(text));
  const [title, ...rest] = text.split("\n");
  $("[data-ask-title]", box).textContent = title;
  $("[data-ask-text]", box).textContent = rest.join("\n");
  $("[data-ask-yes]", box).textContent = act || "确定";
  box.returnValue = "";
  box.showModal();
  return new Promise((answer) => {
    box.addEventListener("close", () => answer(box.returnValue === "yes"), { once: true });
  });
}

// What decides upon a form waits until the form's changes were sent: it speaks of what was seen.
all("[data-not-before]").forEach((button) => {
  const form = document.getElementById(button.dataset.notBefore);
  const unsent = () => {
    button.disabled = true;
    button.form.querySelector("[data-unsent]").hidden = false;
  };
  form?.addEventListener("input", (event) => { if (event.target.type !== "search") unsent(); });
});

$("[data-ask-yes]")?.addEventListener("click", () => $("[data-ask]").close("yes"));
$("[data-ask-no]")?.addEventListener("click", () => $("[data-ask]").close(""));

document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question, event.target.dataset.confirmAct)) event.detail.issueRequest(true);
});
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const question = form.dataset.confirm;
  if (!question || form.dataset.asked) {
    form.setAttribute("aria-busy", "true");
    return;
  }
  event.preventDefault();
  if (!(await ask(question, form.dataset.confirmAct))) return;
  form.dataset.asked = "yes";
  form.requestSubmit(event.submitter ?? undefined);
});
// A page that comes back by the back gesture must not stay busy.
addEventListener("pageshow", () => all("form[aria-busy]").forEach((form) => {
  form.removeAttribute("aria-busy");
  delete form.dataset.asked;
}));

// ---------------------------------------------------------------- clocks

function left(minutes) {
  const size = Math.abs(minutes);
  const span = size < 60 ? `${size} 分` : size < 2880 ? `${Math.floor(size / 60)} 小时` : `${Math.floor(size / 1440)} 天`;
  return minutes < 0 ? `已过 ${span}` : `还剩 ${span}`;
}

function tick() {
  for (const clock of all("time[data-until]")) {
    const minutes = Math.floor((Date.parse(clock.dateTime) - Date.now()) / 60_000);
    clock.textContent = left(minutes);
    clock.classList.toggle("late", minutes < 0);
  }
}
setInterval(tick, 15_000);

// ---------------------------------------------------------------- live hints

const waiting = new Map();

function cares(part, kind) {
  const kinds = part.dataset.live.split(" ");
  return kind === "*" || kinds.includes("*") || kinds.includes(kind);
}

function isTouched(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input, textarea, select");
}

function hear(hint) {
  for (const part of all("[data-live]")) {
    if (!cares(part, hint.kind)) continue;
    const mayMove = part.hasAttribute("data-live-refresh") && !isTouched(part);
    if (mayMove) refresh(part);
    else waiting.set(`${hint.kind}:${hint.subject}`, part);
  }
  showBar();
  countBadges();
}

function refresh(part) {
  if (part.hasAttribute("hx-get")) window.htmx.trigger(part, "live");
  else location.reload();
}

function showBar() {
  const bar = $("[data-live-bar]");
  if (!bar) return;
  bar.hidden = waiting.size === 0;
  // After a gap nobody knows how many: what was announced meanwhile is lost.
  bar.textContent = waiting.has("*:") ? "刚才断线了，点这里更新" : `有 ${waiting.size} 条新的，点这里看`;
}

$("[data-live-bar]")?.addEventListener("click", () => {
  const parts = new Set(waiting.values());
  waiting.clear();
  showBar();
  parts.forEach((part) => part.isConnected ? refresh(part) : location.reload());
});

// ---------------------------------------------------------------- badges of the rail

let badgesDue = 0;

function paintBadges(counts) {
  for (const dot of all("[data-badge]")) {
    const count = counts[dot.dataset.badge] ?? 0;
    dot.hidden = count === 0;
    dot.textContent = count > 99 ? "99+" : String(count);
  }
}

function countBadges() {
  if (!$("[data-badge]")) return;
  clearTimeout(badgesDue);
  badgesDue = setTimeout(async () => {
    try {
      const answer = await fetch("/tablet/badges/", { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const counts = await answer.json();
      sessionStorage.setItem("badges", JSON.stringify(counts));
      paintBadges(counts);
    } catch { /* the next hint asks again */ }
  }, 150);
}

try { paintBadges(JSON.parse(sessionStorage.getItem("badges") ?? "{}")); } catch { /* private mode */ }
countBadges();

// ---------------------------------------------------------------- the socket

const WORDS = { live: "已连接", away: "正在重连", offline: "没有网络" };
const SILENCE_MS = 75_000;
let socket = null, tries = 0, wasLive = false, silence = 0, barDue = 0;

function net(state) {
  const sign = $("[data-net]");
  if (sign) {
    sign.dataset.net = state;
    $("[data-net-word]", sign).textContent = WORDS[state];
  }
  const bar = $("[data-net-bar]");
  clearTimeout(barDue);
  if (!bar) return;
  if (state === "live") bar.hidden = true;
  else barDue = setTimeout(() => { bar.hidden = false; }, state === "offline" ? 0 : 8_000);
}

function expectWord() {
  clearTimeout(silence);
  silence = setTimeout(() => socket?.close(), SILENCE_MS);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/tablet/`);
  socket.addEventListener("open", () => {
    tries = 0;
    net("live");
    expectWord();
    // What was announced while we were away is lost: parts that may move ask again.
    if (wasLive) hear({ kind: "*", subject: "" });
    wasLive = true;
  });
  socket.addEventListener("message", (event) => {
    expectWord();
    const word = JSON.parse(event.data);
    if (word.kind !== "beat") hear(word);
  });
  socket.addEventListener("close", (event) => {
    clearTimeout(silence);
    // 4401: signed out elsewhere or no longer employed; the server will say so on its page.
    if (event.code === 4401) return location.reload();
    net(navigator.onLine ? "away" : "offline");
    const pause = Math.min(30_000, 500 * 2 ** tries++);
    setTimeout(connect, pause / 2 + Math.random() * pause / 2);
  });
}

const isForGuides = ["tablet", "sidebar"].includes(document.body.dataset.screen);
if (isForGuides) {
  connect();
  addEventListener("offline", () => { net("offline"); socket?.close(); });
  addEventListener("online", () => { tries = 0; });
}
