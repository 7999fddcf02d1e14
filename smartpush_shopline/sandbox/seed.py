"""The two demo stores, made anew from nothing. The same every time but for the day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from .model import (
    BLACKLISTED,
    INVITED,
    NOT_INVITED,
    NOT_SUBSCRIBED,
    PENDING,
    REGISTERED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Consent,
    Customer,
    Segment,
    StoreInfo,
    order_name,
    order_ref,
)
from .rules import parse

HANDLES = ("alder", "birch")
CUSTOMERS = {"alder": 2000, "birch": 300}
FIRST_ID = {"alder": 4_210_000_001, "birch": 4_310_000_001}
SEGMENT_ID = {"alder": 5_483_719_394_486_650_001, "birch": 5_483_719_394_586_650_001}
AREA_CODES = ("212", "646", "718", "917", "347")
SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐"
GIVEN = ["怡君", "家豪", "淑芬", "志明", "雅婷", "俊傑", "美玲", "建宏", "詩涵", "冠宇", "佳穎"]
FIRST = ["Amy", "Ben", "Clara", "Daniel", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jack", "Kate"]
FIRST += ["Leo", "Mia", "Noah", "Olive", "Paul", "Ruth", "Sam", "Tess", "Uma", "Victor", "Zoe"]
LAST = ["Adams", "Baker", "Carter", "Diaz", "Evans", "Foster", "Garcia", "Hughes", "Jensen", "Kim"]
LAST += ["Lopez", "Moore", "Nguyen", "Owens", "Patel", "Reed", "Silva", "Turner", "Walsh", "Young"]
CITIES = {
    "alder": ["台北", "新北", "台中", "高雄", "台南", "新竹", ""],
    "birch": ["New York", "Brooklyn", "Boston", "Philadelphia", "Chicago", ""],
}
SEGMENTS = {
    "alder": [
        ("Newsletter readers", "email_subscribe_flag:1"),
        ("Returning customers", "orders_count:>1"),
        ("VIP", "total_spent:>=20000"),
        ("台北熟客", "tags:台北;orders_count:>=3"),
        ("Wholesale", "tags:wholesale"),
        ("No order for 90 days", "last_order_time:<-90d"),
        ("SMS club", "mobile_subscribe_flag:1"),
        ("New this month", "created_at:>=-30d"),
        ("Gift card holders", "tags:gift-card"),
    ],
    "birch": [
        ("Newsletter readers", "email_subscribe_flag:1"),
        ("Returning customers", "orders_count:>1"),
        ("Big spenders", "total_spent:>=500"),
        ("No order for 90 days", "last_order_time:<-90d"),
    ],
}


@dataclass(frozen=True)
class Seed:
    info: StoreInfo
    customers: tuple[Customer, ...]
    segments: tuple[Segment, ...]


@lru_cache(maxsize=8)
def plant(handle: str, now: datetime, size: int) -> Seed:
    """One store as it was on its first day in the sandbox, with those invented one by one."""
    customers = [_stranger(handle, number, now) for number in range(min(size, CUSTOMERS[handle]))]
    cast = _alder_cast(now)[: len(customers)] if handle == "alder" else []
    customers[: len(cast)] = cast
    numbered = (_with_last_order(each, number) for number, each in enumerate(customers))
    return Seed(_info(handle, now), tuple(numbered), tuple(_segments(handle, now)))


def _with_last_order(who: Customer, index: int) -> Customer:
    if not who.orders_count:
        return who
    last = who.orders_count - 1
    return replace(
        who,
        last_order_id=order_ref(who.id, last),
        last_order_name=order_name(index, last),
    )


def _info(handle: str, now: datetime) -> StoreInfo:
    alder = handle == "alder"
    opened = datetime(2023, 3, 6, 1, 30, tzinfo=UTC)
    return StoreInfo(
        handle=handle,
        store_id="1610418123456" if alder else "1610418654321",
        merchant_id="2000001234" if alder else "2000004321",
        name="Alder Goods 赤楊選物" if alder else "Birch & Co.",
        currency="TWD" if alder else "USD",
        timezone="Asia/Taipei" if alder else "America/New_York",
        country_code="TW" if alder else "US",
        language="zh-hant-tw" if alder else "en",
        email=f"owner@{handle}.example",
        created_at=opened,
        updated_at=max(opened, now - timedelta(days=40)),
    )


def _segments(handle: str, now: datetime) -> list[Segment]:
    made = []
    for number, (name, rule) in enumerate(SEGMENTS[handle]):
        born = now - timedelta(days=300 - 20 * number)
        ref = f"GROUP{SEGMENT_ID[handle] + number}"
        made.append(Segment(ref, name, str(parse(rule)), born, born + timedelta(days=3)))
    return made


def _consent(state: int, at: datetime, source: str = "Checkout") -> Consent:
    if state == NOT_SUBSCRIBED:
        return Consent()
    return Consent(state, 2 if state == SUBSCRIBED else 1, at, source)


def _stranger(handle: str, number: int, now: datetime) -> Customer:
    """Somebody invented; the same number is the same person on every machine."""
    dice = Random(f"{handle}-{number}")
    created = now - timedelta(days=dice.randint(0, 900), seconds=dice.randint(0, 86_000))
    age = (now - created).total_seconds()
    first, last, nick, language = _name(handle, dice)
    orders = dice.choices([0, 1, 2, 3, 4, 6, 9, 14], [30, 25, 15, 10, 8, 6, 4, 2])[0]
    unit = 1_800 if handle == "alder" else 60
    ordered = created + timedelta(seconds=int(age * dice.random())) if orders else None
    city = dice.choice(CITIES[handle])
    choice, weights = [SUBSCRIBED, UNSUBSCRIBED, NOT_SUBSCRIBED, PENDING], [56, 14, 26, 4]
    told = created + timedelta(seconds=int(age * dice.random()))
    email = f"{first.lower()}.{last.lower()}{number}@example.com"
    if not email.isascii():
        email = f"member{number}@example.com"
    phone = f"0088690{number:07d}"
    if handle == "birch":
        phone = f"001{AREA_CODES[number // 100 % 5]}55501{number % 100:02d}"
    return Customer(
        id=str(FIRST_ID[handle] + number),
        email="" if dice.random() < 0.05 else email,
        phone="" if dice.random() < 0.22 else phone,
        first_name=first,
        last_name=last,
        nick_name=nick,
        gender=dice.choice([0, 1, 2, 2]),
        birthday=_birthday(dice),
        language=language,
        state=dice.choices([BLACKLISTED, NOT_INVITED, INVITED, REGISTERED], [2, 38, 10, 50])[0],
        verified_email=dice.random() < 0.5,
        tags=_tags(dice, city, orders),
        city=city,
        orders_count=orders,
        spent=sum(dice.randint(unit // 6, unit * 2) * 100 for _ in range(orders)),
        last_order_id=str(dice.randint(10**21, 10**22 - 1)) if orders else "",
        last_order_at=ordered,
        email_consent=_consent(dice.choices(choice, weights)[0], told),
        sms_consent=_consent(dice.choices(choice, [30, 12, 54, 4])[0], told, "Sign-up page"),
        created_at=created,
        updated_at=max(told, ordered or told),
    )


def _birthday(dice: Random) -> str:
    year, month = dice.randint(1955, 2005), dice.randint(1, 12)
    return "" if dice.random() < 0.5 else f"{year}{month:02d}15"


def _name(handle: str, dice: Random) -> tuple[str, str, str, str]:
    if handle == "alder" and dice.random() < 0.6:
        last, first = dice.choice(SURNAMES), dice.choice(GIVEN)
        return first, last, last + first, "zh-hant-tw"
    first, last = dice.choice(FIRST), dice.choice(LAST)
    return first, last, f"{first} {last}", "en"


def _tags(dice: Random, city: str, orders: int) -> tuple[str, ...]:
    tags = [city] if city in ("台北", "Brooklyn") else []
    tags += [name for name, odds in (("wholesale", 0.03), ("linen", 0.1)) if dice.random() < odds]
    if orders >= 6:
        tags.append("vip")
    return tuple(tags)


def _person(
    number: int, first: str, last: str, email: Consent, sms: Consent, born: datetime
) -> Customer:
    return Customer(
        id=str(FIRST_ID["alder"] + number),
        email=f"{first.lower()}@example.com",
        phone=f"0088690{number + 1:07d}",
        first_name=first,
        last_name=last,
        nick_name=f"{first} {last}",
        state=REGISTERED,
        email_consent=email,
        sms_consent=sms,
        created_at=born,
        updated_at=born,
    )


def _alder_cast(now: datetime) -> list[Customer]:
    """The people the examples and tests know by name, first in the list of alder."""
    year, yesterday = now - timedelta(days=365), now - timedelta(days=1)
    yes, never = _consent(SUBSCRIBED, year), _consent(NOT_SUBSCRIBED, year)
    gone = _consent(UNSUBSCRIBED, yesterday, "Unsubscribe link")

    def ordered(who: Customer, count: int, spent: int, days: int) -> Customer:
        return replace(
            who,
            orders_count=count,
            spent=spent * 100,
            last_order_at=now - timedelta(days=days),
        )

    ada, bea, cyd, dee, eve, eli, fay, gus, hal, ivy = (
        _person(0, "Ada", "Lin", yes, yes, year),
        _person(1, "Bea", "Chen", never, yes, year),
        _person(2, "Cyd", "Wang", gone, never, year),
        _person(3, "Dee", "Huang", never, never, year),
        _person(4, "Eve", "Tsai", yes, never, year),
        _person(5, "Eli", "Tsai", yes, never, year),
        _person(6, "Fay", "Hsu", yes, yes, year),
        _person(7, "Gus", "Lai", yes, yes, year),
        _person(8, "Hal", "Kuo", yes, yes, year),
        _person(9, "Ivy", "Chiu", never, never, year),
    )
    return [
        ordered(replace(ada, tags=("vip", "台北"), city="台北"), 9, 26_480, 6),
        ordered(replace(bea, tags=("wholesale",), city="台中"), 3, 8_120, 21),
        ordered(replace(cyd, updated_at=yesterday), 2, 4_300, 120),
        replace(dee, state=NOT_INVITED),
        ordered(replace(eve, email="home@example.com"), 4, 6_900, 40),
        ordered(replace(eli, email="home@example.com"), 1, 1_250, 200),
        ordered(replace(fay, state=BLACKLISTED), 5, 21_700, 33),
        ordered(replace(gus, email=""), 2, 3_150, 95),
        ordered(replace(hal, phone=""), 2, 2_980, 15),
        ordered(replace(ivy, email="", phone=""), 1, 560, 300),
    ]
