// An open menu closes when something else is clicked, or with Escape.
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// On a narrow screen the navigation is one row; show where we are in it.
document.querySelector(".side a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
