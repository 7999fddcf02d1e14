"""A store that misbehaves at an exact moment, as in the tests of `sync`."""

from tests.sync.conftest import at

__all__ = ["at"]
