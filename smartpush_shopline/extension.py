"""SmartPush: the object a dashboard makes. The only module that knows every room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flask import Blueprint, Flask
from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup
from sqlalchemy.orm import Session

from . import cli, clock, htmx, i18n, migrations
from .activity.views import blueprint as activity_pages
from .audiences.book import Audiences
from .audiences.pages.answers import blueprint as audience_answers
from .audiences.pages.asking import blueprint as audience_people
from .audiences.pages.delivery import blueprint as delivery_pages
from .audiences.pages.smart import blueprint as smart_sending
from .audiences.pages.views import blueprint as audience_pages
from .audiences.picking import picker
from .audiences.sending.batching import Sender
from .audiences.sending.loop import jobs as sending_jobs
from .audiences.unsubscribing.views import blueprint as unsubscribe_door
from .books import JobBook, TopicBook
from .contacts.book import Contacts
from .contacts.host_opt_outs import jobs as opt_out_jobs
from .contacts.redacting import jobs as erasures
from .contacts.redacting import topics as erasure_topics
from .contacts.suppression.views import blueprint as contact_pages
from .contacts.suppression.working import jobs as suppression_jobs
from .contacts.topics import topics as contact_topics
from .contracts import CHANNELS, NoNativeSegments, OptOuts, SegmentProvider, ShopCard
from .database import Database
from .errors import ConfigurationError
from .inbox.housekeeping import jobs as housekeeping
from .inbox.views import blueprint as inbox_door
from .inbox.working import jobs as inbox_jobs
from .launch.probing import answer_probe
from .launch.views import blueprint as launch_doors
from .runner.ringing import make_runner
from .segments.thinning import jobs as thinning
from .segments.views import blueprint as segment_pages
from .settings import Settings
from .shops import lease
from .shops.finding import connected
from .shops.sender import find_sender, get_shop
from .shops.tokens import check_keys
from .shops.topics import topics as shop_topics
from .shops.wiping import jobs as wipes
from .shops.wiping import topics as wipe_topics
from .sync.jobs import jobs as sync_jobs
from .sync.topics import topics as sync_topics
from .sync.views import blueprint as overview_pages
from .web import State, refuse_impossible_ids, refuse_other_sites, state

HERE = Path(__file__).resolve().parent
ASSETS = HERE if (HERE / "templates").is_dir() else HERE.parent
"""Templates and static files lie in the package once installed, beside it in a checkout."""

NAME = "smartpush"
_PAGES = (
    overview_pages,
    segment_pages,
    contact_pages,
    activity_pages,
    audience_pages,
    audience_people,
    audience_answers,
    delivery_pages,
    smart_sending,
)
_DOORS = (inbox_door, launch_doors, unsubscribe_door)
Rule = TypeVar("Rule", bound=Callable[[str, ShopCard | None], bool])
Finder = TypeVar("Finder", bound=Callable[[], str | None])
Sends = TypeVar("Sends", bound=Sender)
Names = TypeVar("Names", bound=Callable[[str], str | None])
Source = TypeVar("Source", bound=OptOuts)


def _nobody(_action: str, _shop: ShopCard | None) -> bool:
    return False


class SmartPush:
    """SHOPLINE customer segments in a Flask dashboard. One object may serve many apps.

    `db` is the dashboard's Flask-SQLAlchemy. Register rules with the decorators, and call
    `init_app` after `db.init_app` (and after `CSRFProtect`, if the dashboard has one).
    """

    def __init__(self, db: SQLAlchemy) -> None:
        self._db = db
        self._may: Callable[[str, ShopCard | None], bool] = _nobody
        self._in_front: Callable[[], str | None] = lambda: None
        self._senders: dict[str, Sender] = {}
        self._campaign_name: Callable[[str], str | None] = lambda _ref: None
        self._campaign_url: Callable[[str], str | None] = lambda _ref: None
        self._opt_outs: OptOuts | None = None
        self.audiences: Audiences = Audiences()
        self.contacts: Contacts = Contacts()

    def authorizer(self, rule: Rule) -> Rule:
        """`may(action, shop) -> bool`. Without one, every page answers 403.

        Actions: view, choose, send, sync, export, suppress, erase, connect. `shop` is None when the
        question is not about a particular store.
        """
        self._may = rule
        return rule

    def current_shop(self, finder: Finder) -> Finder:
        """`shop() -> handle or None`: the store in front of the person; None for the first."""
        self._in_front = finder
        return finder

    def campaign_name(self, finder: Names) -> Names:
        """`name(campaign_ref) -> str or None`: what a person calls the campaign, for pages and
        receipts. Without one, and for None, they show the reference."""
        self._campaign_name = finder
        return finder

    def campaign_url(self, finder: Names) -> Names:
        """`url(campaign_ref) -> str or None`: the dashboard's page of the campaign. Our pages
        about its recipients link to it; without one, and for None, they do not."""
        self._campaign_url = finder
        return finder

    def sender(self, channel: str) -> Callable[[Sends], Sends]:
        """`send(batch)`: the dashboard's own way of sending, called when a campaign is due.

        It runs in a background job, in an app context. When it returns, the batch counts as
        sent; when it raises, the batch is parked with the reason and the others go on.
        """
        if channel not in CHANNELS:
            raise ConfigurationError(f"A sender is for {' or '.join(CHANNELS)}, not {channel}.")

        def note(function: Sends) -> Sends:
            if channel in self._senders:
                raise ConfigurationError(f"Two senders for {channel}.")
            self._senders[channel] = function
            return function

        return note

    def opt_outs(self, source: Source) -> Source:
        """`opt_outs(since) -> Iterable[OptOut]`, for a dashboard with contacts of its own.

        `since` is None the first time, and for a store that is new. It is asked before the first
        sending and every five minutes, in an app context; it only reads. While it has never
        succeeded nothing is sent; when it fails later it is asked again from where it stopped.
        """
        if self._opt_outs is not None:
            raise ConfigurationError("Two functions for opt_outs.")
        self._opt_outs = source
        return source

    def init_app(
        self,
        app: Flask,
        *,
        native_segments: SegmentProvider | None = None,
        csp_nonce: Callable[[], str] | None = None,
    ) -> None:
        """Plug in. Raises ConfigurationError for a wrong setting or a second call."""
        if NAME in app.extensions:
            raise ConfigurationError("SmartPush is plugged into this app already.")
        if "sqlalchemy" not in app.extensions:
            raise ConfigurationError("Call db.init_app(app) before smartpush.init_app(app).")
        settings = Settings.read(app.config)
        check_keys(settings.encryption_keys)
        with app.app_context():
            database = Database(self._db.engine)
        runner = make_runner(app, settings.runner, settings.tick.total_seconds())
        app.extensions[NAME] = State(
            app=app,
            settings=settings,
            database=database,
            host_session=self._host_session,
            may=lambda action, shop: self._may(action, shop),
            in_front=lambda: self._in_front(),
            native=native_segments or NoNativeSegments(),
            topics=TopicBook.merged(
                [shop_topics, wipe_topics, contact_topics, erasure_topics, sync_topics]
            ),
            jobs=JobBook.merged(
                [
                    inbox_jobs,
                    opt_out_jobs,
                    suppression_jobs,
                    sync_jobs,
                    sending_jobs,
                    erasures,
                    wipes,
                    thinning,
                    housekeeping,
                ]
            ),
            now=clock.utcnow,
            ring=runner.ring,
            find_sender=find_sender,
            get_shop=get_shop,
            lease_seconds=lease.LIFE,
            csp_nonce=csp_nonce,
            opt_outs=lambda: self._opt_outs,
            campaign_name=lambda ref: self._campaign_name(ref),
            campaign_url=lambda ref: self._campaign_url(ref),
            senders=self._senders,
        )
        htmx.init_app(app)
        i18n.init_app(app)
        app.register_blueprint(_house(settings.url_prefix))
        app.cli.add_command(cli.group)
        _exempt_webhooks(app)
        runner.start()

    def _host_session(self) -> Session:
        return self._db.session()

    def is_public(self, endpoint: str | None) -> bool:
        """For a dashboard's login guard: these endpoints check a signature, or hold no secrets."""
        doors = tuple(f"{NAME}.{door.name}." for door in _DOORS)
        private = f"{NAME}.launch.connect"
        return bool(endpoint) and endpoint != private and (
            str(endpoint).startswith(doors) or endpoint == f"{NAME}.static"
        )

    def shops(self) -> list[ShopCard]:
        """The connected stores that the person in front may view."""
        return [shop.card for shop in connected(state().host_session())]

    def assets(self) -> Markup:
        """Style and scripts for a layout into which htmx brings a picker or panel, as in a dialog.

        Whatever else is drawn for the same request then brings none. Works in a request only.
        """
        return picker.assets()

    def upgrade_database(self) -> None:
        """Bring our tables up to date, as `flask smartpush db upgrade` does. In an app context."""
        database = state().database
        with self._db.engine.connect() as connection:
            migrations.bring_up_to_date(connection, database)


def _house(prefix: str) -> Blueprint:
    house = Blueprint(
        NAME,
        __name__,
        url_prefix=prefix,
        template_folder=str(ASSETS / "templates"),
        static_folder=str(ASSETS / "static"),
    )
    house.url_value_preprocessor(refuse_impossible_ids)
    house.before_request(refuse_other_sites)
    house.before_request(answer_probe)
    for room in (*_PAGES, *_DOORS):
        house.register_blueprint(room)
    return house


def _exempt_webhooks(app: Flask) -> None:
    """SHOPLINE signs its posts and we sign unsubscribe links; CSRF tokens are for browsers."""
    csrf = app.extensions.get("csrf")
    if csrf is not None:
        csrf.exempt("smartpush_shopline.inbox.views.receive")
        csrf.exempt("smartpush_shopline.audiences.unsubscribing.views.act")
