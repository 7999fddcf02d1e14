"""What the fields of a query or mutation answer, by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from . import groups, people, wire
from .conditions import as_json
from .door import store
from .graph_errors import GraphError
from .membership import ORDERS
from .model import Consent, Customer, Segment
from .people import Invalid
from .rules import parse
from .state import Unknown
from .wire import Json

STATES = ("UNSUBSCRIBED", "SUBSCRIBED", "NOT_SUBSCRIBED", "PENDING")
SEGMENT_KEYS: dict[str, Callable[[Segment], Any]] = {
    "CREATION_DATE": lambda segment: segment.created_at,
    "ID": lambda segment: int(segment.id.removeprefix("GROUP")),
    "LAST_EDIT_DATE": lambda segment: segment.updated_at,
}
Arguments = dict[str, Any]


def segments(arguments: Arguments) -> Json:
    rows = store().segments.all()
    key = arguments.get("sortKey") or "ID"
    if key not in SEGMENT_KEYS:
        raise GraphError("PARAM_ILLEGAL", f"There is no sort key {key}.", "segments")
    rows.sort(key=SEGMENT_KEYS[key])
    if wanted := str(arguments.get("rawQuery") or "").rpartition(":")[2].strip().casefold():
        rows = [each for each in rows if wanted in each.name.casefold()]
    if arguments.get("reverse"):
        rows.reverse()
    connection = _connection(rows, arguments, "segments", _segment)
    return {**connection, "nodes": [edge["node"] for edge in connection["edges"]]}


def segment(arguments: Arguments) -> Json | None:
    found = store().segments.get(_ref(arguments.get("id")))
    return _segment(found) if found else None


def members(arguments: Arguments) -> Json:
    """``timezone`` moves the days of a rule; the default is UTC, not the store's own."""
    field, here = "customerSegmentMembers", store()
    try:
        found = groups.get(here, _ref(arguments.get("segmentId")))
    except Unknown:
        raise GraphError("DATA_NOT_EXIST", "There is no such segment.", field) from None
    zone = _zone(str(arguments.get("timezone") or "UTC"), field)
    key = str(arguments.get("sortKey") or "")
    rows: Sequence[Customer] = here.membership.read(found, key, zone)
    if key and key not in ORDERS:
        raise GraphError("PARAM_ILLEGAL", f"The sandbox does not sort by {key}.", field)
    backwards = bool(arguments.get("reverse"))
    connection = _connection(rows, arguments, field, _member, backwards)
    return {"totalCount": len(rows), **connection}


def _zone(name: str, field: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise GraphError("PARAM_ILLEGAL", f"{name} is no time zone.", field) from None


def membership(arguments: Arguments) -> Json:
    """One customer and several segments; one that does not exist is an error."""
    here, refs = store(), arguments.get("segmentIds") or []
    who = people.get(here, str(arguments.get("customerId") or "").rpartition("/")[2])
    told = []
    for ref in refs if isinstance(refs, list) else [refs]:
        test = parse(groups.get(here, _ref(ref)).rule).test(here.now(), here.info.zone)
        told.append({"segmentId": ref, "isMember": test(who)})
    return {"memberships": told}


def customer(arguments: Arguments) -> Json | None:
    """One customer, as far as a member of a segment is told too; null when there is none."""
    found = store().customers.get(_ref(arguments.get("id")))
    return _member(found) if found else None


def shop(arguments: Arguments) -> Json:
    info = store().info
    return {
        "id": f"gid://shopline/Shop/{info.store_id}",
        "name": info.name,
        "handle": info.handle,
        "contactEmail": info.email,
        "currencyCode": info.currency,
        "ianaTimezone": info.timezone,
    }


def create(arguments: Arguments) -> Json:
    name, query = arguments.get("name"), arguments.get("query")
    return _changed(lambda: groups.create(store(), name, query))


def update(arguments: Arguments) -> Json:
    ref, name, query = _ref(arguments.get("id")), arguments.get("name"), arguments.get("query")
    return _changed(lambda: groups.edit(store(), ref, name, query))


def delete(arguments: Arguments) -> Json:
    ref = _ref(arguments.get("id"))
    told = _changed(lambda: groups.delete(store(), ref))
    told.pop("segment")
    return {"deletedSegmentId": None if told["userErrors"] else arguments.get("id"), **told}


def email_consent(arguments: Arguments) -> Json:
    return _consent(arguments, "emailMarketingConsent", "email_marketing_consent")


def sms_consent(arguments: Arguments) -> Json:
    return _consent(arguments, "smsMarketingConsent", "sms_marketing_consent")


def _consent(arguments: Arguments, given: str, stored: str) -> Json:
    """The public page shows the input; a blank state means unsubscribed there."""
    sent = arguments.get("input") or {}
    stated = sent.get(given) or {}
    word = str(stated.get("marketingState") or "UNSUBSCRIBED")
    if word not in STATES:
        error = Invalid("marketingState", f"There is no state {word}.")
        return {"customer": None, **_user_errors("PARAM_ILLEGAL", error.field, error)}
    told = {"state": STATES.index(word), "consent_updated_at": stated.get("consentUpdatedAt")}
    ref = str(sent.get("customerId") or "").rpartition("/")[2]
    try:
        customer = people.edit(store(), ref, {stored: told}, "Open API")
    except (Unknown, Invalid) as error:
        code = "DATA_NOT_EXIST" if isinstance(error, Unknown) else "PARAM_ILLEGAL"
        return {"customer": None, **_user_errors(code, "customerId", error)}
    return {"customer": {"id": f"gid://shopline/Customer/{customer.id}"}, "userErrors": []}


FIELDS: dict[str, Callable[[Arguments], Json | None]] = {
    "segments": segments,
    "segment": segment,
    "customerSegmentMembers": members,
    "customerSegmentMembership": membership,
    "customer": customer,
    "shop": shop,
    "segmentCreate": create,
    "segmentUpdate": update,
    "segmentDelete": delete,
    "customerEmailMarketingConsentUpdate": email_consent,
    "customerSmsMarketingConsentUpdate": sms_consent,
}
MUTATIONS = frozenset(
    {
        "segmentCreate",
        "segmentUpdate",
        "segmentDelete",
        "customerEmailMarketingConsentUpdate",
        "customerSmsMarketingConsentUpdate",
    }
)


def _changed(change: Callable[[], Segment | None]) -> Json:
    """What was wrong stands under ``userErrors`` and is no error of the query."""
    try:
        made = change()
    except Unknown as error:
        return _wrong("GROUP_CODE_NOT_EXIST", "id", error)
    except Invalid as error:
        taken = "already" in str(error)
        return _wrong("GROUP_NAME_EXIST" if taken else "PARAM_ILLEGAL", error.field, error)
    return {"segment": _segment(made) if made else None, "userErrors": []}


def _wrong(code: str, field: str, error: Exception) -> Json:
    return {"segment": None, **_user_errors(code, field, error)}


def _user_errors(code: str, field: str, error: Exception) -> Json:
    return {"userErrors": [{"code": code, "field": [field], "message": str(error)}]}


def _ref(given: Any) -> str:
    """The bare id; any ``gid://shopline/.../`` in front of it is taken off."""
    return str(given or "").rpartition("/")[2]


def _connection(
    rows: Sequence[Any], arguments: Arguments, field: str, show: Any, backwards: bool = False
) -> Json:
    """``first`` goes with ``after``, ``last`` with ``before``; a cursor is a place in the list."""
    if ("last" in arguments and arguments["last"] is not None) or arguments.get("before"):
        end = _place(arguments.get("before"), len(rows) + 1) - 1
        start = max(0, end - _size(arguments, "last", field))
    else:
        start = _place(arguments.get("after"), 0)
        end = min(len(rows), start + _size(arguments, "first", field))
    numbers = range(start, max(start, end))
    part = [rows[-1 - number] if backwards else rows[number] for number in numbers]
    edges = [
        {"cursor": f"c{number}", "node": show(row)} for number, row in enumerate(part, start + 1)
    ]
    info = {
        "hasNextPage": end < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"pageInfo": info, "edges": edges}


def _size(arguments: Arguments, name: str, field: str) -> int:
    given, highest = arguments.get(name), int(store().moods.graphql_most)
    size = 50 if given is None else given
    if not isinstance(size, int) or not 1 <= size <= highest:
        raise GraphError("PARAM_ILLEGAL", f"{name} is a number from 1 to {highest}.", field)
    return size


def _place(cursor: Any, usual: int) -> int:
    text = str(cursor or "").removeprefix("c")
    return int(text) if text.isascii() and text.isdigit() else usual


def _segment(segment: Segment) -> Json:
    here = store()
    gid = here.moods.graphql_segment_ids == "gid"
    return {
        "id": f"gid://shopline/Segment/{segment.id}" if gid else segment.id,
        "name": segment.name,
        "query": as_json(segment.rule),
        "creationDate": wire.local(segment.created_at, here.info.zone),
        "lastEditDate": wire.local(segment.updated_at, here.info.zone),
    }


def _member(customer: Customer) -> Json:
    info = store().info
    email, phone = customer.email, customer.phone
    return {
        "id": f"gid://shopline/Customer/{customer.id}",
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "displayName": customer.display_name,
        "note": customer.note,
        "numberOfOrders": customer.orders_count,
        "amountSpent": {"amount": wire.money(customer.spent), "currencyCode": info.currency},
        "defaultEmailAddress": _channel("emailAddress", email, customer.email_consent),
        "defaultPhoneNumber": _channel("phoneNumber", phone, customer.sms_consent),
        "defaultAddress": _address(customer, info.country_code),
    }


def _channel(name: str, value: str, consent: Consent) -> Json | None:
    state: str | None = STATES[consent.state]
    if state == "UNSUBSCRIBED":
        state = {"blank": "", "null": None}.get(store().moods.graphql_unsubscribed, state)
    return {name: value, "marketingState": state} if value else None


def _address(customer: Customer, country: str) -> Json | None:
    return {"city": customer.city, "countryCodeV2": country} if customer.city else None
