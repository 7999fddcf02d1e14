document.addEventListener("htmx:afterSwap", function (event) {
  var dialog = document.getElementById("dialog");
  if (event.target.id === "inside" && !dialog.open) dialog.showModal();
});
