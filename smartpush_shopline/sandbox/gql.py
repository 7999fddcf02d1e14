"""Reads a GraphQL document: operations, aliases, variables, fragments. No schema, no directives.

Only as much of the language as the sandbox needs to answer with the fields that were asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r'[\s,\ufeff]+|#[^\n]*|(?P<token>\.\.\.|[!$():=@\[\]{}|&]|"""(?:[^"]|"(?!""))*"""'
    r'|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[_A-Za-z]\w*)'
)
DEEPEST = 100
"""Documents nested deeper than this are not even read."""


class GraphSyntaxError(ValueError):
    """The document cannot be read."""


@dataclass(frozen=True)
class Field:
    name: str
    alias: str
    arguments: dict[str, Any]
    fields: tuple[Field, ...] = ()

    @property
    def depth(self) -> int:
        return 1 + max((each.depth for each in self.fields), default=0)


@dataclass(frozen=True)
class Spread:
    """A fragment by its name, to be filled in when all of them are known."""

    name: str


@dataclass
class Parser:
    tokens: list[str]
    variables: dict[str, Any]
    fragments: dict[str, list[Field | Spread]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    position: int = 0
    nested: int = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise GraphSyntaxError(f"Expected {expected or 'more'}, found {token or 'the end'}.")
        self.position += 1
        return token

    def name(self) -> str:
        token = self.next()
        if not re.fullmatch(r"[_A-Za-z]\w*", token):
            raise GraphSyntaxError(f"Expected a name, found {token}.")
        return token

    def document(self) -> Iterator[tuple[str, str, list[Field | Spread]]]:
        """Kind, name and selection of each operation; fragments are kept aside."""
        while self.peek():
            if self.peek() == "{":
                yield "query", "", self.selection()
                continue
            kind = self.name()
            if kind == "fragment":
                name = self.name()
                self.next("on")
                self.name()
                self.fragments[name] = self.selection()
                continue
            if kind not in ("query", "mutation"):
                raise GraphSyntaxError(f"Expected an operation, found {kind}.")
            name = self.name() if self.peek() not in ("(", "{") else ""
            if self.peek() == "(":
                self.definitions()
            yield kind, name, self.selection()

    def definitions(self) -> None:
        """``($id: ID!, $first: Int = 50)``"""
        self.next("(")
        while self.peek() != ")":
            self.next("$")
            name = self.name()
            self.next(":")
            while self.peek() in ("[", "]", "!") or re.fullmatch(r"\w+", self.peek()):
                self.next()
            if self.peek() == "=":
                self.next()
                self.defaults[name] = self.value()
        self.next(")")

    def selection(self) -> list[Field | Spread]:
        self.deeper()
        found: list[Field | Spread] = []
        self.next("{")
        while self.peek() != "}":
            found += self.spread() if self.peek() == "..." else [self.field()]
        self.next("}")
        self.nested -= 1
        return found

    def deeper(self) -> None:
        self.nested += 1
        if self.nested > DEEPEST:
            raise GraphSyntaxError("The document is nested too deeply.")

    def spread(self) -> list[Field | Spread]:
        self.next("...")
        if self.peek() == "{":
            return self.selection()
        name = self.name()
        if name != "on":
            return [Spread(name)]
        self.name()
        return self.selection()

    def field(self) -> Field:
        name = alias = self.name()
        if self.peek() == ":":
            self.next()
            name = self.name()
        arguments: dict[str, Any] = {}
        if self.peek() == "(":
            self.next()
            while self.peek() != ")":
                argument = self.name()
                self.next(":")
                arguments[argument] = self.value()
            self.next(")")
        inner = self.selection() if self.peek() == "{" else []
        return Field(name, alias, arguments, tuple(inner))  # type: ignore[arg-type]

    def value(self) -> Any:
        token = self.next()
        if token == "$":  # noqa: S105  a piece of a document, not a secret
            name = self.name()
            return self.variables.get(name, self.defaults.get(name))
        if token in ("[", "{"):
            self.deeper()
            inner = list(self._until("]")) if token == "[" else dict(self._pairs())  # noqa: S105
            self.nested -= 1
            return inner
        if token.startswith('"""'):
            return token[3:-3].strip()
        if token in ("true", "false", "null") or token[0] in '"-0123456789':
            return json.loads(token)
        return token

    def _until(self, end: str) -> Iterator[Any]:
        while self.peek() != end:
            yield self.value()
        self.next(end)

    def _pairs(self) -> Iterator[tuple[str, Any]]:
        while self.peek() != "}":
            name = self.name()
            self.next(":")
            yield name, self.value()
        self.next("}")


def read(text: str, variables: dict[str, Any], name: str = "") -> list[Field]:
    """The fields of the operation that is meant, with fragments and variables filled in."""
    tokens, end = [], 0
    while end < len(text):
        found = TOKEN.match(text, end)
        if found is None:
            raise GraphSyntaxError(f"Cannot read “{text[end : end + 10]}”.")
        end = found.end()
        if found["token"]:
            tokens.append(found["token"])
    parser = Parser(tokens, variables)
    operations = [each for each in parser.document() if not name or each[1] == name]
    if len(operations) != 1:
        raise GraphSyntaxError("Say in operationName which operation is meant.")
    return list(_filled(operations[0][2], parser.fragments, 0))


def _filled(
    selection: list[Field | Spread], fragments: dict[str, list[Field | Spread]], depth: int
) -> Iterator[Field]:
    if depth > DEEPEST:
        raise GraphSyntaxError("The fragments go round in a circle.")
    for each in selection:
        if isinstance(each, Spread):
            if each.name not in fragments:
                raise GraphSyntaxError(f"There is no fragment {each.name}.")
            yield from _filled(fragments[each.name], fragments, depth + 1)
        else:
            inner = tuple(_filled(list(each.fields), fragments, depth + 1))
            yield Field(each.name, each.alias, each.arguments, inner)


def choose(value: Any, fields: tuple[Field, ...]) -> Any:
    """What was asked for and nothing else; a name that is not there is a ``KeyError``."""
    if not fields or value is None:
        return value
    if isinstance(value, list):
        return [choose(each, fields) for each in value]
    return {each.alias: choose(value[each.name], each.fields) for each in fields}
