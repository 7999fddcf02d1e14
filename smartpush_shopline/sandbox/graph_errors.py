"""How GraphQL says no: with a code, and with HTTP 200."""

from __future__ import annotations


class GraphError(Exception):
    def __init__(self, code: str, message: str, field: str, classification: str = "") -> None:
        super().__init__(message)
        self.code, self.field, self.classification = code, field, classification
