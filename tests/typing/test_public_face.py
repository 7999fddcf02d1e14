"""Everything a dashboard can reach from the front door has a type that every checker agrees on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import smartpush_shopline
from smartpush_shopline.audiences.book import Audiences
from smartpush_shopline.audiences.choice import Pick
from smartpush_shopline.contacts.book import Contacts

ROOT = Path(__file__).resolve().parents[2]
FOR_ALEMBIC = "smartpush_shopline.migrations.include_name"


def address_of(name: str, thing: Any) -> str:
    """Where a name of the front door is defined; a module is its own address."""
    at = thing.__name__ if isinstance(thing, type(sys)) else f"{thing.__module__}.{name}"
    return "smartpush_shopline.audiences.sending.batching.Sender" if name == "Sender" else at


def public_face() -> set[str]:
    named = {name: getattr(smartpush_shopline, name) for name in smartpush_shopline.__all__}
    reached = {each.__name__: each for each in (Audiences, Contacts, Pick)}
    return {address_of(*each) for each in (named | reached).items()} | {FOR_ALEMBIC}


def verified() -> list[dict[str, Any]]:
    """What pyright says of each symbol of the package."""
    here = Path(sys.executable).parent
    command = [str(here / "pyright"), "--verifytypes", "smartpush_shopline", "--ignoreexternal",
               "--outputjson"]  # fmt: skip
    path = f"{here}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=ROOT / "tests" / "typing", capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    return found


def test_every_type_of_the_public_face_is_known_and_means_one_thing() -> None:
    face = public_face()
    mine = [
        symbol
        for symbol in verified()
        if any(f"{symbol['name']}.".startswith(f"{each}.") for each in face)
    ]
    seen = {each for each in face for symbol in mine if symbol["name"].startswith(each)}
    assert face - seen == set(), "pyright knows all of it"
    loose = [
        (symbol["name"], [told["message"] for told in symbol["diagnostics"]])
        for symbol in mine
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]
    ]
    assert len(mine) > 150 and loose == []
