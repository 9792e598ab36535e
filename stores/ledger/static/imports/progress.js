// While an import is under way its page asks for itself again; nothing moves when nothing changed.
(function () {
  "use strict";
  function look() {
    var shown = document.getElementById("import");
    if (!shown || !shown.hasAttribute("data-at-work")) return;
    fetch(location.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html").getElementById("import");
      if (fresh && fresh.innerHTML !== shown.innerHTML && !shown.querySelector(":popover-open")) shown.replaceWith(fresh);
    }).catch(function () {}).then(function () { setTimeout(look, 1500); });
  }
  setTimeout(look, 1000);
})();
