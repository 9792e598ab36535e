// The side bar's reflexes: asks the WeCom client which chat is open, sends a text into it when
// the guide taps, and tells the server that it went out. What may be sent the server has decided.

const frame = document.querySelector("[data-sidebar]");
const { corp, agent, chat, signature } = frame.dataset;
const API = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"];

function say(text, bad = false) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, bad } }));
}

async function sign(kind, url) {
  const page = (url ?? location.href).split("#")[0];
  const answer = await fetch(`${signature}?for=${kind}&url=${encodeURIComponent(page)}`);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.text);
  return found;
}

function register() {
  if (!window.ww?.register) throw new Error("not inside the WeCom client");
  window.ww.register({
    corpId: corp,
    agentId: agent,
    jsApiList: API,
    getConfigSignature: (url) => sign("corp", url),
    getAgentConfigSignature: (url) => sign("app", url),
  });
}

// Where the side bar stands: in a group, in a chat with one customer, or in none of ours.
async function where() {
  const { entry } = await window.ww.getContext();
  if (entry === "group_chat_tools") return { chat_id: (await window.ww.getCurExternalChat()).chatId };
  return { external_userid: (await window.ww.getCurExternalContact()).userId };
}

async function open_chat() {
  let place = {};
  try {
    register();
    place = await where();
  } catch {
    // Outside the client, or in a chat that is not the customers': to look at, not to send.
  }
  const asked = new URLSearchParams(place);
  await window.htmx.ajax("GET", `${chat}?${asked}`, { target: "#chat", swap: "outerHTML" });
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-send]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const content = form.elements.text.value.trim();
  if (!content) return;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    await window.ww.sendChatMessage({ msgtype: "text", enterChat: true, text: { content } });
    if ("quiet" in form.dataset) say("发出去了。");
    else window.htmx.trigger(form, "sent");
  } catch {
    say("没有发出去，文字还在。请再点一次。", true);
  } finally {
    button.disabled = false;
  }
}, true);

open_chat();
