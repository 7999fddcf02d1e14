"""Whatever the store does and whatever breaks on the way: after a quiet night we equal it.

`make chaos RUNS=5000` looks for longer. A failure prints the steps that lead to it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from smartpush_shopline.database import Database
from tests.chaos.machine import Chaos
from tests.chaos.world import World

RUNS = int(os.environ.get("CHAOS_RUNS", "200"))
IS_LOOKING = "CHAOS_RUNS" in os.environ
"""For something new: then every look is another. Else the runs are the same for the same code."""
PARTS = 2
"""So that two cores share the work."""
SHRINK = os.environ.get("CHAOS_SHRINK") != "0"
STEPS = int(os.environ.get("CHAOS_STEPS", "15" if IS_LOOKING else "10"))


@pytest.fixture
def world(
    _migrated: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    made = World(_migrated, database)
    monkeypatch.setattr("smartpush_shopline.sync.holder.new_session", made.new_session)
    monkeypatch.setattr("smartpush_shopline.sync.unfinished.PAGES", 1)  # lists are short there
    yield made
    made.end()


@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_quiet_night_we_equal_the_store(world: World, part: int) -> None:
    how = settings(
        max_examples=max(1, RUNS // PARTS),
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not IS_LOOKING,
        report_multiple_bugs=False,
        phases=[phase for phase in Phase if SHRINK or phase is not Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    here = type(f"Chaos{part}", (Chaos,), {"world": world})
    try:
        run_state_machine_as_test(here, settings=how)
    finally:
        logging.getLogger("chaos").warning("%d runs", world.begun)
