"""`flask smartpush inbox ...` and `flask smartpush erase ...`"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..contacts import erase as erasing
from ..contacts.erase import Who
from ..contacts.redacting import erase_by_hand
from ..i18n import local_time
from ..inbox import words
from ..inbox.finding import Wanted, conditions
from ..inbox.models import STATES, Delivery
from ..inbox.replaying import replay
from ..shopline import parse_phone
from ..shops import redact
from ..shops.commands import shop_named
from ..shops.models import Shop
from ..tables import echo_table
from ..web import LARGEST_ID, State
from . import subjects
from .message import pretty
from .subjects import Subject

inbox = AppGroup("inbox", help="What SHOPLINE posted, and what became of it.")
NUMBER = click.IntRange(0, LARGEST_ID)
_NOBODY = (
    "Nobody was found. Messages and kept opt-outs were looked through, too, and the request is "
    "kept as the receipt."
)
Command = TypeVar("Command", bound=Callable[..., Any])


def _state() -> State:
    return current_app.extensions["smartpush"]  # type: ignore[no-any-return]


def moment(value: str) -> datetime:
    """A time such as 2026-11-24 or 2026-11-24T12:00+08:00; without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value} is no time; write it like 2026-11-24T12:00+08:00."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _filters(command: Command) -> Command:
    for option in (
        click.option("--store", help="Only of the store with this handle."),
        click.option("--app-key", help="Which app of that store; needed when it has several."),
        click.option("--topic", default="", help="Only of this topic, such as customers/update."),
        click.option("--since", type=moment, help="Received at this time or later."),
        click.option("--until", type=moment, help="Received before this time."),
        click.option("--json", "as_json", is_flag=True, help="Print facts for scripts."),
    ):
        command = option(command)
    return command


@inbox.command("list")
@click.option("--state", type=click.Choice(STATES), default=None, help="Only in this state.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@_filters
def list_(
    state: str | None,
    limit: int,
    store: str | None,
    app_key: str | None,
    topic: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """The newest deliveries first."""
    wanted, now = Wanted(state or "", topic, since=since, until=until), _state().now()
    with _state().database.read() as session:
        shop_id = _shop_id(session, store, app_key)
        asked = select(Delivery).where(*conditions(shop_id, wanted, now))
        found = session.scalars(asked.order_by(Delivery.id.desc()).limit(limit)).all()
        handles, about = _handles(session), subjects.of(session, found)
        zones = {row.id: row.timezone for row in session.execute(select(Shop.id, Shop.timezone))}
    if as_json:
        _print([_facts(each, handles, about.get(each.id), now) for each in found])
        return
    if not found:
        narrow = " like that" if store or topic or since or until else ""
        click.echo(f"No {state + ' ' if state else ''}messages{narrow}.")
        return
    one = {zones[each.shop_id] for each in found}
    zone = f" ({one.pop()})" if len(one) == 1 else ""
    echo_table(
        ("Number", f"Received{zone}", "State", "Store", "Topic", "About", "Reason"),
        [
            (
                str(each.id),
                _moment(each.received_at, zones[each.shop_id], is_named=bool(zone)),
                each.state_at(now),
                handles[each.shop_id],
                each.topic,
                _about(each, about.get(each.id)),
                words.sentence(each),
            )
            for each in found
        ],
        right=["Number"],
        folds=("About", "Reason"),
    )


def _moment(at: datetime, zone: str, *, is_named: bool) -> str:
    """In the store's own time; `is_named`: the heading says which that is."""
    return local_time(at, zone, "d MMM yyyy, HH:mm:ss") + ("" if is_named else f" {zone}")


def _about(delivery: Delivery, subject: Subject | None) -> str | None:
    return f"{subject.name} ({delivery.subject_ref})" if subject else delivery.subject_ref


@inbox.command()
@click.argument("number", type=NUMBER)
@click.option("--body", is_flag=True, help="With the body, which holds personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
def show(number: int, body: bool, as_json: bool) -> None:
    """One delivery."""
    with _state().database.read() as session:
        delivery = session.get(Delivery, number)
        if delivery is None:
            raise click.ClickException(f"There is no delivery {number}.")
        subject = subjects.of(session, [delivery]).get(number)
        facts = _facts(delivery, _handles(session), subject, _state().now())
    if body:
        facts["body"] = None if delivery.body is None else pretty(delivery.body)
    if as_json:
        _print(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name + ':':<15}{'-' if value in (None, '') else value}")


@inbox.command("replay")
@click.argument("numbers", type=NUMBER, nargs=-1)
@_filters
def replay_(
    numbers: tuple[int, ...],
    store: str | None,
    app_key: str | None,
    topic: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Try deliveries again.

    Those with these NUMBERS, or the parked ones that the options ask for.
    """
    if not (numbers or topic or since or until):
        raise click.UsageError("Name deliveries by number, or with --topic, --since or --until.")
    state = _state()
    wanted = Wanted("", topic, since=since, until=until, ids=numbers)
    with state.database.begin() as session:
        done = replay(session, _shop_id(session, store, app_key), wanted, state.now())
    missing = set(numbers) - {*done.ids, *(number for number, _why in done.refused)}
    refused = [*done.refused, *((number, "There is no such delivery.") for number in missing)]
    state.jobs["inbox"](state, None)
    with state.database.read() as session:
        ended = {
            each.id: each.state_at(state.now())
            for each in session.scalars(select(Delivery).where(Delivery.id.in_(done.ids)))
        }
    if as_json:
        _print({"replayed": ended, "refused": dict(refused)})
    else:
        if not ended and not refused:
            click.echo("No parked message is like that, so nothing was replayed.")
        for number, how in ended.items():
            click.echo(f"{number}: {how}")
        for number, why in refused:
            click.echo(f"{number}: {why}", err=True)
    if refused:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("handle")
@click.option("--app-key", help="Which app of that store; needed when it has several.")
@click.option("--customer-ref", help="SHOPLINE's id of the customer.")
@click.option("--email", help="Everybody with this address, customers and others.")
@click.option("--phone", help="Everybody with this number, customers and others.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print facts for scripts.")
@with_appcontext
def erase(
    handle: str,
    app_key: str | None,
    customer_ref: str | None,
    email: str | None,
    phone: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a person of the store HANDLE, for good. Their opt-outs stay with their address."""
    state = _state()
    number = parse_phone(phone, state.settings.default_country) if phone else None
    if phone and number is None:
        raise click.UsageError("That is no telephone number; write it like +886912345678.")
    who = Who(customer_ref, email, number)
    if not who.is_anybody:
        raise click.UsageError("Say who, with --customer-ref, --email or --phone.")
    with state.database.read() as session:
        shop_id = shop_named(session, handle, app_key)
        known = len(erasing.find(session, shop_id, who))
    if not yes:
        click.confirm(
            f"Erase {_counted(known, 'contact')} of {handle}? It cannot be undone",
            abort=True,
            err=True,
        )
    receipt = erase_by_hand(state, shop_id, who)
    if as_json:
        _print({"request": receipt.id, "state": receipt.state, "erased": receipt.erased})
    else:
        click.echo(f"Request {receipt.id}: {receipt.state}. {_in_words(receipt.erased)}")
    if receipt.state != redact.DONE:
        raise click.exceptions.Exit(1)


def _in_words(erased: dict[str, int]) -> str:
    if not any(erased.values()):
        return _NOBODY if erased else "Nothing is erased yet."
    names = {"contacts": "contact", "deliveries": "message"}
    counts = [_counted(n, names[what]) for what, n in erased.items() if n]
    return f"Emptied: {' and '.join(counts)}."


def _counted(n: int, name: str) -> str:
    return f"{n} {name}{'' if n == 1 else 's'}"


def _shop_id(session: Session, handle: str | None, app_key: str | None) -> int | None:
    return None if handle is None else shop_named(session, handle, app_key)


def _handles(session: Session) -> dict[int, str]:
    return {row.id: row.handle for row in session.execute(select(Shop.id, Shop.handle))}


def _facts(
    delivery: Delivery, handles: dict[int, str], subject: Subject | None, now: datetime
) -> dict[str, Any]:
    times = ("received_at", "worked_at", "next_try_at")
    return {
        "id": delivery.id,
        "shop": handles[delivery.shop_id],
        "topic": delivery.topic,
        "subject_ref": delivery.subject_ref,
        "subject": subject.name if subject else None,
        "delivery_ref": delivery.delivery_ref,
        "state": delivery.state_at(now),
        "reason": words.sentence(delivery),
        "attempts": delivery.attempts,
        "duplicates": delivery.duplicates,
        "has_body": delivery.body is not None,
        **{name: at and at.isoformat() for name in times for at in (getattr(delivery, name),)},
    }


def _print(facts: Any) -> None:
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
