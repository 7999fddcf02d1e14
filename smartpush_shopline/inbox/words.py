"""Why a message was parked, ignored or is tried again, in words a marketer understands.

The row keeps a code and, at most, the name of a field or of an error, or as JSON what SHOPLINE
answered (`failure.code_of`): never a value, never a traceback. The sentence is made when it is
shown, in the language of whoever reads it.
"""

from __future__ import annotations

import json
import re

from sqlalchemy.exc import DBAPIError

from .. import failure
from ..errors import DeliveryRefused, ShoplineError, SmartPushError, UnexpectedPayload
from ..i18n import gettext as _
from .models import Delivery

NOT_JSON, NOT_AN_OBJECT, NO_HANDLER = "not_json", "not_an_object", "no_handler"
UNREADABLE, SHOPLINE, DATABASE, MISTAKE = "unreadable", "shopline", "database", "mistake"
REFUSED, ABOUT_NOBODY = "refused", "about_nobody"


def code_of(error: Exception) -> tuple[str, str]:
    """(reason, detail). Only our own errors may speak: others may quote what they failed on."""
    if isinstance(error, UnexpectedPayload):
        return UNREADABLE, str(error)
    if isinstance(error, DeliveryRefused):
        return f"{REFUSED}:{error.reason}"[:40], str(error)
    if isinstance(error, ShoplineError):
        return SHOPLINE, json.dumps(failure.code_of(error), ensure_ascii=False)
    if isinstance(error, DBAPIError):
        return DATABASE, type(error).__name__
    return MISTAKE, str(error) if isinstance(error, SmartPushError) else type(error).__name__


def sentence(delivery: Delivery) -> str:
    """Empty when there is nothing to explain."""
    reason, detail = delivery.reason or "", delivery.error or ""
    if reason == UNREADABLE:
        return _unreadable(thing_of(delivery.topic), detail)
    if reason == SHOPLINE:
        return failure.sentence(json.loads(detail))
    if reason.startswith(REFUSED):
        return _refusal(reason.partition(":")[2], detail)
    known = {
        NOT_JSON: _("SHOPLINE sent something that is not JSON."),
        NOT_AN_OBJECT: _("SHOPLINE sent JSON that is not an object."),
        NO_HANDLER: _("No part of SmartPush handles %(topic)s yet.", topic=delivery.topic),
        DATABASE: _("The database did not take it (%(error)s).", error=detail),
        MISTAKE: _(
            "SmartPush made a mistake with it (%(error)s). The log says more.", error=detail
        ),
        ABOUT_NOBODY: _("It is about a person whose data were erased."),
    }
    return known.get(reason, detail)


def _unreadable(thing: str, detail: str) -> str:
    detail = re.sub(r"^(?:\w+\.)+(?=\w+ )", "", detail)  # "customer.state is ..." is "state is ..."
    missing = re.fullmatch(r"(\w+) is missing", detail)
    if missing is None:
        return _("SHOPLINE sent %(thing)s that cannot be read: %(why)s.", thing=thing, why=detail)
    if missing[1] == "id":
        return _("SHOPLINE sent %(thing)s without an id.", thing=thing)
    return _("SHOPLINE sent %(thing)s without “%(field)s”.", thing=thing, field=missing[1])


def _refusal(reason: str, detail: str) -> str:
    known = {
        "not_this_store": _(
            "The message does not name this store, so nothing was erased. "
            "Ask SHOPLINE which store it is for."
        ),
        "nobody_named": _("The message does not say whose data to erase."),
    }
    return known.get(reason, detail)


def thing_of(topic: str) -> str:
    """What a message of this topic is about, with its article."""
    things = {
        "customers": _("a customer"),
        "customers_marketing_consent": _("a customer"),
        "customer_groups": _("a segment"),
        "orders": _("an order"),
        "merchants": _("a store"),
    }
    return things.get(topic.partition("/")[0], _("a message"))
