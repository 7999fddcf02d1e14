"""Where the simulations run: a folder, an engine, and a store of a million people imported once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .measuring import Figure

if TYPE_CHECKING:
    from .importing import Took


@dataclass
class Ground:
    folder: Path
    engine_name: str
    size: int
    import_all: Callable[[Ground], Took]

    @cached_property
    def imported(self) -> Took:
        """Imports on first use."""
        print(f"Importing {self.size:,} customers page by page ...", flush=True)
        return self.import_all(self)

    @property
    def place(self) -> Path:
        """The folder of the database in which all customers are contacts."""
        assert self.imported
        return self.folder / "large"

    def figure(
        self,
        name: str,
        value: float,
        unit: str,
        about: str = "",
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        size: int | None = None,
    ) -> Figure:
        return Figure(
            name, self.engine_name, size or self.size, value, unit, about, at_most, at_least
        )
