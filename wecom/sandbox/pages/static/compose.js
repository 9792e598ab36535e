// Sending a picture in a conversation: keep it first, then say it like a text.
"use strict";

document.querySelectorAll("[data-send-picture]").forEach((field) => field.addEventListener("change", async () => {
  const file = field.files[0];
  const form = field.closest("form");
  if (!file) return;
  try {
    const answer = await fetch("/sandbox/phone/picture", { method: "POST", body: file });
    const kept = await answer.json();
    if (!kept.ok) throw new Error(kept.error);
    const content = { msgtype: "image", image: { media_id: kept.media_id } };
    await Sandbox.act(form.dataset.act, { ...JSON.parse(form.dataset.body), content });
    await Sandbox.refresh();
  } catch (error) {
    Sandbox.note(error.message);
  }
  field.value = "";
}));
