"""What may happen in the store, and beside us while we read: data, so that a run can be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from smartpush_shopline.sandbox import buying, groups, people, profile
from tests.chaos.world import WEBHOOKS, World

EMAILS = ("", "ada@x.example", "bea@x.example", "BEA@x.example", "cyd@x.example", "dee@x.example")
PHONES = ("", "+12125550101", "+12125550102", "+12125550103")
NAMES = ("Ada", "Bea", "Cyd", "Dee")
TAGS = ("", "vip", "vip,linen")
RULES = (
    "email_subscribe_flag:1",
    "mobile_subscribe_flag:1",
    "orders_count:>=1",
    "orders_count:>=0",
    "total_spent:>=500",
    "tags:vip",
    "tags:vip;orders_count:>=1",
    "state:3",
    "created_at:>=-2d",
    "last_order_time:>=-1d",
    "last_order_time:<-1d",
)
CONSENT = {"email": "email_marketing_consent", "sms": "sms_marketing_consent"}


def _one(things: list[Any], number: int) -> Any:
    return things[number % len(things)] if things else None


def _who(world: World, number: int) -> Any:
    return _one(world.store.customers.all(), number)


def _segment(world: World, number: int) -> Any:
    return _one(world.store.segments.all(), number)


@dataclass(frozen=True)
class Joins:
    fields: dict[str, Any]

    def __call__(self, world: World) -> None:
        people.create(world.store, self.fields, "Admin")


@dataclass(frozen=True)
class ManyJoin:
    """As by an import in the Admin."""

    many: int
    fields: dict[str, Any]

    def __call__(self, world: World) -> None:
        for _ in range(self.many):
            people.create(world.store, self.fields, "Admin")


@dataclass(frozen=True)
class Edits:
    who: int
    fields: dict[str, Any]

    def __call__(self, world: World) -> None:
        if customer := _who(world, self.who):
            people.edit(world.store, customer.id, self.fields, "Admin")


@dataclass(frozen=True)
class Consents:
    who: int
    channel: str
    state: int

    def __call__(self, world: World) -> None:
        if customer := _who(world, self.who):
            change = {CONSENT[self.channel]: {"state": self.state}}
            people.edit(world.store, customer.id, change, "Checkout")


@dataclass(frozen=True)
class TagMany:
    """As by a bulk action in the Admin."""

    every: int
    tags: str

    def __call__(self, world: World) -> None:
        for customer in world.store.customers.all()[:: self.every]:
            people.edit(world.store, customer.id, {"tags": self.tags}, "Admin")


@dataclass(frozen=True)
class Leaves:
    who: int

    def __call__(self, world: World) -> None:
        if customer := _who(world, self.who):
            people.delete(world.store, customer.id)


@dataclass(frozen=True)
class Buys:
    who: int
    amount: str
    paid: bool

    def __call__(self, world: World) -> None:
        if customer := _who(world, self.who):
            buying.place(world.store, customer.id, self.amount, self.paid)


@dataclass(frozen=True)
class Cancels:
    order: int
    delete: bool

    def __call__(self, world: World) -> None:
        if order := _one(world.store.orders.all(), self.order):
            (buying.delete if self.delete else buying.cancel)(world.store, order.id)


@dataclass(frozen=True)
class NewSegment:
    rule: str

    def __call__(self, world: World) -> None:
        number = world.store.next_number("name of a segment")
        groups.create(world.store, f"S{number}", self.rule)


@dataclass(frozen=True)
class ChangesRule:
    segment: int
    rule: str

    def __call__(self, world: World) -> None:
        if segment := _segment(world, self.segment):
            groups.edit(world.store, segment.id, rule=self.rule)


@dataclass(frozen=True)
class Renames:
    segment: int

    def __call__(self, world: World) -> None:
        if segment := _segment(world, self.segment):
            number = world.store.next_number("name of a segment")
            groups.edit(world.store, segment.id, name=f"R{number}")


@dataclass(frozen=True)
class DeletesSegment:
    segment: int

    def __call__(self, world: World) -> None:
        if segment := _segment(world, self.segment):
            groups.delete(world.store, segment.id)


@dataclass(frozen=True)
class AsksToBeErased:
    """The platform forgets the person as well, before or after the app is told."""

    who: int
    leaves: bool

    def __call__(self, world: World) -> None:
        if customer := _who(world, self.who):
            people.redact(world.store, customer.id, [], WEBHOOKS)
            world.erased.add(customer.id)
            if self.leaves:
                people.delete(world.store, customer.id)


@dataclass(frozen=True)
class Moves:
    """The store, to another time zone."""

    zone: str

    def __call__(self, world: World) -> None:
        profile.edit(world.store, world.store.info.name, self.zone)
        world.moved = True


@dataclass(frozen=True)
class EditsLate:
    """Is listed only now, with a time before that of the newest change that we have seen."""

    who: int
    name: str
    minutes: int

    def __call__(self, world: World) -> None:
        cursor, customer = world.shop().customers_cursor, _who(world, self.who)
        if cursor is None or customer is None:
            return
        at = cursor - timedelta(minutes=self.minutes)
        if max(customer.updated_at, world.clock() - timedelta(minutes=9)) < at:
            world.behind = world.clock() - at
            people.edit(world.store, customer.id, {"first_name": self.name}, "Admin")
            world.behind = timedelta(0)


@dataclass(frozen=True)
class Several:
    deeds: tuple[Any, ...]

    def __call__(self, world: World) -> None:
        for deed in self.deeds:
            deed(world)


WHO = st.integers(0, 11)
STATES = st.integers(0, 3)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(EMAILS),
        "phone": st.sampled_from(PHONES),
        "first_name": st.sampled_from(NAMES),
        "tags": st.sampled_from(TAGS),
        "state": STATES,
        "email_marketing_consent": STATES.map(lambda state: {"state": state}),
        "sms_marketing_consent": STATES.map(lambda state: {"state": state}),
    },
)
PEOPLE = st.one_of(
    st.builds(Edits, WHO, FIELDS),
    st.builds(Consents, WHO, st.sampled_from(("email", "sms")), STATES),
    st.builds(Buys, WHO, st.sampled_from(("20.00", "600.00")), st.booleans()),
    st.builds(Joins, FIELDS),
    st.builds(Leaves, WHO),
    st.builds(TagMany, st.integers(1, 3), st.sampled_from(TAGS)),
    st.builds(Cancels, st.integers(0, 5), st.booleans()),
)
SEGMENTS = st.one_of(
    st.builds(ChangesRule, WHO, st.sampled_from(RULES)),
    st.builds(NewSegment, st.sampled_from(RULES)),
    st.builds(DeletesSegment, WHO),
    st.builds(Renames, WHO),
)
ZONES = ("Asia/Kathmandu", "America/New_York", "Pacific/Auckland")
STORE = st.one_of(
    st.builds(ManyJoin, st.integers(3, 7), FIELDS), st.builds(Moves, st.sampled_from(ZONES))
)
DEEDS = st.one_of(PEOPLE, PEOPLE, PEOPLE, SEGMENTS, SEGMENTS, STORE)
LATE = st.builds(EditsLate, WHO, st.sampled_from(("Eve", "Fay", "Gus")), st.integers(0, 8))
ERASURES = st.builds(AsksToBeErased, WHO, st.booleans())
