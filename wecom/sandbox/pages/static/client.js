// The client's side of the JS-SDK: answers the product's page in the side bar.
"use strict";

const side = document.querySelector("[data-testid=sidebar-frame]");
const granted = new Map();

function rightsOf(page) {
  if (!granted.has(page)) granted.set(page, { config: false, agent: false });
  return granted.get(page);
}

async function checkSignature(kind, params, url) {
  const answer = await fetch("/sandbox/wecom/signature", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kind, url, ...params }),
  });
  return answer.json();
}

async function answerCall({ page, name, params, url }) {
  const rights = rightsOf(page);
  const { userid, kind, id } = document.body.dataset;
  const fail = (why, errCode = -1) => ({ errCode, errMsg: `${name}:fail ${why}` });
  const good = (more = {}) => ({ errCode: 0, errMsg: `${name}:ok`, ...more });
  if (name === "config" || name === "agentConfig") {
    const read = await checkSignature(name, params, url);
    if (!read.ok) return fail(read.error, read.errcode);
    rights[name === "config" ? "config" : "agent"] = true;
    return good();
  }
  if (name === "checkJsApi") {
    return good({ checkResult: Object.fromEntries((params.jsApiList || []).map((api) => [api, rights.config])) });
  }
  if (!rights.agent) return fail("no permission, agentConfig first");
  if (name === "getContext") {
    const entries = { customer: "single_chat_tools", group: "group_chat_tools", profile: "contact_profile" };
    return good({ entry: entries[kind] || "normal", shareTicket: "" });
  }
  if (name === "getCurExternalContact") {
    return kind === "customer" || kind === "profile" ? good({ userId: id }) : fail("without context of external contact");
  }
  if (name === "getCurExternalChat") {
    return kind === "group" ? good({ chatId: id }) : fail("without context of external chat");
  }
  if (name === "sendChatMessage") return sendMessage(params, userid, kind, id, good, fail);
  return fail("the simulator does not have this function");
}

async function sendMessage(params, userid, kind, id, good, fail) {
  const content = readMessage(params);
  if (!content) return fail("invalid msgtype");
  if (kind !== "customer" && kind !== "group") return fail("not in a chat");
  const place = kind === "group" ? { chat_id: id } : { to: id };
  try {
    await Sandbox.act("acts/chat", { from: userid, ...place, content, source: "sidebar" });
  } catch (error) {
    return fail(error.message);
  }
  await Sandbox.refresh();
  return good();
}

function readMessage(params) {
  const { msgtype } = params;
  if (msgtype === "text" && params.text?.content) {
    return { msgtype, text: { content: params.text.content } };
  }
  if (["image", "video", "file"].includes(msgtype)) {
    const media = params[msgtype]?.mediaid;
    return media ? { msgtype, [msgtype]: { media_id: media } } : null;
  }
  if (msgtype === "news" && params.news?.link) {
    const { link, title = "", desc = "", imgUrl = "" } = params.news;
    return { msgtype: "link", link: { title, desc, url: link, picurl: imgUrl } };
  }
  if (msgtype === "miniprogram" && params.miniprogram) {
    return { msgtype, miniprogram: params.miniprogram };
  }
  return null;
}

if (side) {
  addEventListener("message", async (event) => {
    const call = event.data;
    if (event.source !== side.contentWindow || call?.sandbox !== "jssdk") return;
    const result = await answerCall(call);
    side.contentWindow.postMessage({ sandbox: "jssdk-answer", page: call.page, id: call.id, result }, "*");
  });
  document.querySelectorAll("[data-side-url]").forEach((tab) => tab.addEventListener("click", () => {
    document.querySelectorAll("[data-side-url]").forEach((other) =>
      other.setAttribute("aria-selected", String(other === tab)));
    side.src = tab.dataset.sideUrl;
  }));
}
