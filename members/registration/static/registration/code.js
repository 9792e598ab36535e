// Six digits are an answer: no need to look for the button. Without this script the button is there.
const field = document.querySelector("[data-code]");
const form = document.querySelector("[data-code-form]");
let sent = false;
field?.addEventListener("input", () => {
  const digits = field.value.replace(/\D/g, "");
  if (digits !== field.value) field.value = digits;
  if (digits.length === 6 && !sent) {
    sent = true;
    form.requestSubmit();
  }
});
addEventListener("pageshow", () => { sent = false; });
