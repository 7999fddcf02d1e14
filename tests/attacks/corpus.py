"""Attacks as data: what is sent, what is answered, and which columns may change. Default: none.

The ground they are tried on is in `test_attacks.py`: the stores Alder and Birch are connected,
Cedar waits for a person; Alder has the segment GROUP1, Birch GROUP9; two apps are set up, of the
first of which an older secret is still listed; nobody's token can be exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

APP, OTHER_APP = "demo_app_key", "other_app_key"
SECRET, OLD_SECRET = "test_app_secret_0123456789abcdef", "older_secret_0123456789abcdef012"
OTHER_SECRET, GONE_SECRET = "other_app_secret_0123456789abcde", "secret_from_before_the_rotation1"
ALDER, BIRCH, CEDAR = "1610418123456", "1610418654321", "1610418777777"
NOTHING: frozenset[str] = frozenset()
NOTED = frozenset({"smartpush_delivery+", "smartpush_shop.last_webhook_at"})
"""A delivery that is signed is stored and answered; what it then does is another matter."""
ASKED = NOTED | {"smartpush_shop.confirm_at"}
REREAD = NOTED | {
    f"smartpush_segment.{column}"
    for column in ("stale_reason", "stale_since", "next_try_at", "changed_at", "attempts")
}


@dataclass(frozen=True)
class Attack:
    """One request. `person`: everything, nothing, or the one store that may be used."""

    name: str
    path: str
    status: int
    method: str = "GET"
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    person: str = "everything"
    may_change: frozenset[str] = NOTHING


# -- links ---------------------------------------------------------------------------------------

OPEN, CALLBACK, LAUNCH = "/shopline", "/shopline/callback", "/launch/segment"


@dataclass(frozen=True)
class Link:
    """A link to one of the doors: what was signed, by whom, when, and what was done to it then."""

    name: str
    status: int
    door: str = ""
    signed: Mapping[str, str | None] = field(default_factory=dict)
    secret: str = SECRET
    age: int = 0
    shown: Mapping[str, str | None] = field(default_factory=dict)
    swap: tuple[str, str] = ("", "")
    append: str = ""
    prepend: str = ""


ON_EVERY_DOOR = [
    Link("no signature", 401, shown={"sign": None}),
    Link("empty signature", 401, shown={"sign": ""}),
    Link("zeros for a signature", 401, shown={"sign": "0" * 64}),
    Link("half a signature", 401, swap=("&sign=", "&sign=00000000")),
    Link("signature in capitals", 401, shown={"sign": "UPPER"}),
    Link("two signatures, the good one last", 401, prepend="sign=" + "0" * 64 + "&"),
    Link("two signatures, the good one first", 401, append="&sign=" + "0" * 64),
    Link("signature under another name", 401, swap=("&sign=", "&hmac=")),
    Link("signature's name in capitals", 401, swap=("&sign=", "&SIGN=")),
    Link("unknown secret", 401, secret="guessed"),
    Link("empty secret", 401, secret=""),
    Link("secret from before the rotation", 401, secret=GONE_SECRET),
    Link("another app's secret", 401, secret=OTHER_SECRET),
    Link("another app's key behind our signature", 401, shown={"appkey": OTHER_APP}),
    Link("another app's key, signed by ours", 401, signed={"appkey": OTHER_APP}),
    Link("an app nobody knows", 401, signed={"appkey": "unknown"}, secret="anything"),
    Link("no app", 401, signed={"appkey": None}),
    Link("app's key in capitals", 401, signed={"appkey": APP.upper()}),
    Link("two apps", 401, append=f"&appkey={OTHER_APP}"),
    Link("two apps, ours last", 401, prepend=f"appkey={OTHER_APP}&"),
    Link("swapped store", 401, shown={"handle": "birch"}),
    Link("second store appended", 401, append="&handle=birch"),
    Link("second store in front", 401, prepend="handle=birch&"),
    Link("second store as a list", 401, append="&handle[]=birch"),
    Link("store in capitals", 401, signed={"handle": "ALDER"}),
    Link("store with its domain", 401, signed={"handle": "alder.myshopline.com"}),
    Link("store on another host", 401, signed={"handle": "evil.example/alder"}),
    Link("store with a port", 401, signed={"handle": "alder:8080"}),
    Link("store with a user", 401, signed={"handle": "alder@evil.example"}),
    Link("store that climbs", 401, signed={"handle": "../birch"}),
    Link("store with a null", 401, signed={"handle": "alder\x00"}),
    Link("store with a line end", 401, signed={"handle": "alder\n"}),
    Link("store with a fraction", 401, signed={"handle": "alder#"}),
    Link("store in other letters", 401, signed={"handle": "аlder"}),
    Link("store in full width", 401, signed={"handle": "ａlder"}),
    Link("store with a format mark", 401, signed={"handle": "{handle}"}),
    Link("store that begins with a dash", 401, signed={"handle": "-alder"}),
    Link("empty store", 401, signed={"handle": ""}),
    Link("no store", 401, signed={"handle": None}),
    Link("store re-split out of another value", 401,
         signed={"customField": "x&handle=birch&z="},
         swap=("customField=x%26handle%3Dbirch%26z%3D&", "customField=x&handle=birch&z=&")),
    Link("value that can be split", 401, signed={"customField": "x&handle=birch"}),
    Link("value that decodes twice", 401, signed={"customField": "%26handle%3Dbirch"}),
    Link("name that can be split", 401, signed={"a=b": "c"}),
    Link("name that hides an ampersand", 401, signed={"a&handle": "birch"}),
    Link("timestamp moved", 401, shown={"timestamp": "1795492800001"}),
    Link("timestamp dropped", 401, shown={"timestamp": None}),
    Link("no timestamp at all", 401, signed={"timestamp": None}),
    Link("timestamp in words", 401, signed={"timestamp": "now"}),
    Link("negative timestamp", 401, signed={"timestamp": "-1"}),
    Link("timestamp in other digits", 401, signed={"timestamp": "１７９５４９２８０００００"}),
    Link("endless timestamp", 401, signed={"timestamp": "9" * 400}),
    Link("timestamp in seconds", 403, signed={"timestamp": "1795492800"}),
    Link("timestamp with a fraction", 401, signed={"timestamp": "1795492800000.0"}),
    Link("eleven minutes old", 403, age=11 * 60),
    Link("a second too old", 403, age=601),
    Link("eleven minutes from now", 403, age=-11 * 60),
    Link("a year old", 403, age=365 * 86400),
    Link("parameter appended", 401, append="&segment_id=GROUP9"),
    Link("id appended", 401, append="&id=GROUP9"),
    Link("list of ids appended", 401, append="&ids[]=GROUP9&ids[]=GROUP1"),
    Link("language appended", 401, append="&lang=en"),
    Link("proxy appended", 401, append="&proxyDomain=evil.example"),
    Link("way back appended", 401, append="&next=https://evil.example/"),
    Link("parameter dropped", 401, signed={"extra": "1"}, shown={"extra": None}),
    Link("value emptied", 401, signed={"extra": "1"}, shown={"extra": ""}),
    Link("plus for a space", 401, signed={"extra": "a+b"}, swap=("extra=a%2Bb", "extra=a+b")),
    Link("encoded twice", 401, signed={"extra": "a b"}, swap=("a%20b", "a%2520b")),
    Link("broken encoding", 401, append="&x=%zz"),
    Link("encoding that is no text", 401, append="&x=%ff%fe"),
    Link("null in a value", 401, signed={"extra": "a\x00b"}),
    Link("line end in a value", 401, signed={"extra": "a\r\nSet-Cookie: b"}),
    Link("four kilobytes and more", 414, signed={"extra": "x" * 5000}),
    Link("thousand parameters", 414, append="&a=1" * 1500),
    Link("semicolons for ampersands", 401, swap=("&handle", ";handle")),
]

ON_ONE_DOOR = [
    Link("no code", 401, CALLBACK, signed={"code": None}),
    Link("empty code", 401, CALLBACK, signed={"code": ""}),
    Link("swapped code", 401, CALLBACK, shown={"code": "another"}),
    Link("second code", 401, CALLBACK, append="&code=another"),
    Link("state of another browser", 502, CALLBACK, signed={"customField": "made.elsewhere"}),
    Link("code SHOPLINE does not know", 502, CALLBACK),
    Link("callback for another store", 401, CALLBACK, shown={"handle": "birch"}),
    Link("open request as a callback", 401, CALLBACK, signed={"code": None, "lang": "en"}),
    Link("swapped segment", 401, LAUNCH, shown={"segment_id": "GROUP9"}),
    Link("second segment", 401, LAUNCH, append="&segment_id=GROUP9"),
    Link("segment under another name in front", 401, LAUNCH, prepend="segmentId=GROUP9&"),
    Link("all customers instead", 401, LAUNCH, shown={"segment_id": "all"}),
    Link("segment's id in another case", 401, LAUNCH, shown={"segment_id": "group1"}),
    Link("swapped channel", 401, LAUNCH, signed={"channel": "email"}, shown={"channel": "sms"}),
    Link("store that waits", 404, LAUNCH, signed={"handle": "cedar"}),
    Link("store nobody knows", 404, LAUNCH, signed={"handle": "dogwood"}),
    Link("store under the other app", 404, LAUNCH, signed={"appkey": OTHER_APP},
         secret=OTHER_SECRET),
]


# -- deliveries ----------------------------------------------------------------------------------

HOOKS = "/webhooks/shopline"


@dataclass(frozen=True)
class Post:
    """A delivery: its body, by whom it is signed, and what its headers say."""

    name: str
    status: int
    topic: str = "customers/update"
    body: Any = None
    signed_by: str | None = SECRET
    sent: bytes | None = None
    """Other bytes than were signed."""
    sign: str | None = None
    shop: str | None = ALDER
    domain: str = "alder.myshopline.com"
    headers: Mapping[str, str | None] = field(default_factory=dict)
    may_change: frozenset[str] = NOTHING


ADA = {"id": "1", "email": "ada@example.com", "email_subscribe_flag": 1, "state": 3}
GROUP = {"id": "GROUP1", "store_id": ALDER, "deleted_at": "2026-11-02T02:00:00+0000"}
LEAVING = {"appkey": APP, "handle": "alder", "store_id": ALDER, "operate": "UNINSTALL"}

DELIVERIES = [
    Post("no signature", 401, body=ADA, sign=""),
    Post("signature of blanks", 401, body=ADA, sign="   "),
    Post("zeros", 401, body=ADA, sign="0" * 64),
    Post("63 digits", 401, body=ADA, sign="0" * 63),
    Post("65 digits", 401, body=ADA, sign="0" * 65),
    Post("signature that is no text", 401, body=ADA, sign="ü" * 32),
    Post("base64 of too little", 401, body=ADA, sign="AAAA"),
    Post("base64 without its end", 401, body=ADA, sign="A" * 43),
    Post("two signatures in one", 401, body=ADA, sign="0" * 64 + "," + "0" * 64),
    Post("signature with its kind", 401, body=ADA, sign="sha256=" + "0" * 64),
    Post("unknown secret", 401, body=ADA, signed_by="guessed"),
    Post("empty secret", 401, body=ADA, signed_by=""),
    Post("secret from before the rotation", 401, body=ADA, signed_by=GONE_SECRET),
    Post("app's key as the secret", 401, body=ADA, signed_by=APP),
    Post("body changed", 401, body=ADA, sent=b'{"id":"2"}'),
    Post("body grown by a blank", 401, body=b"{}", sent=b"{} "),
    Post("body shrunk", 401, body=b"{} ", sent=b"{}"),
    Post("empty body for another one", 401, body=ADA, sent=b""),
    Post("body with another flag", 401, body=b'{"id":"1","state":3}', sent=b'{"id":"1","state":0}'),
    Post("other order of the same words", 401, body=b'{"a":1,"b":2}', sent=b'{"b":2,"a":1}'),
    Post("body with a mark in front", 401, body=b"{}", sent=b"\xef\xbb\xbf{}"),
    Post("same words in another code", 401, body=b"{}", sent="{}".encode("utf-16")),
    Post("too large", 413, body=b"x" * (2 * 1024 * 1024 + 1)),
    Post("another store's number", 200, body=ADA, shop="999"),
    Post("number of nobody, known domain", 200, body=ADA, shop="1", domain="birch.myshopline.com"),
    Post("a store that waits", 200, body=ADA, shop=CEDAR, domain="cedar.myshopline.com"),
    Post("no store at all", 200, body=ADA, shop=None, domain=""),
    Post("domain of somebody else", 200, body=ADA, shop=None, domain="evil.example"),
    Post("domain that only looks so", 200, body=ADA, shop=None, domain="alder-evil.myshopline.com"),
    Post("store's number with a blank", 200, body=ADA, shop=" ", domain="evil.example"),
    Post("store's number as a statement", 200, body=ADA, shop="' OR 1=1 --", domain="x"),
    Post("topic nobody handles", 200, topic="evil/topic", body=ADA, may_change=NOTED),
    Post("topic in capitals", 200, topic="CUSTOMERS/UPDATE", body=ADA, may_change=NOTED),
    Post("no topic", 200, topic="", body=ADA, may_change=NOTED),
    Post("endless topic", 200, topic="x" * 4000, body=ADA, may_change=NOTED),
    Post("no JSON", 200, body=b"not json", may_change=NOTED),
    Post("a list for an object", 200, body=b"[1, 2]", may_change=NOTED),
    Post("a number for an object", 200, body=b"42", may_change=NOTED),
    Post("nothing", 200, body=b"", may_change=NOTED),
    Post("very deep", 200, body=b"[" * 100_000, may_change=NOTED),
    Post("very deep in an object", 200, body=b'{"a":' * 50_000, may_change=NOTED),
    Post("no text", 200, body=b"\xff\xfe\x00", may_change=NOTED),
    Post("customer without an id", 200, body={"email": "a@example.com"}, may_change=NOTED),
    Post("customer whose id is a list", 200, body={"id": [1]}, may_change=NOTED),
    Post("customer whose id is true", 200, body={"id": True}, may_change=NOTED),
    Post("deletion without an id", 200, "customers/delete", {}, may_change=NOTED),
    Post("segment without an id", 200, "customer_groups/update", {"name": "x"}, may_change=NOTED),
    Post("segment deleted, said to Birch", 200, "customer_groups/delete", GROUP, shop=BIRCH,
         domain="birch.myshopline.com", may_change=NOTED),
    Post("segment deleted without a store", 200, "customer_groups/delete", {"id": "GROUP1"},
         may_change=REREAD),
    Post("segment deleted in another store", 200, "customer_groups/delete",
         {**GROUP, "store_id": BIRCH}, may_change=REREAD),
    Post("change of a customer as a deletion of a segment", 200, "customer_groups/delete",
         {"id": "GROUP1", "email": "a@example.com"}, may_change=REREAD),
    Post("uninstall of another store", 200, "apps/installed_uninstalled",
         {**LEAVING, "handle": "birch"}, may_change=NOTED),
    Post("uninstall said to Birch", 200, "apps/installed_uninstalled", LEAVING, shop=BIRCH,
         domain="birch.myshopline.com", may_change=NOTED),
    Post("uninstall of another app", 200, "apps/installed_uninstalled",
         {**LEAVING, "appkey": OTHER_APP}, may_change=NOTED),
    Post("uninstall of nobody", 200, "apps/installed_uninstalled", {"operate": "UNINSTALL"},
         may_change=ASKED),
    Post("uninstall in another case of the store", 200, "apps/installed_uninstalled",
         {**LEAVING, "handle": "ALDER"}, may_change=NOTED),
    Post("customer's words as an uninstall", 200, "apps/installed_uninstalled", ADA,
         may_change=NOTED),
    Post("install as an uninstall", 200, "apps/installed_uninstalled",
         {**LEAVING, "operate": "INSTALL"}, may_change=NOTED),
    Post("uninstall that is no word", 200, "apps/installed_uninstalled",
         {**LEAVING, "operate": ["UNINSTALL"]}, may_change=NOTED),
    Post("store's news with another number", 200, "merchants/update",
         {"id": BIRCH, "name": "Evil", "iana_timezone": "UTC"}, may_change=ASKED),
    Post("store's news without a number", 200, "merchants/update", {"name": "Evil"},
         may_change=ASKED),
    Post("store's news in a zone that climbs", 200, "merchants/update",
         {"id": ALDER, "iana_timezone": "../../etc/passwd"}, may_change=NOTED),
    Post("store's news in a zone that is no word", 200, "merchants/update",
         {"id": ALDER, "iana_timezone": 8}, may_change=NOTED),
    Post("customer's words as store's news", 200, "merchants/update", ADA, may_change=ASKED),
    Post("form for a body", 401, body=ADA, sign="0" * 64,
         headers={"Content-Type": "application/x-www-form-urlencoded"}),
    Post("another content type", 200, topic="evil/topic", body=ADA, may_change=NOTED,
         headers={"Content-Type": "text/plain"}),
    Post("method in a header", 401, body=ADA, sign="0" * 64,
         headers={"X-HTTP-Method-Override": "DELETE"}),
    Post("signature under the older name", 401, body=ADA, sign="",
         headers={"X-Shopify-Hmac-Sha256": "0" * 64}),
]


# -- pages, buttons, paths -----------------------------------------------------------------------

SITES = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
BUTTONS = ("/connect/3", "/picker?field=recipients", "/segments/1/check", "/audiences/1/take")

PAGES = [
    *[
        Attack(f"{button} pressed by another site {number}", button, 403, "POST", {}, site)
        for button in BUTTONS
        for number, site in enumerate(SITES)
    ],
    Attack("connect without a login", "/connect/3", 404, "POST", person="nobody"),
    Attack("connect by one who may only look", "/connect/3", 403, "POST", person="view"),
    Attack("connect a store that is not one's own", "/connect/3", 404, "POST", person="birch"),
    Attack("connect by a link", "/connect/3", 405),
    Attack("connect a store that is not there", "/connect/99", 404, "POST"),
    Attack("connect a negative store", "/connect/-1", 404, "POST"),
    Attack("connect a word", "/connect/alder", 404, "POST"),
    Attack("connect the connected again", "/connect/1", 303, "POST"),
    Attack("webhooks by a link", HOOKS, 405),
    Attack("webhooks by another method", HOOKS, 405, "PUT", b"{}"),
    Attack("open the app by a form", OPEN, 405, "POST", {}),
    Attack("create a campaign by a form", LAUNCH, 405, "POST", {}),
    Attack("go on with nothing", "/launch/continue/", 404),
    Attack("go on with a guess", "/launch/continue/guess", 403),
    Attack("go on to another site", "/launch/continue/https://evil.example", 404),
    Attack("go on with a null", "/launch/continue/%00", 403),
    Attack("go on with other letters", "/launch/continue/ü.ü", 403),
    Attack("go on with a seal of nobody", "/launch/continue/WzEsWyJvcGVuIiwiIiwiIl1d.AAAA", 403),
    Attack("go on with an endless seal", "/launch/continue/" + "A" * 6000, 403),
    Attack("segment of another store", "/segments/2", 404, person="alder"),
    Attack("segment's own store", "/segments/1", 404, person="birch"),
    Attack("check another store's segment", "/segments/2/check", 404, "POST", person="alder"),
    Attack("segment that climbs", "/segments/..%2f..%2fetc", 404),
    Attack("segment with a null", "/segments/1%00", 404),
    Attack("segment as a statement", "/segments/1%20OR%201=1", 404),
    Attack("file that climbs", "/static/../settings.py", 404),
    Attack("file that climbs in code", "/static/..%2f..%2fsettings.py", 404),
    Attack("file of the machine", "/static//etc/passwd", 308),
    Attack("choice of nobody", "/picker?field=recipients", 400, "POST", {"recipients": ""}),
    Attack("choice that is a guess", "/picker?field=recipients", 400, "POST",
           {"recipients": "eyJzaG9wX2lkIjoxfQ.AAAA"}),
    Attack("choice of another store", "/picker?field=recipients", 404, "POST",
           {"recipients": "CHOICE-OF-2"}, person="alder"),
    Attack("choice by one who may only look", "/picker?field=recipients", 403, "POST",
           {"recipients": "CHOICE-OF-1"}, person="view"),
    Attack("segment of another store in one's choice", "/picker?field=recipients", 200, "POST",
           {"recipients": "CHOICE-OF-1", "recipients-do": "include:segment:2"}),
    Attack("button that is none", "/picker?field=recipients", 200, "POST",
           {"recipients": "CHOICE-OF-1", "recipients-do": "everyone:2"}),
    Attack("field with a script for a name", "/picker?field=<script>", 400, "POST", {}),
    Attack("field without a name", "/picker", 400, "POST", {}),
    Attack("people of no campaign", "/audiences/99/recipients.csv", 404),
    Attack("people without a login", "/audiences/1/recipients.csv", 403, person="nobody"),
    Attack("overview without a login", "/", 403, person="nobody"),
    Attack("facts without a login", "/status.json", 403, person="nobody"),
    Attack("campaign without a login", "LINK", 403, person="nobody"),
    Attack("campaign of a store that is not one's own", "LINK", 403, person="birch"),
    Attack("campaign by one who may only look", "LINK", 403, person="view"),
]

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "=cmd|' '!A0"]


def links() -> Iterator[tuple[str, Link]]:
    for door in (OPEN, CALLBACK, LAUNCH):
        for link in ON_EVERY_DOOR:
            yield door, link
    for link in ON_ONE_DOOR:
        yield link.door, link
