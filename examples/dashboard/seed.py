"""The first content of the dashboard: two logins, two lists, two drafts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from werkzeug.security import generate_password_hash

from examples.dashboard.models import Campaign, Guest, User, db

DEMO_EMAIL, DEMO_PASSWORD = "demo@example.com", "demo"
VIEWER_EMAIL = "viewer@example.com"

NEWCOMERS = [
    "Ana Costa",
    "Ben Okafor",
    "Carla Rossi",
    "Dev Mehta",
    "Elin Berg",
    "Farid Aziz",
    "Gwen Parry",
    "Henrik Dahl",
    "Ines Moreau",
    "Jonas Weber",
    "Kaya Demir",
    "Lior Katz",
]


def fill_tables() -> None:
    """Make the dashboard's own tables and, the first time, what is in them."""
    db.create_all()
    if db.session.scalar(select(func.count()).select_from(User)):
        return
    for name, email, role in (
        ("Mia Laurent", DEMO_EMAIL, "marketer"),
        ("Theo Park", VIEWER_EMAIL, "viewer"),
    ):
        password = generate_password_hash(DEMO_PASSWORD, method="pbkdf2:sha256:60000")
        db.session.add(User(name=name, email=email, role=role, password_hash=password))
    db.session.add_all([*webinar_guests(), *imported_people(), *drafts()])
    db.session.commit()


def webinar_guests() -> Iterator[Guest]:
    """Forty who came to the webinar; most of them buy at the store Alder as well."""
    for name in ("Ada Lin", "Cyd Wang", "Dee Huang"):
        yield Guest(list_ref="webinar", name=name, email=f"{name.split()[0].lower()}@example.com")
    for number in range(10, 35):
        yield Guest(list_ref="webinar", name=f"Guest {number}", email=f"member{number}@example.com")
    for name in NEWCOMERS:
        yield Guest(list_ref="webinar", name=name, email=_address(name, "example.org"))


def imported_people() -> Iterator[Guest]:
    """A file from 2024: some customers, some whom the store has never heard of."""
    yield Guest(list_ref="import-2024", name="Bea Chen", email="bea@example.com")
    for number in range(100, 400, 3):
        email = f"member{number}@example.com"
        yield Guest(list_ref="import-2024", name=f"Row {number}", email=email)
    for name in NEWCOMERS:
        yield Guest(list_ref="import-2024", name=name, email=_address(name, "example.net"))


def drafts() -> Iterator[Campaign]:
    yield Campaign(
        channel="email",
        name="Autumn lookbook",
        subject="The linen edit is here",
        text="Hello {first_name},\n\nsoft colours, long evenings: our autumn lookbook is out.",
    )
    yield Campaign(
        channel="sms",
        name="Weekend reminder",
        text="Alder Goods: 15% off everything this weekend. Reply STOP to opt out.",
    )


def _address(name: str, domain: str) -> str:
    return f"{name.lower().replace(' ', '.')}@{domain}"
