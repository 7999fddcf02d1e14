/* The panel changed what becomes of this campaign: draw the rest of the page anew, too. */
var here = document.currentScript.dataset.page;
document.addEventListener("smartpush:state", function () { window.location.replace(here); });
