"""What only the sandbox has: moods and a new beginning, for tests and scripts."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, request

from . import door
from .door import Refusal, answer, store
from .moods import Moods, parse_moods

controls = Blueprint("controls", __name__, url_prefix="/<handle>/sandbox")

controls.before_request(door.enter)
controls.before_request(door.check_origin)


@controls.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Response:
    return door.refuse(refusal)


@controls.get("/moods")
def read_moods() -> Response:
    return answer(asdict(store().moods))


@controls.post("/moods")
def set_moods() -> Response:
    try:
        moods = parse_moods(door.json_body())
    except ValueError as error:
        raise Refusal(422, str(error)) from None
    with store().lock:
        store().moods = moods
    return answer(asdict(moods))


@controls.delete("/moods")
def clear_moods() -> Response:
    with store().lock:
        store().moods = Moods()
    return answer(asdict(store().moods))


@controls.post("/reset")
def reset() -> Response:
    """Everything as on the first day; ``?keep_app=1`` leaves the app installed and subscribed."""
    store().reset(keep_app=request.args.get("keep_app") == "1")
    return answer({"customers": len(store().customers), "segments": len(store().segments)})
