"""What every template and style sheet of ours keeps to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smartpush_shopline.extension import ASSETS

TEMPLATES = sorted((ASSETS / "templates" / "smartpush_shopline").rglob("*.html"))
PARTIALS = [path for path in TEMPLATES if path.parent.name == "_partials"]
STATIC = ASSETS / "static"


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", PARTIALS, ids=name)
def test_a_partial_names_what_it_needs(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("{# ")


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_strict_content_security_policy_is_kept(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r"\sstyle=", html)
    assert "hx-on" not in html
    assert "js:" not in html
    assert not re.search(r"hx-trigger=\"[^\"]*\[", html), "a trigger filter needs eval"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_class_is_ours(path: Path) -> None:
    html = re.sub(r"{[%{#].*?[%}#]}", " ", path.read_text(encoding="utf-8"), flags=re.S)
    for names in re.findall(r'\bclass="([^"]*)"', html):
        for each in names.split():
            assert each.startswith("smartpush"), each


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=name)
def test_every_rule_stays_below_our_door(path: Path) -> None:
    css = path.read_text(encoding="utf-8")
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    rules = re.sub(r"@(keyframes)[^{]+{(?:[^{}]*{[^}]*})*\s*}", "", css)
    rules = re.sub(r"@(media|container|supports)[^{]*{|:is\(#smartpush, :root\) {", "", rules)
    rules = rules.replace(":where(.smartpush)", ".smartpush")
    for selectors in re.findall(r"([^{}]+){", rules):
        top = re.sub(r"\([^()]*\)", "", selectors)
        for each in top.split(","):
            assert ".smartpush" in each, each.strip()


def test_the_vendored_htmx_comes_with_its_licence() -> None:
    folder = STATIC / "vendor" / "htmx-2.0.11"
    assert "Zero-Clause BSD" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert 'version:"2.0.11"' in (folder / "htmx.min.js").read_text(encoding="utf-8")
