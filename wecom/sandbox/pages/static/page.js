// What every page of the sandbox does: acts by JSON, fresh parts when a hint comes, short notes.
"use strict";

const Sandbox = {
  note(text) {
    document.querySelector(".toast")?.remove();
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.role = "status";
    toast.dataset.testid = "toast";
    toast.textContent = text;
    document.body.append(toast);
    setTimeout(() => toast.remove(), 3500);
  },

  async act(name, body) {
    const answer = await fetch(`/sandbox/control/api/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const read = await answer.json();
    if (!read.ok) throw new Error(read.error);
    return read;
  },

  async refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other || other.innerHTML === part.innerHTML) continue;
      const scroller = part.closest("[data-scroll]") || part;
      const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
      part.replaceChildren(...other.childNodes);
      if (atEnd) Sandbox.toEnd(scroller);
    }
  },

  toEnd(scroller) {
    if (scroller.hasAttribute("data-scroll")) scroller.scrollTop = scroller.scrollHeight;
  },
};

function fieldsOf(form) {
  const body = JSON.parse(form.dataset.body || "{}");
  const data = new FormData(form);
  for (const name of new Set(data.keys())) {
    if (name.startsWith("selected.")) {
      body.selected = { ...body.selected, [name.slice(9)]: data.getAll(name) };
      continue;
    }
    const lists = form.querySelector(`[name="${name}"][data-list]`);
    body[name] = lists ? data.getAll(name) : data.get(name);
  }
  return body;
}

async function run(element, body) {
  const name = element.dataset.act;
  if (element.dataset.confirm && !confirm(element.dataset.confirm)) return;
  const button = element.matches("button") ? element : element.querySelector("button[type=submit]");
  if (button) button.disabled = true;
  try {
    const answer = await Sandbox.act(name, body);
    if (element.matches("form")) element.reset();
    element.dispatchEvent(new CustomEvent("acted", { bubbles: true, detail: answer }));
    if (element.dataset.done) Sandbox.note(element.dataset.done);
    if (element.dataset.then) {
      location.href = element.dataset.then.replace(/\{(\w+)\}/g, (_, key) =>
        encodeURIComponent(answer[key] ?? answer.customer?.[key] ?? ""));
      return;
    }
    await Sandbox.refresh();
  } catch (error) {
    Sandbox.note(error.message || "没有连上模拟器，请再试一次");
  } finally {
    if (button) button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const pressed = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
  run(form, { ...fieldsOf(form), ...pressed });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) {
    event.preventDefault();
    run(button, JSON.parse(button.dataset.body || "{}"));
  }
  const said = event.target.closest("button[data-say]");
  if (said) {
    const form = document.querySelector("form[data-testid=compose]");
    if (form) run(form, { ...fieldsOf(form), text: said.dataset.say });
  }
});

let planned = 0;
function hear(topics) {
  const wanted = (document.body.dataset.topics || "").split(" ");
  if (!topics.some((topic) => topic === "everything" || wanted.includes(topic))) return;
  // One reading for hints that come together; a page that costs more may ask for a longer pause.
  if (planned) return;
  planned = setTimeout(() => {
    planned = 0;
    Sandbox.refresh().catch(() => {});
  }, Number(document.body.dataset.pause || 60));
}

function listen() {
  if (!document.body.dataset.topics) return;
  if (window.SharedWorker) {
    const worker = new SharedWorker("/sandbox/static/live-worker.js");
    worker.port.onmessage = (event) => hear(event.data);
    addEventListener("pagehide", () => worker.port.postMessage("bye"));
    return;
  }
  const source = new EventSource("/sandbox/live/");
  source.addEventListener("hello", () => hear(["everything"]));
  source.addEventListener("changed", (event) => hear(event.data.split(" ")));
}

document.querySelectorAll("[data-scroll]").forEach(Sandbox.toEnd);
document.querySelectorAll("[data-scroll] img").forEach((image) =>
  image.addEventListener("load", () => Sandbox.toEnd(image.closest("[data-scroll]"))));
listen();
// A page taken back out of the browser's memory has lost its line to the worker.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
