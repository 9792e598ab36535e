// Keeps one page of the iPad, 「帮她注册」, and what it is drawn with, for when there is no network.
// No page with a customer on it is ever kept. Signing out forgets everything here.

const SHELL = "register-shell-1";
const PAGE = "/tablet/register/";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
});

async function keep(addresses) {
  const shell = await caches.open(SHELL);
  await Promise.all(addresses.map(async (address) => {
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-cache" });
      // A page that became the sign-in is not the page.
      if (answer.ok && !answer.redirected) await shell.put(address, answer);
    } catch { /* the next visit keeps it */ }
  }));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (address.pathname === "/tablet/sign-out/") {
    event.waitUntil(caches.delete(SHELL));
    return;
  }
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(part(request));
});

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(PAGE, { cacheName: SHELL });
    if (kept) return kept;
    throw error;
  }
}

async function part(request) {
  return (await caches.match(request, { cacheName: SHELL })) ?? fetch(request);
}
