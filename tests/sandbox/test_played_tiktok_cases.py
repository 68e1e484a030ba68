"""The ways the Events API can be told to fail."""

import pytest

from app.connectors.tiktok.outcomes import CATALOGUE
from app.sandbox.tiktok.catalogue import CASES
from app.sandbox.transport_cases import TRANSPORT_CASES
from tests.sandbox.stage import START, book, script, tiktok_event, tiktok_request, track

OTHER = {"RATE_LIMITED", "40002_EVENT_SOURCE", "20001", "20001_UNNAMED"}
CODES = sorted(set(CASES) - OTHER - {case.name for case in TRANSPORT_CASES})
OLD = int(START.timestamp()) - 29 * 86_400


def test_every_line_of_the_connectors_catalogue_can_be_played():
    assert {str(code) for code in CATALOGUE} == set(CODES) - {"49999"}


@pytest.mark.parametrize("case", CODES)
async def test_a_code_comes_in_the_envelope_with_a_status_that_tells_nothing(client, case):
    await script(client, "tiktok", fail=case)
    answer = await track(client, tiktok_request())
    said = answer.json()
    assert (answer.status_code, said["code"], said["data"]) == (200, int(case), {})
    assert said["message"]
    assert said["request_id"]
    assert (await book(client, "tiktok"))["conversions"] == 0


async def test_a_rate_limit_says_when_to_come_back(client):
    await script(client, "tiktok", fail="RATE_LIMITED")
    answer = await track(client, tiktok_request())
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (200, "7", 40100)


async def test_a_wrong_event_source_is_named_in_the_message_alone(client):
    await script(client, "tiktok", fail="40002_EVENT_SOURCE")
    said = (await track(client, tiktok_request())).json()
    assert said["code"] == 40002
    assert "event_source_id" in said["message"]


async def test_all_events_can_be_named_as_failed(client):
    await script(client, "tiktok", fail="20001")
    said = (await track(client, tiktok_request(tiktok_event(), tiktok_event(event_id="b")))).json()
    assert said["code"] == 20001
    assert [item["event_id"] for item in said["data"]["failed_events"]] == ["lead-42-qualified", "b"]
    assert (await book(client, "tiktok"))["conversions"] == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"data": 5}', b'{"data": [5]}'])
async def test_naming_events_never_fails_itself(client, body):
    await script(client, "tiktok", fail="20001")
    answer = await client.post("/tiktok/open_api/v1.3/event/track/", content=body)
    assert answer.json()["code"] == 20001


@pytest.mark.parametrize(
    ("events", "counted"), [([tiktok_event()], 1), ([tiktok_event(), tiktok_event(event_time=OLD)], 1)]
)
async def test_the_names_can_be_left_out(client, events, counted):
    await script(client, "tiktok", fail="20001_UNNAMED")
    said = (await track(client, tiktok_request(*events))).json()
    assert (said["code"], said["data"]) == (20001, {})
    assert (await book(client, "tiktok"))["conversions"] == counted


async def test_leaving_names_out_changes_no_refusal(client):
    await script(client, "tiktok", fail="20001_UNNAMED")
    assert (await track(client, tiktok_request(event_source=None))).json()["code"] == 40002
