"""The workers are forked from one that has imported the package; each makes its own app."""

import tests.serving  # noqa: F401
