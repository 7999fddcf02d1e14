"""What changed about a rule, in words: "spend went from 10,000 to 8,000".

Rules are never evaluated here. A rule in a notation that is not understood has "changed".
"""

from __future__ import annotations

import re

from ..i18n import gettext as _
from ..i18n import number

_VALUE = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_SIGNS = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< ", "=": "", "": ""}


def what_changed(before: str, after: str) -> str:
    """Without a full stop, so that the effect can follow."""
    old, new = _terms(before), _terms(after)
    if not old or not new or old == new:
        return _("the rule changed")
    said = [_went(field, old[field], new[field]) for field in old if new.get(field, old[field])
            != old[field]]
    said += [_("no longer %(term)s", term=_term(f, old[f])) for f in old if f not in new]
    said += [_("now also %(term)s", term=_term(f, new[f])) for f in new if f not in old]
    return ", ".join(said)


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
    sign, value = _split(old)
    other, changed = _split(new)
    if sign != other:
        value, changed = _SIGNS[sign] + value, _SIGNS[other] + changed
    return _("%(field)s went from %(old)s to %(new)s", field=_name(field), old=value, new=changed)


def _term(field: str, value: str) -> str:
    sign, said = _split(value)
    return f"{_name(field)} {_SIGNS[sign]}{said}"


def _split(value: str) -> tuple[str, str]:
    sign, said = (each or "" for each in _VALUE.fullmatch(value).groups())  # type: ignore[union-attr]
    return sign, number(int(said)) if _NUMBER.fullmatch(said) else said


def _name(field: str) -> str:
    names = {
        "orders_count": _("orders"),
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
