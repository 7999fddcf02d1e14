"""GraphQL's errors come with any status; its costs, when they are told, set the pace."""

import pytest

from smartpush_shopline.errors import (
    Gone,
    NotAuthorised,
    ShoplineBusy,
    ShoplineFailing,
    ShoplineRefused,
    UnexpectedPayload,
)
from smartpush_shopline.shopline import Pace, ShoplineClient, new_session
from smartpush_shopline.shopline.pace import Cost, Points

from .conftest import GRAPHQL, STORE

COUNT = {"customerSegmentMembers": {"totalCount": 5}}


def error(code, message="no"):
    return {"message": message, "extensions": {"code": code}}


def cost(available, *, asked=10, maximum=1000, rate=5):
    status = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": rate}
    return {"cost": {"requestedQueryCost": asked, "actualQueryCost": 1, "throttleStatus": status}}


def ask(client):
    return client.fetch_member_count("GROUP1", "UTC")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("REQUEST_LIMIT_EXCEEDED", ShoplineBusy),
        ("TOO_MANY_REQUESTS", ShoplineBusy),
        ("PARAM_ILLEGAL", ShoplineRefused),
        ("DATA_NOT_EXIST", Gone),
        ("REMOTE_ERROR", ShoplineFailing),
        ("SYSTEM_ERROR", ShoplineFailing),
        ("INNER_FAIL", ShoplineFailing),
        ("INTERNAL_ERROR", ShoplineFailing),
        ("ACCESS_TOKEN_INVALID", NotAuthorised),
        ("ACCESS_TOKEN_IS_EXPIRED", NotAuthorised),
        ("GROUP_COUNT_EXCEEDS_LIMIT", ShoplineRefused),
        ("GROUP_CODE_NOT_EXIST", Gone),
        ("GROUP_STATUS_INVALID", ShoplineRefused),
        ("GROUP_NAME_EXIST", ShoplineRefused),
        ("SOMETHING_NEW", ShoplineRefused),
        ("", ShoplineRefused),
    ],
)
def test_an_error_that_comes_as_success_is_still_an_error(client, store, payload, code, kind):
    answer = payload("graphql_error")
    answer["errors"][0]["extensions"]["code"] = code
    store.post(GRAPHQL, json=answer, headers={"traceId": "t-4"})
    with pytest.raises(kind, match="no such group") as failed:
        ask(client)
    assert (type(failed.value), failed.value.status, failed.value.trace_id) == (kind, 200, "t-4")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"errors": [error("ACCESS_TOKEN_IS_EXPIRED")]}, NotAuthorised),
        (500, {"errors": [error("REQUEST_LIMIT_EXCEEDED")]}, ShoplineBusy),
        (500, {"errors": [error("PARAM_ILLEGAL")]}, ShoplineFailing),
        (401, {"errors": "expired"}, NotAuthorised),
        (402, {"errors": "Store has been frozen or closed"}, ShoplineRefused),
        (429, {"errors": "Too many request"}, ShoplineBusy),
        (503, None, ShoplineFailing),
        (200, {"errors": "Store has been frozen or closed"}, ShoplineRefused),
        (200, {"errors": ["odd"]}, ShoplineRefused),
        (200, {"errors": [{"message": {}, "extensions": 1}]}, ShoplineRefused),
        (200, {"data": COUNT, "errors": [error("INNER_FAIL")]}, ShoplineFailing),
        (200, {"errors": [error("X"), error("ACCESS_TOKEN_INVALID")]}, NotAuthorised),
        (200, [1], UnexpectedPayload),
        (200, {}, UnexpectedPayload),
        (200, {"data": None}, UnexpectedPayload),
        (200, {"data": {"customerSegmentMembers": None}}, UnexpectedPayload),
        (200, {"data": {"customerSegmentMembers": {"totalCount": None}}}, UnexpectedPayload),
    ],
)
def test_status_and_body_are_both_looked_at(client, store, status, body, kind):
    call = store.post(GRAPHQL, json=body, status=status)
    with pytest.raises(kind) as failed:
        ask(client)
    assert type(failed.value) is kind
    assert call.call_count == 1


def test_an_answer_with_no_errors_in_its_list_is_a_success(client, store):
    store.post(GRAPHQL, json={"data": COUNT, "errors": []})
    assert ask(client) == 5


@pytest.mark.parametrize(
    ("extensions", "waited"),
    [
        (cost(available=4), [1.2]),
        (cost(available=10), []),
        (cost(available="4", asked="10", rate="5"), [1.2]),
        (cost(available=0, asked=50, maximum=20), [4.0]),
        (cost(available=0, asked=None), [0.2]),
        (cost(available=4, rate=0), []),
        (cost(available=None), []),
        (cost(available="many"), []),
        ({"cost": {"requestedQueryCost": 10}}, []),
        ({"cost": 3}, []),
        (None, []),
    ],
)
def test_the_next_question_waits_until_its_points_are_there(store, extensions, waited):
    waits = []
    pace = Pace(clock=lambda: 0.0, sleep=waits.append)
    client = ShoplineClient(STORE, "t", api_version="v20260901", http=new_session(), pace=pace)
    store.post(GRAPHQL, json={"data": COUNT, "extensions": extensions})
    assert [ask(client), ask(client)] == [5, 5]
    assert waits == pytest.approx(waited)


def test_nobody_is_kept_waiting_for_points_longer_than_a_minute(store):
    """The lease of the store is given back meanwhile."""
    pace = Pace(clock=lambda: 0.0, sleep=lambda seconds: pytest.fail("waited"))
    client = ShoplineClient(STORE, "t", api_version="v20260901", http=new_session(), pace=pace)
    store.post(GRAPHQL, json={"data": COUNT, "extensions": cost(available=0, asked=10, rate=0.1)})
    ask(client)
    with pytest.raises(ShoplineBusy) as busy:
        ask(client)
    assert (busy.value.retry_after, busy.value.reason) == (pytest.approx(100), "points")


def test_throttling_by_cost_says_when_to_come_back(client, store):
    body = {"errors": [error("TOO_MANY_REQUESTS")], "extensions": cost(available=0)}
    store.post(GRAPHQL, json=body)
    with pytest.raises(ShoplineBusy) as busy:
        ask(client)
    assert busy.value.retry_after == pytest.approx(2, abs=0.1)


def test_points_come_back_with_time():
    now = [0.0]
    points = Points(clock=lambda: now[0], sleep=lambda seconds: None)
    points.note(Cost(asked=10, available=0, maximum=100, per_second=5))
    now[0] = 1.5
    assert points.seconds_left() == pytest.approx(0.5)
    points.note(None)
    now[0] = 60
    assert points.wait() == 0
