/* The panel found the campaign in another state: draw the rest of the page anew, too. A reload
   stays where the eye is; the answer to a form cannot be reloaded. */
var here = document.currentScript.dataset.page;
document.addEventListener("smartpush:state", function () {
  if (window.location.pathname === here) window.location.reload();
  else window.location.replace(here);
});
