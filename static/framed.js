/* Leave the Admin's frame. A browser that forbids it leaves the link, which a person may press. */
(function () {
  "use strict";
  var link = document.querySelector("[data-smartpush-top]");
  if (!link) return;
  try {
    window.top.location.href = link.href;
  } catch (refused) {
    link.focus();
  }
})();
