"""Bugs planted on purpose, to see whether the tests find them: `python -m tests.planted`."""
