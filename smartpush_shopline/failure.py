"""Why something of a store did not work: kept as a code with its facts, put into words when shown.

The sentence is made in the language of whoever reads it. What SHOPLINE itself said is quoted as it
came; a mistake of ours keeps only its kind, for its words may quote a person's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import (
    Gone,
    NotAuthorised,
    ShoplineBusy,
    ShoplineError,
    ShoplineFailing,
    ShoplineRefused,
    ShoplineUnreachable,
    UnexpectedPayload,
)
from .i18n import gettext as _

MISTAKE, UNKNOWN_APP = "mistake", "unknown_app"
_CODES: Mapping[type[ShoplineError], str] = {
    NotAuthorised: "not_authorised",
    Gone: "gone",
    ShoplineRefused: "refused",
    UnexpectedPayload: "unexpected",
    ShoplineBusy: "busy",
    ShoplineFailing: "failing",
    ShoplineUnreachable: "unreachable",
}
_MOST_SAID = 200


def mistake(error: Exception) -> ShoplineError:
    """A mistake of ours, to be noted like a failure of theirs."""
    return ShoplineError(type(error).__name__, reason=MISTAKE)


def code_of(error: ShoplineError) -> dict[str, Any]:
    """{"code", "said", "status", "trace_id"} for a JSON column; what is not known is left out."""
    names = [name for kind, name in _CODES.items() if isinstance(error, kind)]
    code = error.reason if error.reason in (MISTAKE, UNKNOWN_APP) else [*names, "failing"][0]
    facts = {"said": _said(error), "status": error.status, "trace_id": error.trace_id}
    return {"code": code} | {name: fact for name, fact in facts.items() if fact}


def _said(error: ShoplineError) -> str:
    """What it says beyond the sentence of its kind."""
    sentence = (type(error).__doc__ or "").splitlines()[0].rstrip(".")
    return str(error.args[0]).removeprefix(sentence).lstrip(".: ")[:_MOST_SAID]


def sentence(kept: Mapping[str, Any] | None, *, with_facts: bool = True) -> str:
    """Empty when nothing is the matter. The facts are for whoever asks SHOPLINE about it."""
    if not kept:
        return ""
    said, status, trace = (kept.get(name) for name in ("said", "status", "trace_id"))
    if kept["code"] == MISTAKE:
        return _("SmartPush could not do this (%(error)s). The log says more.", error=said)
    if kept["code"] == UNKNOWN_APP:
        return _("The app that this store installed is not in SMARTPUSH_APPS.")
    facts = [
        *([str(said)] if said else []),
        *([_("HTTP %(status)s", status=status)] if status else []),
        *([_("trace id %(id)s", id=trace)] if trace else []),
    ]
    what = _sentences().get(kept["code"], "")
    said_so = what.rstrip(".。")
    return f"{said_so} ({', '.join(facts)}){what[len(said_so):]}" if facts and with_facts else what


def _sentences() -> dict[str, str]:
    return {
        "not_authorised": _("SHOPLINE does not accept the store's token."),
        "gone": _("It no longer exists at SHOPLINE."),
        "refused": _("SHOPLINE refused the call."),
        "unexpected": _("SHOPLINE sent something this version cannot read."),
        "busy": _("SHOPLINE asks for fewer calls."),
        "failing": _("SHOPLINE failed to answer properly."),
        "unreachable": _("SHOPLINE did not answer."),
    }
