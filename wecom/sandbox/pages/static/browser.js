// The browser inside phone and client: a frame that carries the identity in its window name.
"use strict";

const browser = document.querySelector("[data-testid=phone-browser]");
const frame = browser?.querySelector("iframe");

function localise(address) {
  // A code of the sandbox works whatever host it was printed with.
  const url = new URL(address, location.href);
  return url.pathname.startsWith("/sandbox/") ? url.pathname + url.search + url.hash : url.href;
}

function openPage(address) {
  const url = localise(address);
  frame.src = url;
  browser.hidden = false;
  browser.querySelector("[data-new-window]").dataset.url = url;
  showAddress(url);
}

function showAddress(url) {
  const shown = new URL(url, location.href);
  browser.querySelector("[data-host]").textContent = shown.pathname;
  browser.querySelector("[data-title]").textContent = shown.host;
}

function innerDocument() {
  try {
    return frame.contentDocument;
  } catch {
    return null;
  }
}

function closePage() {
  browser.hidden = true;
  frame.src = "about:blank";
  Sandbox.refresh().catch(() => {});
}

async function toPng(element) {
  const image = new Image();
  if (element.tagName.toLowerCase() === "svg") {
    const copy = element.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    image.src = "data:image/svg+xml;utf8," + encodeURIComponent(copy.outerHTML);
  } else {
    image.src = element.currentSrc || element.src || element.toDataURL();
  }
  await image.decode();
  const size = Math.min(1200, Math.max(600, image.naturalWidth));
  const ratio = (image.naturalHeight || size) / (image.naturalWidth || size);
  const canvas = document.createElement("canvas");
  canvas.width = size + 80;
  canvas.height = Math.round(size * ratio) + 80;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, 40, 40, size, Math.round(size * ratio));
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

async function readPicture(blob) {
  const answer = await fetch("/sandbox/phone/decode", { method: "POST", body: blob });
  const read = await answer.json();
  if (!read.ok) throw new Error(read.error);
  return read.urls;
}

async function recogniseCodes() {
  const loading = innerDocument();
  if (loading && (loading.readyState !== "complete" || loading.location.href === "about:blank")) {
    await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  }
  const inner = innerDocument();
  if (!inner) return Sandbox.note("这个页面来自别的网站，不能识别其中的二维码");
  for (const element of inner.querySelectorAll("img, svg, canvas")) {
    const own = (element.currentSrc || element.src || "").match(/\/sandbox\/qr\/(\w+)/);
    if (own) return followCode(`/sandbox/qr/${own[1]}`);
    if (element.getBoundingClientRect().width < 80) continue;
    try {
      const urls = await readPicture(await toPng(element));
      // A card number is a code too, but nothing a phone could open.
      const address = urls.find((text) => /^https?:/.test(text));
      if (address) return followCode(address);
    } catch (error) {
      if (!(error instanceof DOMException)) return Sandbox.note(error.message);
    }
  }
  Sandbox.note("这一页没有找到二维码");
}

async function followCode(text) {
  try {
    const read = await Sandbox.act("acts/scan", { customer: document.body.dataset.person, url: text });
    openPage(read.open);
  } catch (error) {
    Sandbox.note(error.message);
  }
}

if (browser) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    openPage(link.dataset.open);
  });
  browser.querySelector("[data-close]").addEventListener("click", closePage);
  browser.querySelector("[data-reload]").addEventListener("click", () => {
    const inner = innerDocument();
    if (inner) inner.location.reload(); else frame.src = frame.src;
  });
  browser.querySelector("[data-recognise]").addEventListener("click", recogniseCodes);
  browser.querySelector("[data-new-window]").addEventListener("click", (event) => {
    window.open(event.currentTarget.dataset.url, frame.name);
  });
  frame.addEventListener("load", () => {
    const inner = innerDocument();
    if (!inner || inner.location.href === "about:blank") return;
    showAddress(inner.location.href);
    if (inner.title) browser.querySelector("[data-title]").textContent = inner.title;
    browser.querySelector("[data-new-window]").dataset.url = inner.location.href;
  });
  // Landing pages ask their phone to leave the browser and show a conversation.
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.data?.sandbox !== "show") return;
    location.href = document.body.dataset.home + event.data.path;
  });
  if (document.body.dataset.opened) openPage(document.body.dataset.opened);
}
