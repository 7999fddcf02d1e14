"""Nothing of ours changes how a dashboard looks, and nothing of a dashboard changes how we look."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Dashboard
from .test_campaigns import Hand

SHEET = Path(__file__).resolve().parents[2] / "static" / "smartpush.css"

# Computed styles by element, with one style sheet switched off first.
STYLES = """async ([sheet, wanted, kept]) => {
  for (const each of document.styleSheets)
    each.disabled = sheet !== "" && (each.href || "").includes(sheet);
  await Promise.all(document.getAnimations().map(each => each.finished.catch(() => null)));
  const told = {}, left = /SIZES/;
  const styles = (node, pseudo) => {
    const found = getComputedStyle(node, pseudo), names = kept.length ? kept : Array.from(found);
    if (pseudo && ["none", "normal"].includes(found.content)) return {content: "none"};
    const bare = found.display === "list-item" ? "" : "list-style-type";
    return Object.fromEntries(names.filter(name => name !== bare && !left.test(name)).map(
      name => [name, found.getPropertyValue(name)]));
  };
  Array.from(document.querySelectorAll("body, body *")).forEach((node, at) => {
    const ours = node.closest(".smartpush") !== null;
    if (ours !== (wanted === "ours") || node.closest("dialog:not([open])")) return;
    const name = at + " " + node.tagName + "." + node.getAttribute("class") + "#" + node.id;
    for (const pseudo of ["", "::before", "::after"])
      told[name + pseudo] = styles(node, pseudo || null);
  });
  return told;
}"""
# Where a sheet is missing, sizes change, and whatever is computed from them.
SIZES = (
    "^(width|height|inline-size|block-size|perspective-origin|transform-origin|grid-template-.*|"
    "top|right|bottom|left|inset.*)$"
)
LOOKS = [
    "color", "background-color", "background-image", "border-top-width",
    "border-left-width", "border-top-style", "border-top-color", "border-top-left-radius",
    "box-shadow", "padding-top", "padding-right", "padding-bottom",
    "padding-left", "margin-top", "margin-bottom", "font-size",
    "font-weight", "font-style", "font-variant-numeric", "letter-spacing",
    "word-spacing", "line-height", "text-transform", "text-decoration-line",
    "text-align", "text-indent", "text-shadow", "white-space-collapse",
    "list-style-type", "display", "float", "box-sizing",
    "min-height", "cursor", "fill", "stroke",
    "content", "opacity", "visibility", "vertical-align",
]
Styles = dict[str, dict[str, str]]


def styles(page: Any, without: str, whose: str, kept: list[str]) -> Styles:
    page.mouse.move(0, 0)  # else what lies below it is another piece in each layout
    found: Styles = page.evaluate(STYLES.replace("SIZES", SIZES), [without, whose, kept])
    return found


def differences(here: Styles, alone: Styles) -> list[str]:
    """Such as `12 P.card#: color is red, alone black`."""
    assert here.keys() == alone.keys() and len(here) > 10
    return [
        f"{node}: {name} is {value}, alone {alone[node].get(name)}"
        for node, properties in here.items()
        for name, value in properties.items()
        if alone[node].get(name) != value
    ]


def show_the_form(page: Any, dashboard: Dashboard) -> None:
    dashboard.open_form(page)
    Hand(page, dashboard).choose_all()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")


def show_segments(page: Any, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}{dashboard.prefix}/segments")


@pytest.mark.browser
def test_neither_changes_how_the_other_looks(
    dashboard: Dashboard, browse: Callable[..., Any]
) -> None:
    """Each is compared with itself while the other's style sheet is switched off."""
    page = browse()
    if dashboard.cookie:  # the sheets' strongest rules are those for the dark
        dashboard.go_dark(page)
    for show in (show_the_form, show_segments):
        show(page, dashboard)
        theirs = differences(
            styles(page, "", "theirs", []), styles(page, "smartpush.css", "theirs", [])
        )
        ours = differences(
            styles(page, "", "ours", LOOKS), styles(page, f"{dashboard.name}.css", "ours", LOOKS)
        )
        assert (theirs, ours) == ([], [])


def test_every_rule_of_ours_is_inside_the_strong_part_of_the_sheet() -> None:
    """A rule after its end would lose against our own reset; browsers drop @keyframes inside."""
    weak, strong = SHEET.read_text(encoding="utf-8").split(":is(#smartpush, :root) {")
    depth = 1
    for at, sign in enumerate(re.sub(r'"[^"]*"', lambda text: " " * len(text[0]), strong)):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth or not strong[at + 1 :].strip(), "the last brace of the sheet ends it"
    assert depth == 0 and "@keyframes" not in strong
    assert ".smartpush ." not in weak
