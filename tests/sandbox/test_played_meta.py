"""The Conversions API, played: what is taken, what is refused, how it can fail."""

import json

import pytest

from app.sandbox.meta.catalogue import CASES
from app.sandbox.transport_cases import TRANSPORT_CASES
from tests.sandbox.stage import SHA, START, book, meta_event, script, send_to_meta, website_event

NOW = int(START.timestamp())
DAY_S = 86_400


def user(**user_data):
    return meta_event(user_data=user_data)


def custom(**custom_data):
    return meta_event(custom_data={"event_source": "crm", "lead_event_source": "Leadwire", **custom_data})


@pytest.mark.parametrize(
    "event",
    [
        meta_event(),
        meta_event(event_id=None),
        meta_event(event_time=NOW),
        meta_event(event_time=NOW - 7 * DAY_S),
        website_event(),
        website_event(custom_data=None),
        website_event(custom_data={"value": 5, "currency": "eur"}),
        website_event(action_source="physical_store", event_time=NOW - 62 * DAY_S),
        user(lead_id="12345678901234567"),
        user(lead_id=123456789012345),
        user(em=SHA),
        user(external_id="anything"),
        user(external_id=["a", "b"]),
        user(fn=[SHA], ln=SHA),
        user(fbp="fb.1.1795395600000.1234567890"),
        user(fbc="fb.1.1795395600000.IwAR0_x-Y.Bg1AAQIB"),
        custom(value=0, currency="USD"),
        custom(currency="USD"),
    ],
)
async def test_an_event_as_documented_is_taken(client, event):
    answer = await send_to_meta(client, event)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"events_received": 1, "messages": [], "fbtrace_id": answer.json()["fbtrace_id"]}
    assert "problems" not in (await book(client, "meta"))["requests"][0]


E = "$['data'][0]"


@pytest.mark.parametrize(
    ("event", "path", "subcode"),
    [
        (meta_event(event_name=None), f"{E}['event_name']", 2804019),
        (meta_event(event_name=" "), f"{E}['event_name']", 2804019),
        (meta_event(event_id=42), f"{E}['event_id']", 2804019),
        (meta_event(event_time=None), f"{E}['event_time']", 2804019),
        (meta_event(event_time="2026-11-23"), f"{E}['event_time']", 2804019),
        (meta_event(event_time=NOW + 1), f"{E}['event_time']", 2804019),
        (meta_event(event_time=NOW * 1000), f"{E}['event_time']", 2804019),
        (meta_event(event_time=NOW - 7 * DAY_S - 1), f"{E}['event_time']", 2804003),
        (
            website_event(action_source="physical_store", event_time=NOW - 62 * DAY_S - 1),
            f"{E}['event_time']",
            2804003,
        ),
        (meta_event(action_source=None), f"{E}['action_source']", 2804019),
        (meta_event(action_source="crm"), f"{E}['action_source']", 2804019),
        (meta_event(action_source=["website"]), f"{E}['action_source']", 2804019),
        (meta_event(user_data=None), f"{E}['user_data']", 2804019),
        (user(), E + "['user_data']", 2804050),
        (user(client_user_agent="Mozilla/5.0"), E + "['user_data']", 2804050),
        (user(country=SHA, ct=SHA), E + "['user_data']", 2804050),
        (user(em="alex@example.com"), f"{E}['user_data']['em']", 2804019),
        (user(em=[SHA, "alex@example.com"]), f"{E}['user_data']['em']", 2804019),
        (user(em=SHA.upper()), f"{E}['user_data']['em']", 2804019),
        (user(ph=[]), f"{E}['user_data']['ph']", 2804019),
        (user(em=SHA, zp=None), f"{E}['user_data']['zp']", 2804019),
        (user(em=SHA, fbc=""), f"{E}['user_data']['fbc']", 2804019),
        (user(em=SHA, lead_id=1234), f"{E}['user_data']['lead_id']", 2804036),
        (user(lead_id="l:123456789012345"), f"{E}['user_data']['lead_id']", 2804036),
        (user(em=SHA, lead_id=True), f"{E}['user_data']['lead_id']", 2804036),
        (user(em=SHA, lead_id=1.5), f"{E}['user_data']['lead_id']", 2804036),
        (meta_event(custom_data=[]), f"{E}['custom_data']", 2804019),
        (
            meta_event(custom_data={"lead_event_source": "Leadwire"}),
            f"{E}['custom_data']['event_source']",
            2804019,
        ),
        (
            meta_event(custom_data={"event_source": "crm"}),
            f"{E}['custom_data']['lead_event_source']",
            2804019,
        ),
        (custom(value="10.50", currency="EUR"), f"{E}['custom_data']['value']", 2804019),
        (custom(value=10.5), f"{E}['custom_data']['currency']", 2804019),
        (custom(value=10.5, currency="EURO"), f"{E}['custom_data']['currency']", 2804019),
        (custom(currency=5), f"{E}['custom_data']['currency']", 2804019),
        (website_event(event_name="Purchase"), f"{E}['custom_data']['value']", 2804019),
        (website_event(event_source_url=None), f"{E}['event_source_url']", 2804019),
        (website_event(user_data={"em": SHA}), f"{E}['user_data']['client_user_agent']", 2804019),
        ("event", E, 2804019),
    ],
)
async def test_a_bad_parameter_refuses_the_request(client, event, path, subcode):
    answer = await send_to_meta(client, event)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["error_subcode"], error["is_transient"]) == (100, subcode, False)
    assert error["message"] == "Invalid parameter"
    assert f"The parameter {path} " in error["error_user_msg"]
    assert error["error_user_title"]
    assert error["fbtrace_id"]
    received = await book(client, "meta")
    assert received["conversions"] == 0
    assert received["requests"][0]["problems"][0].startswith(path)


@pytest.mark.parametrize("events", [[], [meta_event()] * 1001])
async def test_a_request_has_1_to_1000_events(client, events):
    answer = await send_to_meta(client, *events)
    assert answer.status_code == 400
    assert "$['data']" in answer.json()["error"]["error_user_msg"]


async def test_one_event_that_is_too_old_refuses_all(client):
    answer = await send_to_meta(client, meta_event(), meta_event(event_time=NOW - 8 * DAY_S, event_id="b"))
    assert answer.json()["error"]["error_subcode"] == 2804003
    received = await book(client, "meta")
    assert received["conversions"] == 0
    assert received["requests"][0]["eventIds"] == ["lead-42-qualified", "b"]


async def test_the_answer_counts_the_events(client):
    answer = await send_to_meta(client, *(meta_event(event_id=f"e-{number}") for number in range(1000)))
    assert answer.json()["events_received"] == 1000


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (meta_event(eventId="x"), f"{E}['eventId']: the API does not know this key and ignores it"),
        (
            user(em=SHA, email=SHA),
            f"{E}['user_data']['email']: the API does not know this key and ignores it",
        ),
        (user(em=SHA, fbc="IwAR0"), f"{E}['user_data']['fbc']: not in the form fb.<n>.<milliseconds>.<id>"),
        (
            user(em=SHA, fbc="fb.1.1795395600.IwAR0"),
            f"{E}['user_data']['fbc']: not in the form fb.<n>.<milliseconds>.<id>",
        ),
        (user(em=SHA, fbp="x"), f"{E}['user_data']['fbp']: not in the form fb.<n>.<milliseconds>.<id>"),
    ],
)
async def test_what_the_api_ignores_in_silence_is_kept_as_a_problem(client, event, problem):
    assert (await send_to_meta(client, event)).status_code == 200
    received = await book(client, "meta")
    assert received["requests"][0]["problems"] == [problem]
    assert received["conversions"] == 1


class TestTokens:
    URL = "/meta/v26.0/1234567890/events"

    @pytest.mark.parametrize(
        "request_",
        [
            {"json": {"data": [meta_event()], "access_token": "sandbox-token"}},
            {"json": {"data": [meta_event()]}, "params": {"access_token": "sandbox-token"}},
            {"json": {"data": [meta_event()]}, "headers": {"authorization": "Bearer sandbox-token"}},
            {"data": {"data": json.dumps([meta_event()]), "access_token": "sandbox-token"}},
        ],
    )
    async def test_a_token_may_come_in_the_body_the_query_a_form_or_a_header(self, client, request_):
        answer = await client.post(self.URL, **request_)
        assert answer.status_code == 200, answer.text
        received = await book(client, "meta")
        assert received["requests"][0]["eventIds"] == ["lead-42-qualified"]

    @pytest.mark.parametrize("token", [None, "", "EAAB-real", 5, ["sandbox-"]])
    async def test_any_other_token_is_refused(self, client, token):
        answer = await client.post(self.URL, json={"data": [meta_event()], "access_token": token})
        assert answer.status_code == 401
        error = answer.json()["error"]
        assert (error["code"], error["type"]) == (190, "OAuthException")

    async def test_another_authorization_scheme_is_no_token(self, client):
        headers = {"authorization": "Basic sandbox-token"}
        answer = await client.post(self.URL, json={"data": [meta_event()]}, headers=headers)
        assert answer.json()["error"]["code"] == 190

    async def test_events_in_a_form_that_are_not_json_are_refused(self, client):
        answer = await client.post(self.URL, data={"data": "[", "access_token": "sandbox-token"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)

    async def test_a_form_without_events_is_refused(self, client):
        answer = await client.post(self.URL, data={"access_token": "sandbox-token"})
        assert answer.json()["error"]["code"] == 100


@pytest.mark.parametrize("dataset", ["pixel", "1404", "12a"])
async def test_a_dataset_that_does_not_exist_is_100_33(client, dataset):
    answer = await client.post(
        f"/meta/v26.0/{dataset}/events", json={"data": [meta_event()], "access_token": "sandbox-token"}
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")
    assert dataset in error["message"]


@pytest.mark.parametrize("version", ["v24.0", "v20.0", "v2.10"])
async def test_a_version_that_has_ended_says_so(client, version):
    body = {"data": [meta_event()], "access_token": "sandbox-token"}
    answer = await client.post(f"/meta/{version}/1234567890/events", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2635)


@pytest.mark.parametrize("version", ["v27.0", "26.0", "latest"])
async def test_another_version_does_not_answer(client, version):
    answer = await client.post(f"/meta/{version}/1/events", json={"data": [meta_event()]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 2500)


SIMPLE = {
    "1": 500,
    "2": 500,
    "4": 400,
    "17": 400,
    "341": 400,
    "613": 400,
    "80003": 400,
    "5000": 500,
    "21009": 400,
    "190": 401,
    "102": 401,
    "3": 403,
    "10": 403,
    "200": 403,
    "368": 403,
    "100": 400,
    "105": 400,
    "2635": 400,
}
TRANSIENT = {"1", "2", "4", "17", "341", "TRANSIENT"}
WITH_SUBCODE = {
    "190/460": 401,
    "190/463": 401,
    **dict.fromkeys(
        [
            "100/33",
            "100/34",
            "100/38",
            "100/2804001",
            "100/2804003",
            "100/2804007",
            "100/2804009",
            "100/2804016",
            "100/2804017",
            "100/2804019",
            "100/2804036",
            "100/2804048",
            "100/2804050",
        ],
        400,
    ),
}


def test_every_case_is_tried_here():
    tried = {
        *SIMPLE,
        *WITH_SUBCODE,
        "TRANSIENT",
        "RATE_LIMITED",
        "UNNAMED",
        "FEWER_RECEIVED",
        *(case.name for case in TRANSPORT_CASES),
    }
    assert tried == set(CASES)


@pytest.mark.parametrize(
    ("case", "http_status"), [*SIMPLE.items(), *WITH_SUBCODE.items(), ("TRANSIENT", 500)]
)
async def test_a_case_answers_with_its_code_in_the_graph_apis_shape(client, case, http_status):
    await script(client, "meta", fail=case)
    answer = await send_to_meta(client, meta_event())
    assert answer.status_code == http_status
    error = answer.json()["error"]
    code, _, subcode = case.partition("/")
    if case != "TRANSIENT":
        assert error["code"] == int(code)
    assert error.get("error_subcode") == (int(subcode) if subcode else None)
    assert error.get("is_transient", False) is (case in TRANSIENT)
    assert error["message"]
    assert error["type"]
    assert error["fbtrace_id"]
    assert (await book(client, "meta"))["conversions"] == 0


async def test_a_rate_limit_says_when_to_come_back(client):
    await script(client, "meta", fail="RATE_LIMITED")
    answer = await send_to_meta(client, meta_event())
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["error"]["code"]) == (
        429,
        "7",
        4,
    )


async def test_a_refusal_can_be_told_to_name_no_event(client):
    events = [meta_event(), meta_event(event_name="")]
    named = (await send_to_meta(client, *events)).json()["error"]["error_user_msg"]
    await script(client, "meta", fail="UNNAMED")
    unnamed = (await send_to_meta(client, *events)).json()["error"]["error_user_msg"]
    assert "$['data'][1]['event_name']" in named
    assert "$['data']['event_name']" in unnamed


async def test_a_success_can_be_told_to_count_one_event_less(client):
    await script(client, "meta", fail="FEWER_RECEIVED", times=2)
    assert (await send_to_meta(client, meta_event(), meta_event())).json()["events_received"] == 1
    assert (await send_to_meta(client, meta_event(event_name=""))).status_code == 400
    assert (await book(client, "meta"))["requests"][1]["status"] == 200
