"""Changes of segments, the same for the API and the Admin, each with its webhook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import wire
from .conditions import from_json
from .model import Segment
from .people import Invalid
from .rules import RuleError, parse
from .state import Store, Unknown


def create(store: Store, name: Any, rule: Any) -> Segment:
    with store.change():
        now = store.now()
        name, rule = _name(store, name), _rule(rule)
        ref = f"GROUP{store.next_number('segment')}"
        segment = Segment(ref, name, rule, now, now)
        store.segments.put(segment.id, segment)
        store.announce("customer_groups/create", wire.segment_webhook(segment, store.info))
        return segment


def edit(store: Store, segment_id: str, name: Any = None, rule: Any = None) -> Segment:
    with store.change():
        old = get(store, segment_id)
        new = replace(
            old,
            name=old.name if name is None else _name(store, name, besides=old),
            rule=old.rule if rule is None else _rule(rule),
        )
        if new != old:
            new = replace(new, updated_at=store.now())
            store.segments.put(new.id, new)
            store.announce("customer_groups/update", wire.segment_webhook(new, store.info))
        return new


def delete(store: Store, segment_id: str) -> None:
    with store.change():
        segment = get(store, segment_id)
        store.segments.drop(segment_id)
        offset = store.moods.delete_offset
        payload = wire.segment_deleted(segment, store.info, store.now(), offset)
        store.announce("customer_groups/delete", payload)


def get(store: Store, segment_id: str) -> Segment:
    segment = store.segments.get(segment_id)
    if segment is None:
        raise Unknown(f"There is no segment {segment_id} in this store.")
    return segment


def _name(store: Store, value: Any, besides: Segment | None = None) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not name:
        raise Invalid("name", "Give the segment a name.")
    if len(name) > 255:
        raise Invalid("name", "A segment's name has at most 255 characters.")
    if any(each.name == name for each in store.segments.all() if each != besides):
        raise Invalid("name", f"There is already a segment called “{name}”.")
    return name


def _rule(value: Any) -> str:
    try:
        return str(parse(from_json(value if isinstance(value, str) else "")))
    except RuleError as error:
        raise Invalid("query", str(error)) from None
