"""What only the sandbox has: moods and a new beginning, for tests and scripts.

``/_sandbox/...`` is for both stores, ``/{handle}/_sandbox/...`` for one (``/{handle}/sandbox/`` is
its first spelling).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from . import buying, door, installs, registry
from .door import Refusal, answer, world
from .model import Order
from .moods import translated
from .people import Invalid
from .registry import NoMood
from .state import Store, Unknown
from .tempers import Number
from .wire_orders import order_rest

controls = Blueprint("controls", __name__)
PLACES = ("/_sandbox", "/<handle>/_sandbox", "/<handle>/sandbox")


View = Callable[..., Response]


def control(method: str, path: str) -> Callable[[View], View]:
    """A route at all three places; without a handle it is for every store."""

    def add(view: View) -> View:
        for place in PLACES:
            controls.add_url_rule(f"{place}{path}", view_func=view, methods=[method])
        return view

    return add


@controls.before_request
def _gate() -> None:
    if request.view_args and "handle" in request.view_args:
        door.enter()
    door.check_origin()


def stores() -> list[Store]:
    """Those that are meant."""
    return [door.store()] if door.moods_here() else list(world().stores.values())


@controls.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return answer({"errors": str(refusal)}, refusal.status, plain=True)


@controls.errorhandler(Invalid)
@controls.errorhandler(NoMood)
def _invalid(error: ValueError) -> Response:
    return answer({"errors": str(error)}, 422, plain=True)


@controls.errorhandler(Unknown)
def _unknown(error: Unknown) -> Response:
    return answer({"errors": str(error)}, 404, plain=True)


@control("GET", "/moods")
def read_moods() -> Response:
    return _moods()


@control("POST", "/moods")
def set_moods() -> Response:
    """What is not named stays; everything or, when a word is wrong, nothing."""
    wanted = translated(door.json_body())
    with world().lock:
        for store in stores():
            store.moods.set(wanted)
    return _moods()


@control("DELETE", "/moods")
def clear_moods() -> Response:
    with world().lock:
        for store in stores():
            store.moods.calm()
    return _moods()


@control("GET", "/registry")
def read_registry() -> Response:
    """Every mood, its values, and which of the open questions it answers."""
    return answer([_described(mood) for mood in registry.MOODS.values()], plain=True)


@control("POST", "/reset")
def reset() -> Response:
    """Everything as on the first day; ``?keep_app=1`` leaves the app installed and subscribed."""
    for store in stores():
        store.reset(keep_app=request.args.get("keep_app") == "1")
    last = stores()[0]
    told = {"customers": len(last.customers), "segments": len(last.segments)}
    return answer(told, plain=True)


@control("POST", "/expire-tokens")
def expire_tokens() -> Response:
    for store in stores():
        installs.expire_tokens(store)
    return answer({}, plain=True)


def _moods() -> Response:
    """One store's moods, or those of each by its handle."""
    told = {store.handle: store.moods.as_json() for store in stores()}
    return answer(told if not door.moods_here() else told[door.store().handle], plain=True)


def _described(mood: registry.Mood) -> dict[str, Any]:
    told: dict[str, Any] = {"name": mood.name, "title": mood.title, "group": mood.group}
    told["default"] = registry.default(mood.name)
    if isinstance(mood, Number):
        return {**told, "least": mood.least, "most": mood.most, "told": mood.told}
    return {**told, "values": mood.values, "asks": getattr(mood, "asks", None)}


@control("POST", "/orders")
def place_order() -> Response:
    """``{"customer_id": "...", "amount": "49.90", "paid": true}``; a store must be named."""
    sent = door.json_body()
    if not isinstance(sent, dict):
        raise Refusal(400)
    paid = bool(sent.get("paid", True))
    buyer, amount = str(sent.get("customer_id", "")), sent.get("amount", "")
    return _order(buying.place(_one_store(), buyer, amount, paid))


@control("POST", "/orders/<ref>/<verb>")
def change_order(ref: str, verb: str) -> Response:
    """``pay``, ``ship``, ``ship-partly``, ``archive``, ``unarchive``, ``cancel`` or ``delete``."""
    change = buying.VERBS.get(verb)
    if change is None:
        raise Refusal(404, f"Nothing is called “{verb}”; there are {', '.join(buying.VERBS)}.")
    changed = change(_one_store(), ref)
    return answer({}, plain=True) if changed is None else _order(changed)


def _order(order: Order) -> Response:
    store = _one_store()
    buyer = store.customers.get(order.customer_id)
    return answer({"order": order_rest(order, buyer, store.info)})


def _one_store() -> Store:
    if not door.moods_here():
        raise Refusal(404, "Say which store: /{handle}/_sandbox/...")
    return door.store()
