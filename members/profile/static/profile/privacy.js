// A switch acts at once. Without this script each has a button of its own.
for (const control of document.querySelectorAll("[data-at-once]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
