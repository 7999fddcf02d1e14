"""Changes of customers, the same for the API and the Admin, each with its webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from . import wire, wire_store
from .model import BLACKLISTED, PENDING, SUBSCRIBED, UNSUBSCRIBED, Consent, Customer, Order
from .state import Store, Unknown

CHANNELS = {
    # channel: (field here, consent object, flag, deprecated flag) as the API spells them
    "email": (
        "email_consent",
        "email_marketing_consent",
        "email_subscribe_flag",
        "accepts_marketing",
    ),
    "sms": (
        "sms_consent",
        "sms_marketing_consent",
        "mobile_subscribe_flag",
        "accepts_mobile_marketing",
    ),
}
ACTION_TYPES = {
    # subscribeActionType of customers_marketing_consent/update; it knows no other changes
    ("email_consent", SUBSCRIBED): 1,
    ("sms_consent", SUBSCRIBED): 2,
    ("email_consent", UNSUBSCRIBED): 3,
    ("sms_consent", UNSUBSCRIBED): 4,
}
FOUND = 3_000
"""A search stops here, for a store with a million people is read from its beginning."""
TEXTS = ("first_name", "last_name", "nick_name", "note", "birthday", "language", "city")


class Invalid(ValueError):
    """Something a person typed cannot be kept; the text is a sentence for them."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def create(store: Store, data: Mapping[str, Any], source: str) -> Customer:
    with store.change():
        now = store.now()
        fields = _fields(data)
        blank = Customer(id="", created_at=now, updated_at=now)
        consents = _consents(blank, data, now, source)
        number = store.next_number("customer")
        customer = replace(blank, id=str(number), **fields, **consents)
        store.customers.put(customer.id, customer)
        announce(store, "customers/create", customer)
        _announce_consents(store, blank, customer)
        return customer


def edit(store: Store, customer_id: str, data: Mapping[str, Any], source: str) -> Customer:
    """Change what is named and nothing else; where nothing changes, nothing is sent."""
    with store.change():
        old = get(store, customer_id)
        consents = _consents(old, data, store.now(), source)
        new = replace(old, **_fields(data), **consents)
        if new != old:
            new = _keep(store, old, new)
        return new


def delete(store: Store, customer_id: str) -> None:
    with store.change():
        customer = get(store, customer_id)
        store.customers.drop(customer_id)
        payload = wire.customer_deleted(customer, store.info, store.now())
        store.announce("customers/delete", payload)


def redact(store: Store, customer_id: str, orders: list[Order], address: str | None) -> None:
    """Ask the app to forget this person and these orders, as after an erasure request (GDPR)."""
    with store.change():
        customer = get(store, customer_id)
        payload = wire_store.customer_redact(customer, orders, store.info, store.now())
        store.announce("customers/redact", payload, address)


def get(store: Store, customer_id: str) -> Customer:
    customer = store.customers.get(customer_id)
    if customer is None:
        raise Unknown(f"There is no customer {customer_id} in this store.")
    return customer


def search(store: Store, words: str) -> list[Customer]:
    """Those whose name, e-mail, phone, tag or id contains what was typed; the first few hundred."""
    wanted = words.strip().casefold()
    fitting = (each for each in store.customers.everyone() if wanted in _haystack(each))
    return list(islice(fitting, FOUND))


def _haystack(customer: Customer) -> str:
    names = (customer.nick_name, customer.first_name, customer.last_name, *customer.tags)
    full = f"{customer.first_name} {customer.last_name}"
    return "\n".join((customer.id, customer.email, customer.phone, full, *names)).casefold()


def _keep(store: Store, old: Customer, new: Customer) -> Customer:
    """Whether a consent alone is a change of the customer is one of the open questions."""
    rest = replace(new, email_consent=old.email_consent, sms_consent=old.sms_consent)
    silent = store.moods.consent_bumps_customer == "no" and rest == old
    new = new if silent else replace(new, updated_at=store.now())
    store.customers.put(new.id, new)
    if (old.state == BLACKLISTED) != (new.state == BLACKLISTED):
        blocked = new.state == BLACKLISTED
        announce(store, "customers/disable" if blocked else "customers/enable", new)
    if not silent:
        announce(store, "customers/update", new)
    _announce_consents(store, old, new)
    return new


def announce(store: Store, topic: str, customer: Customer) -> None:
    store.announce(topic, wire.customer_webhook(customer, store.info, topic))


def _announce_consents(store: Store, old: Customer, new: Customer) -> None:
    topic = "customers_marketing_consent/update"
    for field, *_ in CHANNELS.values():
        state = getattr(new, field).state
        action = ACTION_TYPES.get((field, state))
        if action and state != getattr(old, field).state:
            payload = wire.customer_webhook(new, store.info, topic)
            store.announce(topic, {**payload, "subscribeActionType": action})


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller named, checked; names nobody knows are passed over, as the platform does."""
    fields: dict[str, Any] = {}
    for name in TEXTS:
        if name in data:
            fields[name] = _text(name, data[name])
    for name, read in (("email", _email), ("phone", _phone), ("tags", _tags)):
        if name in data:
            fields[name] = read(data[name])
    if data.get("gender") is not None:
        fields["gender"] = _gender(data["gender"])
    if data.get("state") is not None:
        fields["state"] = _number("state", data["state"], 3)
    if "verified_email" in data:
        fields["verified_email"] = data["verified_email"] is True
    if fields.get("birthday") and not re.fullmatch(r"\d{8}", fields["birthday"], re.ASCII):
        raise Invalid("birthday", "A birthday is written like 19900131.")
    return fields


def _consents(old: Customer, data: Mapping[str, Any], now: datetime, source: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for field, *names in CHANNELS.values():
        given = _consent_state(data, *names)
        if given is None or given == getattr(old, field).state:
            continue
        level = 1 if given in (SUBSCRIBED, PENDING) else 0
        at = _consent_time(data.get(names[0]), now)
        changed[field] = Consent(given, level, at, source)
    return changed


def _consent_time(stated: Any, now: datetime) -> datetime:
    """When it was said, if the caller knows; never later than now."""
    told = stated.get("consent_updated_at") if isinstance(stated, Mapping) else None
    try:
        at = datetime.fromisoformat(str(told)) if told else now
    except ValueError:
        raise Invalid("consent_updated_at", f"{told} is no time.") from None
    return min(at.replace(microsecond=0), now) if at.tzinfo else now


def _consent_state(data: Mapping[str, Any], consent: str, flag: str, deprecated: str) -> int | None:
    stated = data.get(consent)
    if isinstance(stated, Mapping) and stated.get("state") is not None:
        return _number(consent, stated["state"], 3)
    if data.get(flag) is not None:
        return _number(flag, data[flag], 2)
    if isinstance(data.get(deprecated), bool):
        return SUBSCRIBED if data[deprecated] else UNSUBSCRIBED
    return None


def _text(name: str, value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if len(text) > 255:
        raise Invalid(name, "This text is longer than 255 characters.")
    return text


def _email(value: Any) -> str:
    text = _text("email", value)
    if text and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", text):
        raise Invalid("email", f"“{text}” is not an e-mail address.")
    return text


def _phone(value: Any) -> str:
    """Kept with ``00`` before the country, as the platform's samples show it."""
    text = re.sub(r"[\s()./-]", "", _text("phone", value))
    text = f"00{text[1:]}" if text.startswith("+") else text
    if text and not re.fullmatch(r"\d{6,17}", text, re.ASCII):
        raise Invalid("phone", "A phone number has 6 to 17 digits, like +886 912 345 678.")
    return text


def _tags(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else str(value or "").split(",")
    tags = tuple(dict.fromkeys(word for each in words if (word := str(each).strip())))
    if len(tags) > 100 or any(len(tag) > 128 for tag in tags):
        raise Invalid("tags", "A customer has at most 100 tags of at most 128 characters each.")
    return tags


def _gender(value: Any) -> int:
    words = {word: number for number, word in enumerate(wire.GENDER_WORDS)}
    return words[value] if value in words else _number("gender", value, 3)


def _number(name: str, value: Any, highest: int) -> int:
    text = str(value)
    if not re.fullmatch(r"\d", text, re.ASCII) or int(text) > highest:
        raise Invalid(name, f"{name} must be a number from 0 to {highest}.")
    return int(text)
