// The control page: forms whose fields are numbers or switches become JSON of the right types.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-control]");
  if (!form) return;
  event.preventDefault();
  const body = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (field.type === "checkbox") body[field.name] = field.checked;
    else if (field.value === "") continue;
    else body[field.name] = field.dataset.number !== undefined ? Number(field.value) : field.value;
  }
  try {
    await Sandbox.act(form.dataset.control, body);
    Sandbox.note("已生效");
    await Sandbox.refresh();
  } catch (error) {
    Sandbox.note(error.message);
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-delete]");
  if (!button) return;
  await fetch(`/sandbox/control/api/${button.dataset.delete}`, { method: "DELETE" });
  await Sandbox.refresh();
});
