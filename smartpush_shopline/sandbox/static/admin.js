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

// On the moods page the sentence below a choice is the one of the value that is chosen.
document.addEventListener("change", (event) => {
  const told = document.getElementById(`${event.target.id}-told`);
  if (!told || event.target.tagName !== "SELECT") return;
  for (const each of told.querySelectorAll("[data-value]")) each.hidden = each.dataset.value !== event.target.value;
});
