// 「帮她注册」 without network: begun registrations wait on this iPad, sealed with a key that no
// script can read out, and are reported once there is network again. The server decides what counts;
// a report may be sent twice, in any order. Nothing here is ever shown to another guide.

const page = document.querySelector("[data-register]");
const $ = (name) => page.parentElement.querySelector(`[data-register-${name}]`);
const GUIDE = page?.dataset.guide ?? "";
const ENOUGH = 10;
const BATCH = 40;

// ---------------------------------------------------------------- what is kept, sealed

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("register", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("keys");
      for (const name of ["begun", "spares"]) asked.result.createObjectStore(name, { keyPath: "id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(name, mode, act) {
  const db = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const change = db.transaction(name, mode);
      const asked = act(change.objectStore(name));
      change.oncomplete = () => resolve(asked?.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  } finally {
    db.close();
  }
}

async function keyOfGuide() {
  const kept = await inStore("keys", "readonly", (store) => store.get(GUIDE));
  if (kept) return kept;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Two open pages: the first key stays, the other page reads it.
  await inStore("keys", "readwrite", (store) => store.add(key, GUIDE)).catch(() => {});
  return inStore("keys", "readonly", (store) => store.get(GUIDE));
}

async function put(name, id, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(value));
  const bound = new TextEncoder().encode(`${name}|${GUIDE}|${id}`);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound }, await keyOfGuide(), text);
  await inStore(name, "readwrite", (store) => store.put({ id, guide: GUIDE, iv, sealed }));
}

async function mine(name) {
  const rows = (await inStore(name, "readonly", (store) => store.getAll())).filter((row) => row.guide === GUIDE);
  const key = await keyOfGuide();
  const values = [];
  for (const row of rows) {
    try {
      const bound = new TextEncoder().encode(`${name}|${GUIDE}|${row.id}`);
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv, additionalData: bound }, key, row.sealed);
      values.push(JSON.parse(new TextDecoder().decode(text)));
    } catch {
      await drop(name, row.id);
    }
  }
  return values;
}

function drop(name, id) {
  return inStore(name, "readwrite", (store) => store.delete(id));
}

// ---------------------------------------------------------------- reporting

let isSyncing = false;

async function sync() {
  if (isSyncing || !navigator.onLine) return show();
  isSyncing = true;
  try {
    const waiting = (await mine("begun")).slice(0, BATCH);
    const spares = await freshSpares();
    const want = Math.max(0, ENOUGH - spares.length);
    if (waiting.length || want) await report(waiting, want);
  } catch {
    // Still no network, or signed out: what waits goes on waiting.
  } finally {
    isSyncing = false;
    await show();
  }
}

async function report(waiting, want) {
  const answer = await fetch(page.dataset.sync, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
    body: JSON.stringify({ guide: GUIDE, begun: waiting, want }),
  });
  if (!answer.ok || answer.redirected) return;
  const told = await answer.json();
  // Whatever the server made of it, it has heard: sending again would change nothing.
  for (const { client_id: id } of told.begun) await drop("begun", id);
  for (const spare of told.spares) await put("spares", spare.token, spare);
}

async function freshSpares() {
  const fresh = [];
  for (const spare of await mine("spares")) {
    if (Date.parse(spare.expires_at) > Date.now()) fresh.push(spare);
    else await drop("spares", spare.token);
  }
  return fresh;
}

function csrf() {
  const kept = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return kept ? kept.slice("csrftoken=".length) : page.querySelector("[name=csrfmiddlewaretoken]").value;
}

// ---------------------------------------------------------------- the page

async function show() {
  const [waiting, spares] = [await mine("begun"), await freshSpares()];
  const queue = $("queue");
  queue.hidden = waiting.length === 0;
  queue.textContent = `有 ${waiting.length} 位记在这台 iPad 上，连上网络后自动补报。`;
  $("spares").textContent = `没有网络时还能出示 ${spares.length} 个备用码，今天有效。`;
}

async function beginOnline(form) {
  const body = new FormData(form);
  body.set("client_id", crypto.randomUUID());
  const answer = await fetch(location.pathname, { method: "POST", body, signal: AbortSignal.timeout(6_000) });
  if (answer.ok) location.assign(answer.url);
  return answer.ok;
}

async function beginOffline(form) {
  const [spare] = await freshSpares();
  $("ask").hidden = true;
  if (!spare) {
    $("none").hidden = false;
    return;
  }
  const agreed = form.elements.agreed.checked;
  const id = crypto.randomUUID();
  // First on record, then on screen: a code that was shown is never lost.
  await put("begun", id, {
    client_id: id, token: spare.token, agreed,
    called: agreed ? form.elements.called.value : "", said_at: new Date().toISOString(),
  });
  await drop("spares", spare.token);
  $("qr").replaceChildren(drawn(spare.svg));
  $("until").textContent = new Date(Date.parse(spare.expires_at) - 1).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  $("code").hidden = false;
  form.reset();
  await show();
}

function drawn(svg) {
  // Our own server drew it; parsed apart, so that only a drawing can come of it.
  const found = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  const NS = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(NS, "svg");
  for (const name of ["class", "role", "aria-label", "viewBox", "shape-rendering"]) picture.setAttribute(name, found.getAttribute(name));
  for (const part of found.querySelectorAll("rect, path")) {
    const copy = document.createElementNS(NS, part.tagName.toLowerCase());
    for (const name of ["d", "fill", "width", "height"]) if (part.hasAttribute(name)) copy.setAttribute(name, part.getAttribute(name));
    picture.append(copy);
  }
  return picture;
}

async function begin(event) {
  event.preventDefault();
  const form = event.target;
  form.setAttribute("aria-busy", "true");
  try {
    if (navigator.onLine && (await beginOnline(form).catch(() => false))) return;
    await beginOffline(form);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/tablet/worker.js", { scope: "/tablet/" });
  const { active } = await navigator.serviceWorker.ready;
  const parts = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")];
  active.postMessage({ keep: [page.dataset.shell, ...parts.map((part) => part.href || part.src)] });
}

if (page && crypto.subtle && "indexedDB" in window) {
  $("form").addEventListener("submit", begin);
  $("again").addEventListener("click", () => {
    $("code").hidden = true;
    $("ask").hidden = false;
  });
  addEventListener("online", sync);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sync(); });
  // Safari has no background sync: the open page asks by itself.
  setInterval(sync, 30_000);
  sync();
  if (navigator.onLine) {
    // Asked from here, since without network the question would only complain; a module runs before
    // htmx has looked at the page.
    addEventListener("load", () => window.htmx?.trigger("#begun", "live"));
    keepShell().catch(() => {});
  }
}
