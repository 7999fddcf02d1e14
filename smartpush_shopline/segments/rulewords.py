"""What changed about a rule, in words: "its rule changed: more than 1 order → more than 2 orders".

The rule is named each time: without it, "orders went from 1 to 2" reads as if sales had. Rules are
never evaluated here. A rule in a notation that is not understood has "changed".
"""

from __future__ import annotations

import re

from ..i18n import gettext as _
from ..i18n import ngettext, number

_VALUE = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_SIGNS = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< ", "=": "", "": ""}
_ORDERS = "orders_count"


def what_changed(before: str, after: str) -> str:
    """Without a full stop, so that the effect can follow."""
    old, new = _terms(before), _terms(after)
    if not old or not new or old == new:
        return _("its rule changed")
    said = [_went(field, old[field], new[field]) for field in old if new.get(field, old[field])
            != old[field]]
    said += [_("no longer %(term)s", term=_term(f, old[f])) for f in old if f not in new]
    said += [_("now also %(term)s", term=_term(f, new[f])) for f in new if f not in old]
    return _("its rule changed: %(what)s", what=", ".join(said))


def is_understood(before: str, after: str) -> bool:
    old, new = _terms(before), _terms(after)
    return bool(old and new and old != new)


def _terms(rule: str) -> dict[str, str] | None:
    """`orders_count:>1;tags:vip;` as field → value; None when it is written otherwise."""
    if rule.lstrip().startswith("{"):
        return None
    found: dict[str, str] = {}
    for term in filter(None, (part.strip() for part in rule.split(";"))):
        field, colon, value = term.partition(":")
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.strip()).lower()
        if not colon or name in found:
            return None
        found[name] = value.strip()
    return found


def _went(field: str, old: str, new: str) -> str:
    return f"{_term(field, old)} → {_amount(field, new)}"


def _term(field: str, value: str) -> str:
    """The field is named where the amount does not name it."""
    amount = _amount(field, value)
    named = field == _ORDERS and _NUMBER.fullmatch(_split(value)[1])
    return amount if named else f"{_name(field)} {amount}"


def _amount(field: str, value: str) -> str:
    """"more than 1 order", "at least 10,000"; what is no number stays as it is written."""
    sign, said = _split(value)
    if not _NUMBER.fullmatch(said):
        return _SIGNS[sign] + said
    count = int(said)
    what = number(count)
    if field == _ORDERS:
        what = ngettext("%(n)s order", "%(n)s orders", count, n=what)
    compared = {
        ">": _("more than %(what)s"),
        ">=": _("at least %(what)s"),
        "<": _("less than %(what)s"),
        "<=": _("at most %(what)s"),
    }
    return compared.get(sign, "%(what)s") % {"what": what}


def _split(value: str) -> tuple[str, str]:
    sign, said = (each or "" for each in _VALUE.fullmatch(value).groups())  # type: ignore[union-attr]
    return sign, said


def _name(field: str) -> str:
    names = {
        _ORDERS: _("orders"),
        "total_spent": _("spend"),
        "tags": _("tags"),
        "email_subscribe_flag": _("email subscription"),
        "mobile_subscribe_flag": _("SMS subscription"),
        "created_at": _("date of registration"),
        "last_order_time": _("last order"),
        "order_date": _("date of an order"),
        "state": _("state of the account"),
    }
    return names.get(field, field.replace("_", " "))
