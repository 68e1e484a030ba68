"""Telling a platform how to behave next."""

import json

import pytest

from app.sandbox.cases import Case, Distort, catalogue
from tests.sandbox.stage import SENDERS, book, google_request, ingest, meta_event, script, send_to_meta

PLATFORMS = pytest.mark.parametrize("platform", SENDERS)


@PLATFORMS
async def test_a_failure_strikes_once_unless_said_otherwise(client, platform):
    await script(client, platform, fail="HTTP_500")
    assert [(await SENDERS[platform](client)).status_code for _ in range(2)] in ([500, 200], [500, 204])


@PLATFORMS
async def test_a_failure_strikes_as_often_as_ordered(client, platform):
    await script(client, platform, fail="HTTP_500", times=3)
    answers = [(await SENDERS[platform](client)).status_code for _ in range(4)]
    assert answers[:3] == [500, 500, 500]
    assert answers[3] < 300


async def test_failures_queue_up_behind_each_other(client):
    await script(client, "meta", fail="2", times=2)
    await script(client, "meta", fail="190")
    assert [(await SENDERS["meta"](client)).status_code for _ in range(4)] == [500, 500, 401, 200]


@PLATFORMS
async def test_a_delay_stays_until_a_reset(client, sleep, platform):
    await script(client, platform, delayS=5)
    for _ in range(3):
        await SENDERS[platform](client)
    await script(client, platform, reset=True)
    await SENDERS[platform](client)
    assert sleep.delays_s == [5, 5, 5]


async def test_a_delay_can_be_counted(client, sleep):
    await script(client, "ga4", delayS=0.5, times=2)
    for _ in range(3):
        await SENDERS["ga4"](client)
    assert sleep.delays_s == [0.5, 0.5]


async def test_a_delay_of_zero_ends_a_delay(client, sleep):
    await script(client, "ga4", delayS=5)
    await script(client, "ga4", delayS=0)
    await SENDERS["ga4"](client)
    assert sleep.delays_s == []


async def test_a_delay_and_a_failure_in_one_order_come_together(client, sleep):
    await script(client, "meta", delayS=2, fail="2", times=1)
    answers = [(await SENDERS["meta"](client)).status_code for _ in range(2)]
    assert answers == [500, 200]
    assert sleep.delays_s == [2]
    assert (await book(client, "meta"))["requests"][1]["scripted"] == "delay 2 s, 2"


async def test_a_request_was_taken_before_its_answer_is_delayed(client, sandbox):
    await script(client, "meta", delayS=5)
    await SENDERS["meta"](client)
    received = await book(client, "meta")
    assert received["conversions"] == 1
    assert received["requests"][0]["scripted"] == "delay 5 s"


async def test_a_reset_forgets_what_was_ordered_and_may_carry_a_new_order(client, sleep):
    await script(client, "meta", delayS=5)
    await script(client, "meta", fail="2", times=9)
    await script(client, "meta", reset=True, fail="190")
    assert [(await SENDERS["meta"](client)).status_code for _ in range(2)] == [401, 200]
    assert sleep.delays_s == []


async def test_an_order_for_one_endpoint_leaves_the_others_alone(client):
    await script(client, "google_ads", fail="HTTP_503", endpoint="token")
    assert (await ingest(client, google_request())).status_code == 200
    assert (await client.post("/google_ads/token")).status_code == 503


async def test_a_case_strikes_where_it_belongs_without_being_told(client):
    await script(client, "google_ads", fail="INVALID_GRANT")
    assert (await ingest(client, google_request())).status_code == 200
    assert (await client.post("/google_ads/token")).json()["error"] == "invalid_grant"


async def test_an_order_for_one_platform_leaves_the_others_alone(client):
    await script(client, "meta", fail="HTTP_500")
    assert (await SENDERS["google_ads"](client)).status_code == 200


async def test_the_answer_to_an_order_shows_what_is_to_come(client):
    answer = await client.post("/google_ads/script", json={"fail": "UNAVAILABLE", "times": 3, "delayS": 1})
    assert answer.json() == {
        "verdictAfterS": None,
        "endpoints": {
            "ingest": {
                "delayS": 1.0,
                "delaysLeft": 3,
                "failures": [{"fail": "UNAVAILABLE", "dropConnection": None, "times": 3}],
            }
        },
    }


@PLATFORMS
async def test_the_script_can_be_read_with_the_cases_to_choose_from(client, platform):
    await script(client, platform, dropConnection="after", times=2)
    state = (await client.get(f"/{platform}/script")).json()
    [plan] = state["endpoints"].values()
    assert plan["failures"] == [{"fail": None, "dropConnection": "after", "times": 2}]
    html = next(case for case in state["cases"] if case["name"] == "HTML")
    assert html["endpoints"]
    assert html["says"].startswith("502")


@pytest.mark.parametrize(
    ("order", "field", "message"),
    [
        ({}, "body", "say delayS"),
        ({"reset": False}, "body", "say delayS"),
        ([], "body", "dictionary"),
        (None, "body", "dictionary"),
        ("x", "body", "dictionary"),
        ({"delay": 5}, "delay", "not permitted"),
        ({"delay_s": 5}, "delay_s", "not permitted"),
        ({"delayS": -1}, "delayS", "greater than or equal to 0"),
        ({"delayS": 601}, "delayS", "less than or equal to 600"),
        ({"delayS": "5"}, "delayS", "valid number"),
        ({"delayS": True}, "delayS", "valid number"),
        ({"fail": 500}, "fail", "valid string"),
        ({"fail": "NO_SUCH_CASE"}, "fail", "unknown case"),
        ({"fail": "HTML", "times": 0}, "times", "greater than or equal to 1"),
        ({"fail": "HTML", "times": 1.5}, "times", "valid integer"),
        ({"fail": "HTML", "times": True}, "times", "valid integer"),
        ({"times": 3}, "times", "needs delayS, fail or dropConnection"),
        ({"dropConnection": "during"}, "dropConnection", "'before' or 'after'"),
        ({"dropConnection": "before", "fail": "HTML"}, "dropConnection", "cannot be combined"),
        ({"delayS": 1, "endpoint": "nowhere"}, "endpoint", "ingest, status, token"),
        ({"fail": "INVALID_GRANT", "endpoint": "ingest"}, "endpoint", "can only strike: token"),
        ({"reset": "yes"}, "reset", "valid boolean"),
        ({"verdictAfterS": -1}, "verdictAfterS", "greater than or equal to 0"),
    ],
)
async def test_an_order_that_cannot_be_followed_is_refused_and_says_why(client, order, field, message):
    answer = await client.post("/google_ads/script", content=json.dumps(order))
    assert answer.status_code == 400
    assert any(item["field"] == field and message in item["message"] for item in answer.json()["problems"])
    assert (await client.get("/google_ads/script")).json()["endpoints"] == {}


async def test_a_refused_order_lists_the_known_cases(client):
    body = (await client.post("/meta/script", json={"fail": "UNAVAILABLE"})).json()
    assert {"190", "100/2804003", "4", "2", "HTML"} <= set(body["cases"])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"delayS": Infinity}'])
async def test_an_order_that_is_not_json_is_refused(client, body):
    answer = await client.post("/meta/script", content=body)
    assert answer.status_code == 400
    assert answer.json()["problems"] == [{"field": "body", "message": "not JSON"}]


@pytest.mark.parametrize("platform", ["meta", "ga4"])
async def test_a_platform_without_verdicts_takes_no_order_about_them(client, platform):
    answer = await client.post(f"/{platform}/script", json={"verdictAfterS": 0})
    assert answer.status_code == 400
    assert "gives no verdicts" in answer.json()["problems"][0]["message"]


async def test_a_scripted_failure_strikes_whatever_is_sent(client):
    await script(client, "meta", fail="2")
    assert (await send_to_meta(client, meta_event(event_name=None))).status_code == 500


def test_two_cases_of_one_name_are_a_mistake_in_the_catalogue():
    case = Case(name="TWICE", says="", behaviour=Distort(lambda answer: answer))
    with pytest.raises(ValueError, match="TWICE"):
        catalogue([case], [case])
