// Stands for the vendor's JS-SDK inside the sandbox's client: the same names, by message to the
// page that frames this one. Signatures are checked with the tickets that were handed out.
(function () {
  "use strict";
  const page = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
  const waiting = new Map();
  const ready = [];
  const failed = [];
  let configured = null;
  let count = 0;

  window.addEventListener("message", (event) => {
    const answer = event.data;
    if (event.source !== window.parent || answer?.sandbox !== "jssdk-answer" || answer.page !== page) return;
    const settle = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (settle) settle(answer.result);
  });

  function ask(name, params) {
    if (window.parent === window) {
      return Promise.resolve({ errCode: -1, errMsg: `${name}:fail not in client` });
    }
    return new Promise((resolve) => {
      const id = ++count;
      waiting.set(id, resolve);
      const url = location.href.split("#")[0];
      window.parent.postMessage({ sandbox: "jssdk", page, id, name, params: plain(params), url }, "*");
    });
  }

  function plain(params) {
    return JSON.parse(JSON.stringify(params || {}));
  }

  function isGood(result) {
    return String(result.errMsg).endsWith(":ok");
  }

  function withCallbacks(name, params) {
    return ask(name, params).then((result) => {
      const told = { ...result, err_msg: result.errMsg };
      if (isGood(result)) params?.success?.(told); else params?.fail?.(told);
      params?.complete?.(told);
      return told;
    });
  }

  const wx = {
    config(params) {
      configured = ask("config", params).then((result) => {
        if (isGood(result)) ready.splice(0).forEach((call) => call());
        else failed.forEach((call) => call({ errMsg: result.errMsg }));
        return result;
      });
    },
    ready(call) {
      if (!configured) { ready.push(call); return; }
      configured.then((result) => { if (isGood(result)) call(); });
    },
    error(call) { failed.push(call); },
    agentConfig(params) { withCallbacks("agentConfig", params); },
    checkJsApi(params) { withCallbacks("checkJsApi", params); },
    invoke(name, params, call) {
      ask(name, params).then((result) => call?.({ ...result, err_msg: result.errMsg }));
    },
  };

  let registered = null;
  async function configure() {
    const url = location.href.split("#")[0];
    const { corpId, agentId, jsApiList, getConfigSignature, getAgentConfigSignature } = registered;
    if (getConfigSignature) {
      const signed = await getConfigSignature(url);
      const result = await ask("config", { ...signed, appId: corpId, jsApiList });
      if (!isGood(result)) { registered.onConfigFail?.(result); return result; }
      registered.onConfigSuccess?.(result);
    }
    if (getAgentConfigSignature) {
      const signed = await getAgentConfigSignature(url);
      const result = await ask("agentConfig", { ...signed, corpid: corpId, agentid: agentId, jsApiList });
      if (!isGood(result)) { registered.onAgentConfigFail?.(result); return result; }
      registered.onAgentConfigSuccess?.(result);
    }
    return { errMsg: "register:ok" };
  }

  let configuring = null;
  const names = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage",
    "openEnterpriseChat", "navigateToAddCustomer", "shareToExternalContact", "shareToExternalChat"];
  const ww = {
    SDK_VERSION: "sandbox",
    register(params) { registered = params; configuring = null; },
    async ensureConfigReady() {
      if (registered) return (configuring ??= configure());
      return { errMsg: "register:fail not registered" };
    },
  };
  for (const name of names) {
    ww[name] = async (params) => {
      if (registered) {
        const result = await ww.ensureConfigReady();
        if (!isGood(result)) { params?.fail?.(result); throw result; }
      }
      const told = await withCallbacks(name, params);
      if (!isGood(told)) throw told;
      return told;
    };
  }
  window.ww = ww;
  window.wx = window.jWeixin = wx;
})();
