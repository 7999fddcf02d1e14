"""Why something failed is kept as a code, and said in the words of whoever reads it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import Babel

from smartpush_shopline import errors, failure
from smartpush_shopline.errors import (
    NotAuthorised,
    ShoplineBusy,
    ShoplineError,
    ShoplineFailing,
    ShoplineRefused,
    ShoplineUnreachable,
    UnexpectedPayload,
)

CASES = [
    (ShoplineUnreachable(), {"code": "unreachable"}, "SHOPLINE did not answer."),
    (
        ShoplineFailing(status=503, trace_id="t1"),
        {"code": "failing", "status": 503, "trace_id": "t1"},
        "SHOPLINE failed to answer properly (HTTP 503, trace id t1).",
    ),
    (
        ShoplineRefused("SHOPLINE refused the call: no such field", status=400),
        {"code": "refused", "said": "no such field", "status": 400},
        "SHOPLINE refused the call (no such field, HTTP 400).",
    ),
    (
        UnexpectedPayload("customer.id is missing"),
        {"code": "unexpected", "said": "customer.id is missing"},
        "SHOPLINE sent something this version cannot read (customer.id is missing).",
    ),
    (
        NotAuthorised("The app k is not in SMARTPUSH_APPS.", reason="unknown_app"),
        {"code": "unknown_app", "said": "The app k is not in SMARTPUSH_APPS."},
        "The app that this store installed is not in SMARTPUSH_APPS.",
    ),
    (
        failure.mistake(KeyError("ada@example.com")),
        {"code": "mistake", "said": "KeyError"},
        "SmartPush could not do this (KeyError). The log says more.",
    ),
    (ShoplineBusy(retry_after=3), {"code": "busy"}, "SHOPLINE asks for fewer calls."),
]


@pytest.fixture(autouse=True)
def _language():
    app = Flask("host")
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(("error", "code", "words"), CASES)
def test_a_failure_is_kept_as_a_code_and_said_in_a_sentence(error, code, words):
    assert failure.code_of(error) == code
    assert failure.sentence(code) == words


def test_every_error_of_the_client_has_a_sentence():
    kinds = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, ShoplineError)
    ]
    assert len(kinds) > 6
    for kind in kinds:
        assert failure.sentence(failure.code_of(kind())).endswith(".")


def test_nothing_the_matter_is_nothing_to_say():
    assert failure.sentence(None) == ""
