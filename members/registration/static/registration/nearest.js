// Asks the phone for its position after a tap, once, and sends it in the body of one form.
// Nothing is kept here; who refuses chooses from the list below.

const form = document.querySelector("[data-near]");

if (form && "geolocation" in navigator) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.latitude.value) return;
    event.preventDefault();
    form.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        // Three decimals are a hundred metres: enough to tell one store from the next.
        form.elements.latitude.value = coords.latitude.toFixed(3);
        form.elements.longitude.value = coords.longitude.toFixed(3);
        form.submit();
      },
      () => {
        form.removeAttribute("aria-busy");
        form.querySelector("button").hidden = true;
        form.querySelector("[data-near-fault]").hidden = false;
      },
      { enableHighAccuracy: false, maximumAge: 0, timeout: 10_000 },
    );
  });
}

// Coming back by the back gesture must not send the old position again.
addEventListener("pageshow", () => {
  if (!form) return;
  form.elements.latitude.value = form.elements.longitude.value = "";
  form.removeAttribute("aria-busy");
});
