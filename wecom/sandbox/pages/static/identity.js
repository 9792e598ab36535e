// Who opened this page? The window's name says it when a phone or a client opened the window.
"use strict";

function holder() {
  const [, role, id] = window.name.match(/^sandbox-(phone|client):(.+)$/) || [];
  const roles = (document.body.dataset.roles || "").split(" ");
  if (id && roles.includes(role)) return id;
  // A cookie cannot tell two phones in one browser apart, so it counts only outside of frames.
  return window === window.top ? document.body.dataset.known : "";
}

const person = holder();
if (document.body.dataset.continue && person) {
  const url = new URL(document.body.dataset.continue, location.href);
  url.searchParams.set("as", person);
  location.replace(url.href);
} else {
  document.body.classList.add("asked");
  document.querySelectorAll("[data-choose]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-wait]").forEach((part) => { part.hidden = true; });
}

document.addEventListener("acted", (event) => {
  const path = event.target.dataset.show;
  if (!path) return;
  if (event.detail.refused) return void Sandbox.note(event.detail.refused);
  if (event.detail.waiting) return void Sandbox.note("已发送申请，等对方通过");
  const filled = path.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(event.detail[key] ?? ""));
  if (window.parent !== window) window.parent.postMessage({ sandbox: "show", path: filled }, "*");
  else location.href = document.body.dataset.home + filled;
});
