"""``python -m smartpush_shopline.sandbox``: serves the two demo stores on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

from .app import close, create_app
from .serve import HOST, PortInUse, listen
from .settings import Settings


def parser(environment: Mapping[str, str] | None = None) -> argparse.ArgumentParser:
    """Every option can be given as ``SANDBOX_...`` in the environment, too."""
    usual, env = Settings(), (os.environ if environment is None else environment).get
    made = argparse.ArgumentParser(prog="python -m smartpush_shopline.sandbox", description=__doc__)
    add = made.add_argument
    add("--port", type=int, default=env("SANDBOX_PORT", "5001"), help="0 takes a free one")
    add("--data", type=Path, default=env("SANDBOX_DATA") or None, help="file that keeps the stores")
    add("--customers", type=int, default=env("SANDBOX_CUSTOMERS"), help="how many alder has")
    add("--app-key", default=env("SANDBOX_APP_KEY", usual.app_key), help="your app's key")
    add("--app-secret", default=env("SANDBOX_APP_SECRET", usual.app_secret), help="its secret")
    add("--app-url", default=env("SANDBOX_APP_URL", usual.app_url), help="where it is opened")
    add("--gdpr-url", default=env("SANDBOX_GDPR_URL"), help="address for the redact topics")
    forms = ["hex", "base64"]
    hmac = env("SANDBOX_WEBHOOK_HMAC", "hex")
    add("--webhook-hmac", choices=forms, default=hmac, help="hex or base64")
    factor = env("SANDBOX_RETRY_FACTOR", "1")
    add("--retry-factor", type=float, default=factor, help="times the waits of failed webhooks")
    add("--bucket", type=int, default=env("SANDBOX_BUCKET", "40"), help="0: no rate limit")
    return made


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    port = given.port
    options = {name: value for name, value in vars(given).items() if name != "port"}
    try:
        app = create_app(Settings(**options))
    except sqlite3.Error as error:
        sys.stderr.write(f"The file {given.data} cannot be used: {error}.\n")
        return 1
    try:
        server = listen(app, port)
    except PortInUse as error:
        sys.stderr.write(f"{error} Choose another with --port.\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"Sandbox stores: http://{HOST}:{server.port}/ (Ctrl-C ends them)\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        close(app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
