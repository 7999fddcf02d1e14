"""How this dashboard sends: e-mail by SMTP, or into files without a server; SMS into a log."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from examples.dashboard.models import Campaign, db
from examples.dashboard.plugin import smartpush
from smartpush_shopline import Batch, Recipient

SHOWN = 100
outbox = Blueprint("outbox", __name__, url_prefix="/outbox")


# [readme:sender]
@smartpush.sender("email")
def send_emails(batch: Batch) -> None:
    campaign = campaign_of(batch)
    with mail_server() as server:
        for person in batch:
            server.send_message(email_to(person, campaign, batch))


# [/readme:sender]


@smartpush.sender("sms")
def log_texts(batch: Batch) -> None:
    campaign = campaign_of(batch)
    with sms_log().open("a", encoding="utf-8") as log:
        for person in batch:
            text = merged(campaign.text, person).replace("\n", " ")
            log.write(f"{person.address}\t{text}\n")


def campaign_of(batch: Batch) -> Campaign:
    return db.session.get_one(Campaign, int(batch.campaign_ref.removeprefix("campaign-")))


class OneLine(UnstructuredHeader, BaseHeader):
    """Written as it is. Python would encode a long address to fold it, and a mailbox that looks
    for an address would then find none."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


headers = HeaderRegistry()
for name in ("list-unsubscribe", "message-id"):
    headers.map_to_type(name, OneLine)
MAIL = policy.SMTP.clone(header_factory=headers)


def email_to(person: Recipient, campaign: Campaign, batch: Batch) -> EmailMessage:
    message = EmailMessage(policy=MAIL)
    message["From"] = os.environ.get("SMTP_FROM") or "Juniper <news@juniper.example>"
    message["To"] = person.address
    message["Subject"] = merged(campaign.subject, person)
    message["Message-ID"] = f"<{batch.key}.{person.number}@juniper.example>"
    for name, value in person.headers.items():
        message[name] = value
    text = merged(campaign.text, person)
    message.set_content(f"{text}\n\n-- \nUnsubscribe: {person.unsubscribe_url}\n")
    return message


def merged(text: str, person: Recipient) -> str:
    """ "Hello {first_name}" for this person."""
    for name, value in person.fields.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class Files:
    """Stands in for a mail server: one .eml file per message."""

    def send_message(self, message: EmailMessage) -> None:
        name = message["Message-ID"].strip("<>").split("@")[0]
        (folder() / f"{name}.eml").write_bytes(message.as_bytes())


@contextmanager
def mail_server() -> Iterator[Any]:
    """By SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASSWORD and SMTP_STARTTLS=1, if they are set."""
    host = os.environ.get("SMTP_HOST")
    if not host:
        yield Files()
        return
    with smtplib.SMTP(host, int(os.environ.get("SMTP_PORT") or 25), timeout=30) as server:
        if os.environ.get("SMTP_STARTTLS"):
            server.starttls()
        if user := os.environ.get("SMTP_USER"):
            server.login(user, os.environ.get("SMTP_PASSWORD", ""))
        yield server


def folder() -> Path:
    made = Path(current_app.config["OUTBOX"])
    made.mkdir(parents=True, exist_ok=True)
    return made


def sms_log() -> Path:
    return folder() / "sms.log"


@outbox.get("/")
def index() -> ResponseReturnValue:
    """The newest messages that went into files instead of a mail server, and the SMS log."""
    files = sorted(folder().glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    texts = sms_log().read_text(encoding="utf-8").splitlines() if sms_log().exists() else []
    return render_template(
        "juniper/outbox.html",
        emails=[(file.stem, read(file)) for file in files[:SHOWN]],
        how_many=len(files),
        texts=[line.split("\t", 1) for line in reversed(texts[-SHOWN:])],
    )


@outbox.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    file = next((each for each in folder().glob("*.eml") if each.stem == name), None)
    if file is None:
        abort(404)
    return render_template("juniper/outbox_message.html", message=read(file))


def read(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101  for the type checker
    return message
