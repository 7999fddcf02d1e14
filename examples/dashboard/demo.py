"""`make demo`: a store on your own machine, a dashboard beside it, and the two connected."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from flask import Flask

from examples.dashboard import create_app
from examples.dashboard.config import Misplaced, Place
from examples.dashboard.connecting import Visitor, wait_for_first_sync
from examples.dashboard.plugin import smartpush
from examples.dashboard.running import DemoFailed, Sandbox, check_ports, served
from examples.dashboard.seed import DEMO_EMAIL, DEMO_PASSWORD, VIEWER_EMAIL, fill_tables
from smartpush_shopline import ConfigurationError

STORE = "alder"


class Stopped(BaseException):
    """Ctrl-C, or whoever started us wants us gone."""


def main(environment: Mapping[str, str] = os.environ) -> int:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, _stop)
    try:
        run(environment)
    except (Misplaced, DemoFailed, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped.")
    return 0


def run(environment: Mapping[str, str]) -> None:
    place = Place.from_environment(environment)
    check_ports(place)
    app = prepare(place)
    sandbox = Sandbox(place)
    try:
        sandbox.wait_until_up()
        with served(app, place):
            if environment.get("CONNECTED") != "0":
                connect(place, sandbox)
            tell(place, connected=environment.get("CONNECTED") != "0")
            watch(sandbox)
    finally:
        for late in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(late, signal.SIG_IGN)
        sandbox.stop()


def prepare(place: Place) -> Flask:
    """The app, with both halves of its database brought up to date."""
    make_folder(place)
    logging.basicConfig(
        filename=place.data_dir / "dashboard.log",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    app = create_app()
    with app.app_context():
        fill_tables()
        smartpush.upgrade_database()
    return app


def make_folder(place: Place) -> None:
    try:
        place.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misplaced(f"DATA_DIR {place.data_dir} cannot be made: {error.strerror}.") from None


def connect(place: Place, sandbox: Sandbox) -> None:
    with closing(Visitor(place)) as visitor:
        if STORE not in visitor.shops():
            print(f"Connecting the store {STORE} ...")
            visitor.connect(STORE)
        for line in wait_for_first_sync(visitor, STORE, sandbox.check):
            print(f"  {line}")


def watch(sandbox: Sandbox) -> NoReturn:
    """Until a signal comes, or the sandbox dies."""
    forever = threading.Event()
    while True:
        forever.wait(0.5)
        sandbox.check()


def tell(place: Place, *, connected: bool) -> None:
    admin = f"{place.sandbox_url}/{STORE}/admin"
    tries = [
        f"Choose recipients:  {place.url}/campaigns/new?channel=email",
        f"From the Admin:     {admin}/segments  ->  a segment  ->  Create Campaign",
        "Watch it follow:    rename or change a segment there; the dashboard has it in 2 seconds",
        f"Freshness, history: {place.url}/smartpush/",
        "See a list stay:    save a campaign, unsubscribe somebody in the Admin, look at it again",
        f"Send it:            Mark ready, Send now, then {place.url}/outbox/ and a link in it",
    ]
    if not connected:
        tries[0] = f"Connect the store:  sign in at {place.url}, then {admin}/apps  ->  Open app"
    print(
        f"\nDashboard      {place.url}\n"
        f"Sandbox store  {admin}\n"
        f"Sign in        {DEMO_EMAIL}, password {DEMO_PASSWORD}"
        f"   ({VIEWER_EMAIL} may only look)\n"
        f"Kept in        {place.data_dir}\n"
    )
    print("Six things to try:")
    for number, line in enumerate(tries, 1):
        print(f"  {number}. {line}")
    print(f"\nThe command line of this demo:\n  {command_line(place)}")
    print(f"\nready at {place.url} (Ctrl-C stops everything)")


def command_line(place: Place) -> str:
    """Without these variables it would ask another demo, in another folder."""
    folder, flask = shlex.quote(str(place.data_dir)), Path(sys.executable).with_name("flask")
    where = f"DATA_DIR={folder} PORT={place.port} SANDBOX_PORT={place.sandbox_port}"
    return f"{where} {shlex.quote(str(flask))} --app examples.dashboard smartpush status"


def _stop(number: int, frame: object) -> NoReturn:
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
