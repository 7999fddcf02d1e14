"""Every attack of the corpus gets its answer, and no row changes that it may not change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import inspect, text

from smartpush_shopline.audiences.choice import Choice
from smartpush_shopline.audiences.why.export import escaped
from smartpush_shopline.shopline import sign_query
from smartpush_shopline.shops import install
from tests.attacks import corpus
from tests.attacks.corpus import HOOKS, LAUNCH, SECRET, Attack, Link, Post
from tests.hosting import Host, close_host, make_host
from tests.support import ADA, FERNET_KEY, NOW, TOKEN, Clock, People, make_shop

PREFIX = "/smartpush"
STORES = (("alder", corpus.ALDER, "GROUP1"), ("birch", corpus.BIRCH, "GROUP9"))
PEOPLE = {
    "everything": lambda action, shop: True,
    "nobody": lambda action, shop: False,
    "view": lambda action, shop: action == "view",
    "alder": lambda action, shop: shop is None or shop.handle == "alder",
    "birch": lambda action, shop: shop is None or shop.handle == "birch",
}


@pytest.fixture(scope="module")
def _ground(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Two connected stores and one that waits; the road to SHOPLINE leads nowhere."""
    path = tmp_path_factory.mktemp("attacks") / "dashboard.sqlite"
    shutil.copyfile(_migrated, path)
    host = make_host(
        f"sqlite:///{path}",
        Clock(),
        SMARTPUSH_APPS={
            corpus.APP: [SECRET, corpus.OLD_SECRET],
            corpus.OTHER_APP: [corpus.OTHER_SECRET],
        },
        SMARTPUSH_STORE_BASE_URL="http://127.0.0.1:1/{handle}",
        SMARTPUSH_LOGIN_ENDPOINT="login",
    )
    host.state.ring = lambda job, *more, **others: (
        host.state.jobs["inbox"](host.state, None) if job == "inbox" else None
    )
    scopes = ",".join(host.state.settings.scopes)
    for handle, ref, group in STORES:
        shop_id = make_shop(
            host.database, handle, store_ref=ref, scopes=scopes, timezone="Asia/Taipei"
        )
        people = People(host.database, shop_id, host.clock)
        people.take(ADA)
        people.segment(group, ADA.ref)
    with host.database.begin() as session:
        install.record_install(session, corpus.APP, "cedar", TOKEN, [FERNET_KEY], NOW)
    ground = Ground(host, path)
    ground.remember()
    yield ground
    close_host(host)


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Host]:
    """As on the first day, for each attack."""
    _ground.host.allows = PEOPLE["everything"]
    yield _ground.host
    _ground.restore()


@dataclass
class Ground:
    host: Host
    path: Path
    rows: dict[str, Any] = field(default_factory=dict)

    def remember(self) -> None:
        self._fold()
        shutil.copyfile(self.path, f"{self.path}.kept")
        self.rows = everything(self.host)

    def restore(self) -> None:
        if everything(self.host) != self.rows:
            self._fold()
            shutil.copyfile(f"{self.path}.kept", self.path)

    def _fold(self) -> None:
        """Nobody holds the file, and no journal lies beside it."""
        self.host.database.engine.dispose()
        with self.host.app.app_context():
            self.host.db.engine.dispose()
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def everything(host: Host) -> dict[str, dict[str, tuple[object, ...]]]:
    """Every row of ours, by table and by its first columns."""
    found = {}
    with host.database.read() as session:
        tables = inspect(session.connection()).get_table_names()
        for table in sorted(t for t in tables if t.startswith("smartpush_") and "version" not in t):
            rows = session.execute(text(f'SELECT rowid AS "rowid!", * FROM "{table}"'))
            found[table] = {str(row["rowid!"]): dict(row) for row in rows.mappings()}
    return found


def changes(before: dict, after: dict) -> set[str]:
    """`table+`, `table-` for rows that came and went, `table.column` for one that is another."""
    seen = set()
    for table, rows in after.items():
        was = before[table]
        seen |= {f"{table}+" for key in rows if key not in was}
        seen |= {f"{table}-" for key in was if key not in rows}
        for key in rows.keys() & was.keys():
            seen |= {f"{table}.{c}" for c, value in rows[key].items() if value != was[key][c]}
    return seen


def try_it(host: Host, attack: Attack) -> None:
    host.allows = PEOPLE[attack.person]
    before = everything(host)
    answer = host.browser().open(
        PREFIX + attack.path, method=attack.method, data=attack.data, headers=dict(attack.headers)
    )
    changed = changes(before, everything(host))
    assert answer.status_code == attack.status, answer.text[-300:]
    assert changed <= attack.may_change
    assert "evil.example" not in answer.headers.get("Location", "")
    assert "Traceback" not in answer.text


def query_of(link: Link) -> str:
    moment = int((NOW.timestamp() - link.age) * 1000)
    params: dict[str, str | None] = {
        "appkey": corpus.APP,
        "handle": "alder",
        "timestamp": str(moment),
        "segment_id": "GROUP1",
        "code": "abc123",
        **link.signed,
    }
    signed = {name: value for name, value in params.items() if value is not None}
    sign = sign_query(signed, link.secret)
    shown: dict[str, str | None] = {**signed, "sign": sign, **link.shown}
    if shown["sign"] == "UPPER":
        shown["sign"] = sign.upper()
    kept = {name: value for name, value in shown.items() if value is not None}
    query = link.prepend + urlencode(kept, quote_via=quote) + link.append
    assert not link.swap[0] or link.swap[0] in query
    return query.replace(*link.swap) if link.swap[0] else query


@pytest.mark.parametrize(
    ("door", "link"),
    [pytest.param(door, link, id=f"{door[1:]}: {link.name}") for door, link in corpus.links()],
)
def test_a_changed_link_opens_no_door(ground: Host, door: str, link: Link) -> None:
    try_it(ground, Attack(link.name, f"{door}?{query_of(link)}", link.status))


@pytest.mark.parametrize("post", [pytest.param(post, id=post.name) for post in corpus.DELIVERIES])
def test_a_delivery_does_no_more_than_it_may(ground: Host, post: Post) -> None:
    try_it(ground, as_attack(post))


def as_attack(post: Post) -> Attack:
    body = post.body if isinstance(post.body, bytes) else json.dumps(post.body).encode()
    sign = post.sign
    if sign is None:
        sign = hmac.new((post.signed_by or "").encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Shopline-Topic": post.topic,
        "X-Shopline-Hmac-Sha256": sign,
        "X-Shopline-Shop-Id": post.shop,
        "X-Shopline-Shop-Domain": post.domain,
        "X-Shopline-Webhook-Id": "message-1",
        **post.headers,
    }
    sent = body if post.sent is None else post.sent
    said = {name: value for name, value in headers.items() if value is not None}
    return Attack(post.name, HOOKS, post.status, "POST", sent, said, may_change=post.may_change)


@pytest.mark.parametrize("attack", [pytest.param(each, id=each.name) for each in corpus.PAGES])
def test_no_page_or_button_gives_more_than_it_may(
    ground: Host, attack: Attack
) -> None:
    path, data = attack.path, attack.data
    if path == "LINK":
        path = f"{LAUNCH}?{query_of(Link('good', 0))}"
    if isinstance(data, dict):
        data = {name: choice_in(ground, value) for name, value in data.items()}
    try_it(ground, replace(attack, path=path, data=data))


def choice_in(host: Host, value: str) -> str:
    if not value.startswith("CHOICE-OF-"):
        return value
    with host.app.test_request_context():
        return Choice(int(value[-1]), "email").dump()


@pytest.mark.parametrize("name", corpus.FORMULAS)
def test_no_cell_is_a_formula(name: str) -> None:
    assert escaped(name) == f"'{name}"


def test_the_ground_is_sound(ground: Host) -> None:
    """Unchanged, the same requests are let in: else nothing above proves anything."""
    browser, good = ground.browser(), query_of(Link("good", 0))
    assert browser.get(f"{PREFIX}{LAUNCH}?{good}").status_code == 302
    for secret in (SECRET, corpus.OLD_SECRET):
        opened = query_of(Link("good", 0, secret=secret, signed={"segment_id": None}))
        assert browser.get(f"{PREFIX}/shopline?{opened}").headers["Location"] == f"{PREFIX}/"
    before = everything(ground)
    leaving = as_attack(Post("good", 200, "apps/installed_uninstalled", corpus.LEAVING))
    headers = dict(leaving.headers)
    digest = bytes.fromhex(headers["X-Shopline-Hmac-Sha256"])
    headers["X-Shopline-Hmac-Sha256"] = base64.b64encode(digest).decode()
    assert browser.post(PREFIX + HOOKS, data=leaving.data, headers=headers).status_code == 200
    assert "smartpush_shop.status" in changes(before, everything(ground))
    after = everything(ground)
    assert browser.post(PREFIX + HOOKS, data=leaving.data, headers=headers).status_code == 200
    assert changes(after, everything(ground)) == set(), "again is nothing new"


def test_the_corpus_is_large() -> None:
    names = [f"{door} {link.name}" for door, link in corpus.links()]
    names += [f"post {post.name}" for post in corpus.DELIVERIES]
    names += [attack.name for attack in corpus.PAGES]
    assert len(set(names)) == len(names) >= 200
