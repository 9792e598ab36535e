// Takes a text along into WeCom: copies it, says so to the server, opens the client.
// On the iPad no program may speak in a customer group; the guide pastes and sends.

async function take_along(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context the old way still works inside a tap.
    const box = document.createElement("textarea");
    box.value = text;
    box.readOnly = true;
    box.className = "unseen";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}

function say(text, bad = false) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, bad } }));
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.querySelector(button.dataset.copy).textContent.trim();
    if (!(await take_along(text))) {
      say("没能复制，请长按上面的文字自己复制。", true);
      return;
    }
    say("复制好了，正在打开企业微信。");
    if (button.dataset.tell) {
      const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
      // The note is a courtesy: without it the text is copied all the same.
      await fetch(button.dataset.tell, { method: "POST", headers }).catch(() => {});
    }
    if (button.dataset.then) location.href = button.dataset.then;
  });
}
