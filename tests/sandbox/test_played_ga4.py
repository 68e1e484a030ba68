"""The Measurement Protocol, played: silence at the collecting endpoint, findings at its validation twin."""

import pytest

from app.sandbox.ga4.catalogue import CASES
from app.sandbox.transport_cases import TRANSPORT_CASES
from tests.sandbox.stage import SHA, START, book, collect, ga4_event, ga4_request, script

NOW_MICROS = int(START.timestamp()) * 1_000_000
HOURS_72 = 72 * 3600 * 1_000_000


def params(**changes):
    return ga4_request(ga4_event(**changes))


async def findings(client, request):
    """What the validation server says, after the collecting endpoint said nothing of the same."""
    assert (await collect(client, request)).status_code == 204
    answer = await collect(client, request, path="/debug/mp/collect")
    assert answer.status_code == 200
    assert set(answer.json()) == {"validationMessages"}
    messages = answer.json()["validationMessages"]
    received = await book(client, "ga4")
    problems = received["requests"][0].get("problems", [])
    assert [problem.split(": ")[:2] for problem in problems] == [
        [item["fieldPath"], item["validationCode"]] for item in messages
    ]
    assert received["conversions"] == (0 if messages else len(request["events"]))
    assert all(item["description"] for item in messages)
    return [(item["fieldPath"], item["validationCode"]) for item in messages]


@pytest.mark.parametrize(
    "request_",
    [
        ga4_request(),
        ga4_request(*[ga4_event()] * 25),
        ga4_request(timestamp_micros=None, consent=None),
        ga4_request(timestamp_micros=NOW_MICROS),
        ga4_request(timestamp_micros=NOW_MICROS - HOURS_72),
        ga4_request(user_id="lead-42"),
        ga4_request(client_id="GA1.1.123.456"),
        ga4_request(client_id=None, app_instance_id="abc"),
        ga4_request(validation_behavior="ENFORCE_RECOMMENDATIONS"),
        ga4_request(user_properties={"tier": {"value": "gold"}}),
        ga4_request(user_data={"sha256_email_address": [SHA], "sha256_phone_number": SHA}),
        ga4_request(user_data={"address": {"sha256_first_name": SHA, "country": "NL"}}),
        ga4_request(user_data={"address": [{"sha256_last_name": SHA}]}),
        ga4_request({"name": "qualify_lead"}),
        ga4_request({"name": "qualify_lead", "timestamp_micros": NOW_MICROS - 1}),
        ga4_request(ga4_event("a" * 40)),
        params(page_title="x" * 300, debug_mode=True, items=[{"item_id": "a"}]),
        ga4_request({"name": "qualify_lead", "params": {f"p{n}": n for n in range(25)}}),
    ],
)
async def test_nothing_is_wrong_with_a_request_as_documented(client, request_):
    assert await findings(client, request_) == []


@pytest.mark.parametrize(
    ("request_", "path", "code"),
    [
        (ga4_request(client_id=None), "client_id", "VALUE_REQUIRED"),
        (ga4_request(client_id=""), "client_id", "VALUE_REQUIRED"),
        (ga4_request(client_id=123.456), "client_id", "VALUE_INVALID"),
        (
            ga4_request(client_id="abc", validation_behavior="ENFORCE_RECOMMENDATIONS"),
            "client_id",
            "VALUE_INVALID",
        ),
        (ga4_request(clientId="1.2"), "clientId", "VALUE_INVALID"),
        (ga4_request(user_id=42), "user_id", "VALUE_INVALID"),
        (ga4_request(user_id="x" * 257), "user_id", "VALUE_OUT_OF_BOUNDS"),
        (ga4_request(timestamp_micros=NOW_MICROS + 1_000_000), "timestamp_micros", "VALUE_INVALID"),
        (
            ga4_request(timestamp_micros=NOW_MICROS - HOURS_72 - 1_000_000),
            "timestamp_micros",
            "VALUE_INVALID",
        ),
        (ga4_request(timestamp_micros=NOW_MICROS // 1000), "timestamp_micros", "VALUE_INVALID"),
        (ga4_request(timestamp_micros="now"), "timestamp_micros", "VALUE_INVALID"),
        (ga4_request(timestamp_micros=True), "timestamp_micros", "VALUE_INVALID"),
        (ga4_request(consent={"ad_user_data": "CONSENT_GRANTED"}), "consent.ad_user_data", "VALUE_INVALID"),
        (ga4_request(consent={"analytics": "GRANTED"}), "consent.analytics", "VALUE_INVALID"),
        (ga4_request(consent="GRANTED"), "consent", "VALUE_INVALID"),
        (ga4_request(user_data="x"), "user_data", "VALUE_INVALID"),
        (
            ga4_request(user_data={"sha256_email_address": ["alex@example.com"]}),
            "user_data.sha256_email_address",
            "VALUE_INVALID",
        ),
        (
            ga4_request(user_data={"sha256_phone_number": []}),
            "user_data.sha256_phone_number",
            "VALUE_INVALID",
        ),
        (ga4_request(user_data={"address": [5]}), "user_data.address[0]", "VALUE_INVALID"),
        (
            ga4_request(user_data={"address": {"sha256_first_name": "alex"}}),
            "user_data.address[0].sha256_first_name",
            "VALUE_INVALID",
        ),
        (ga4_request(user_properties=[]), "user_properties", "VALUE_INVALID"),
        (
            ga4_request(user_properties={f"p{n}": {} for n in range(26)}),
            "user_properties",
            "EXCEEDED_MAX_ENTITIES",
        ),
        (ga4_request(events=[]), "events", "VALUE_REQUIRED"),
        (ga4_request(events={}), "events", "VALUE_REQUIRED"),
        (ga4_request(*[ga4_event()] * 26), "events", "EXCEEDED_MAX_ENTITIES"),
        (ga4_request(events=["lead"]), "events[0]", "VALUE_INVALID"),
        (ga4_request({"params": {}}), "events[0].name", "VALUE_REQUIRED"),
        (ga4_request({"name": "x", "parameters": {}}), "events[0].parameters", "VALUE_INVALID"),
        (ga4_request({"name": "x", "params": []}), "events[0].params", "VALUE_INVALID"),
        (ga4_request({"name": "x", "timestamp_micros": 1}), "events[0].timestamp_micros", "VALUE_INVALID"),
        (ga4_request(ga4_event("a" * 41)), "events[0].name", "NAME_INVALID"),
        (ga4_request(ga4_event("_badEventName")), "events[0].name", "NAME_INVALID"),
        (ga4_request(ga4_event("1st")), "events[0].name", "NAME_INVALID"),
        (ga4_request(ga4_event("close convert")), "events[0].name", "NAME_INVALID"),
        (ga4_request(ga4_event("session_start")), "events[0].name", "NAME_RESERVED"),
        (ga4_request(ga4_event("google_lead")), "events[0].name", "NAME_RESERVED"),
        (params(firebase_conversion=1), "events[0].params.firebase_conversion", "NAME_RESERVED"),
        (params(ga_id="x"), "events[0].params.ga_id", "NAME_RESERVED"),
        (params(**{"lead id": "x"}), "events[0].params.lead id", "NAME_INVALID"),
        (params(source="x" * 101), "events[0].params.source", "VALUE_OUT_OF_BOUNDS"),
        (params(source=None), "events[0].params.source", "VALUE_INVALID"),
        (params(source={}), "events[0].params.source", "VALUE_INVALID"),
        (params(**{f"p{n}": n for n in range(23)}), "events[0].params", "EXCEEDED_MAX_ENTITIES"),
        (params(value="10.50"), "events[0].params.value", "VALUE_INVALID"),
        (params(currency="EURO"), "events[0].params.currency", "VALUE_INVALID"),
        (ga4_request({"name": "x", "params": {"value": 1}}), "events[0].params.currency", "VALUE_REQUIRED"),
    ],
)
async def test_the_validation_twin_says_what_the_collecting_endpoint_does_not(client, request_, path, code):
    assert await findings(client, request_) == [(path, code)]


async def test_a_body_of_130_kilobytes_is_too_large(client):
    found = await findings(client, ga4_request(device={"model": "x" * 130_000}))
    assert found == [("body", "VALUE_OUT_OF_BOUNDS")]


@pytest.mark.parametrize("body", [b"", b"[]", b"not json"])
async def test_the_validation_server_says_when_it_cannot_read_the_body(client, body):
    answer = await client.post("/ga4/debug/mp/collect", content=body)
    assert answer.status_code == 200
    [message] = answer.json()["validationMessages"]
    assert (message["fieldPath"], message["validationCode"]) == ("body", "VALUE_INVALID")


async def test_the_validation_server_does_not_look_at_the_secret_and_counts_nothing(client):
    answer = await client.post("/ga4/debug/mp/collect", json=ga4_request())
    assert answer.json() == {"validationMessages": []}
    assert (await book(client, "ga4"))["conversions"] == 0


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ({"measurement_id": "G-1", "api_secret": "x"}, 0),
        ({"firebase_app_id": "1:2:3", "api_secret": "x"}, 0),
        ({"measurement_id": "G-1"}, 1),
        ({"measurement_id": "G-1", "api_secret": ""}, 1),
        ({"measurement_id": "12345", "api_secret": "x"}, 1),
        ({}, 2),
    ],
)
async def test_a_missing_secret_or_stream_drops_everything_in_silence(client, query, problems):
    answer = await client.post("/ga4/mp/collect", params=query, json=ga4_request())
    assert (answer.status_code, answer.content) == (204, b"")
    received = await book(client, "ga4")
    assert len(received["requests"][0].get("problems", [])) == problems
    assert received["conversions"] == (0 if problems else 1)


@pytest.mark.parametrize(
    ("events", "ids"),
    [
        ([ga4_event(event_id="a"), ga4_event(transaction_id="b")], ["a", "b"]),
        ([ga4_event(event_id="a", transaction_id="b")], ["a"]),
        ([ga4_event()], []),
        ([{"name": "x"}], []),
        ([5], []),
    ],
)
async def test_an_id_among_the_parameters_is_shown_though_it_recognises_nothing(client, events, ids):
    await collect(client, ga4_request(*events))
    assert (await book(client, "ga4"))["requests"][0]["eventIds"] == ids


def test_every_case_is_tried_here():
    assert {"VALIDATION", *(case.name for case in TRANSPORT_CASES)} == set(CASES)


async def test_the_validation_server_can_be_told_to_find_something(client):
    await script(client, "ga4", fail="VALIDATION")
    answer = await collect(client, ga4_request(), path="/debug/mp/collect")
    assert answer.json()["validationMessages"][0]["validationCode"] == "VALUE_INVALID"


async def test_the_collecting_endpoint_is_silent_about_nonsense(client):
    assert (await collect(client, {"what": "ever"})).status_code == 204
