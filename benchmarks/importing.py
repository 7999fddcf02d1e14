"""Parsed pages to committed contacts, ledger and reach, beside a bare upsert of the same rows.

It runs in a process of its own, which tells how much memory it took at most.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from smartpush_shopline.contacts import people
from smartpush_shopline.contacts.models import ConsentEvent, Contact
from smartpush_shopline.shopline.models import Customer

from .ground import Ground
from .measuring import Figure, peak_megabytes, seconds
from .places import Place, open_place
from .simulating import connect
from .store import BEGIN, PAGE, Store, customer

SMALL = 10_000
_UPSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_EVENTS: Table = ConsentEvent.__table__  # type: ignore[assignment]
_CONTACTS: Table = Contact.__table__  # type: ignore[assignment]


@dataclass
class Took:
    """Seconds. `bare_contacts` is the bare upsert without the ledger's rows."""

    ours: float = 0.0
    bare: float = 0.0
    bare_contacts: float = 0.0
    peak_megabytes: float = field(default=0.0)


def import_pages(ground: Ground) -> list[Figure]:
    """Speed as a part of the bare upsert's, and what memory grows by from 10,000 on."""
    large, small = ground.imported, _in_a_process(ground, SMALL, ground.folder / "small")
    grown = large.peak_megabytes - small.peak_megabytes
    per_second = round(ground.size / large.ours)
    return [
        ground.figure(
            "import_speed",
            large.bare / large.ours,
            "of a bare upsert of the same rows",
            f"{per_second:,} customers per second; {large.bare_contacts / large.ours:.2f} of an "
            "upsert of the contacts alone, without ledger and reach",
            at_least=0.4,
        ),
        ground.figure(
            "import_memory",
            grown,
            "MB more than at 10,000",
            f"at most {large.peak_megabytes:.0f} MB in all, the bare upsert included",
            at_most=50,
        ),
    ]


def import_all(ground: Ground) -> Took:
    """Leaves the database in the ground's folder."""
    return _in_a_process(ground, ground.size, ground.folder / "large")


def _in_a_process(ground: Ground, size: int, folder: Path) -> Took:
    folder.mkdir()
    command = [sys.executable, "-m", __spec__.name, ground.engine_name, str(folder), str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Took(**json.loads(done.stdout))


def main(engine_name: str, folder: Path, size: int) -> Took:
    (folder / "bare").mkdir()
    took, store = Took(), Store(size)
    with (
        open_place(engine_name, folder) as ours,
        open_place(engine_name, folder / "bare") as bare,
    ):
        shop_id, bare_id = connect(ours.database), connect(bare.database)
        for first in range(1, size + 1, PAGE):
            places = range(first, min(first + PAGE, size + 1))
            page = [customer(store, place) for place in places]
            took.ours += seconds(lambda page=page: _ours(ours, shop_id, page))  # type: ignore[misc]
            _bare(bare, bare_id, page, first, took)
    took.peak_megabytes = peak_megabytes()
    return took


def _ours(place: Place, shop_id: int, page: list[Customer]) -> None:
    with place.database.begin() as session:
        people.upsert_customers(session, shop_id, page, "store", BEGIN)


def _bare(place: Place, shop_id: int, page: list[Customer], first: int, took: Took) -> None:
    """The rows are ready when the time begins; ids are known to be the numbers."""
    contacts = [_contact(shop_id, number, each) for number, each in enumerate(page, first)]
    events = [row for number, each in enumerate(page, first) for row in _events(number, each)]

    def upsert() -> None:
        with place.database.begin() as session:
            session.connection().execute(_upsert(place.engine_name), contacts)
            took.bare_contacts -= seconds(lambda: _add(session, events))

    whole = seconds(upsert)
    took.bare += whole
    took.bare_contacts += whole


def _add(session: Session, events: list[dict[str, Any]]) -> None:
    session.connection().execute(insert(_EVENTS), events)


def _upsert(engine_name: str) -> Any:
    make: Callable[[Table], Any] = _UPSERT[engine_name]
    statement = make(_CONTACTS)
    kept = {"id", "shop_id", "number", "customer_ref"}
    changed = {c.name: statement.excluded[c.name] for c in _CONTACTS.columns if c.name not in kept}
    return statement.on_conflict_do_update(index_elements=["shop_id", "customer_ref"], set_=changed)


def _contact(shop_id: int, number: int, said: Customer) -> dict[str, Any]:
    email, sms = said.email_consent, said.sms_consent
    assert email
    assert sms
    return {
        "shop_id": shop_id,
        "number": number,
        "customer_ref": said.ref,
        "host_ref": None,
        "first_name": said.first_name,
        "last_name": said.last_name,
        "email": said.email,
        "email_key": said.email,
        "phone": said.phone,
        "gender": said.gender,
        "birthday": said.birthday,
        "language": said.language,
        "country_code": said.country_code,
        "city": said.city,
        "tags": ",".join(said.tags),
        "orders_count": said.orders_count,
        "total_spent": said.total_spent,
        "state": said.state,
        "email_stated": email.state,
        "sms_stated": sms.state,
        "email_standing": email.state,
        "sms_standing": sms.state,
        "remote_created_at": said.created_at,
        "remote_updated_at": said.updated_at,
        "recorded_at": BEGIN,
        "deleted_at": None,
    }


def _events(number: int, said: Customer) -> list[dict[str, Any]]:
    return [
        {
            "contact_id": number,
            "channel": channel,
            "state": told.state,
            "source": "store",
            "evidence": "",
            "explicit": told.explicit,
            "dated": True,
            "occurred_at": said.updated_at,
            "recorded_at": BEGIN,
        }
        for channel, told in (("email", said.email_consent), ("sms", said.sms_consent))
        if told
    ]


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))))
