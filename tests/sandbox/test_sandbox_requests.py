"""Reading and clearing what a platform received."""

import json

import pytest

from app.sandbox import registry
from app.sandbox.calls import Conversion
from app.sandbox.counting import REMEMBERED, ConversionCount
from app.sandbox.ledger import KEPT, KEPT_BYTES
from app.sandbox.stage import MAX_BODY_BYTES
from tests.sandbox.stage import (
    ADDRESSES,
    REFUSED_WITH,
    SENDERS,
    START,
    book,
    collect,
    ga4_request,
    google_event,
    google_request,
    ingest,
    meta_event,
    script,
    send_to_meta,
)

PLATFORMS = pytest.mark.parametrize("platform", SENDERS)


@PLATFORMS
async def test_nothing_was_received_at_first(client, platform):
    assert await book(client, platform) == {
        "received": 0,
        "conversions": 0,
        "requests": [],
        "otherCalls": [],
        "counted": [],
    }


async def test_a_request_is_kept_with_what_came_in_and_what_went_out(client):
    answer = await ingest(client, google_request())
    [entry] = (await book(client, "google_ads"))["requests"]
    assert entry == {
        "id": 1,
        "receivedAt": "2026-11-23T12:00:00.000Z",
        "endpoint": "ingest",
        "method": "POST",
        "path": "/google_ads/v1/events:ingest",
        "body": google_request(),
        "status": 200,
        "response": answer.json(),
        "eventIds": ["lead-42-won"],
    }


@PLATFORMS
async def test_requests_are_listed_newest_first(client, clock, platform):
    await SENDERS[platform](client)
    clock.advance(seconds=1)
    await SENDERS[platform](client)
    assert [entry["id"] for entry in (await book(client, platform))["requests"]] == [2, 1]


async def test_only_as_many_as_asked_for_are_listed(client):
    for _ in range(3):
        await SENDERS["meta"](client)
    shown = (await client.get("/meta/requests", params={"limit": 2})).json()
    assert [entry["id"] for entry in shown["requests"]] == [3, 2]
    assert shown["received"] == 3


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "", "²", "9" * 5000])
async def test_a_limit_that_makes_no_sense_is_refused(client, limit):
    answer = await client.get("/meta/requests", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["field"] == "limit"


async def test_only_the_newest_requests_are_kept_and_the_count_goes_on(client):
    for number in range(KEPT + 2):
        await send_to_meta(client, meta_event(event_id=f"e-{number}"))
    received = await book(client, "meta")
    assert received["received"] == received["conversions"] == KEPT + 2
    assert len(received["requests"]) == KEPT
    assert received["requests"][-1]["eventIds"] == ["e-2"]


@PLATFORMS
async def test_clearing_forgets_requests_and_counts_but_not_the_script(client, platform):
    await script(client, platform, delayS=3)
    await SENDERS[platform](client)
    assert (await client.delete(f"/{platform}/requests")).status_code == 204
    received = await book(client, platform)
    assert (received["received"], received["conversions"], received["requests"]) == (0, 0, [])
    state = (await client.get(f"/{platform}/script")).json()
    assert [plan["delayS"] for plan in state["endpoints"].values()] == [3]


async def test_platforms_know_nothing_of_each_other(client):
    await SENDERS["meta"](client)
    assert (await book(client, "ga4"))["received"] == 0


async def test_secrets_are_not_kept(client):
    await send_to_meta(client, meta_event(), client_secret="sandbox-hidden")
    await client.post(
        "/meta/v26.0/1/events", params={"access_token": "sandbox-hidden"}, json={"data": [meta_event()]}
    )
    await collect(client, ga4_request())
    await client.post(
        "/google_ads/token",
        data={"refresh_token": "sandbox-hidden", "client_secret": "sandbox-hidden", "client_id": "me"},
    )
    for platform in SENDERS:
        text = json.dumps(await book(client, platform))
        assert "sandbox-hidden" not in text
        assert "sandbox-secret" not in text
        assert "sandbox-token" not in text
    assert (await book(client, "meta"))["requests"][0]["path"] == "/meta/v26.0/1/events?access_token=***"


async def test_the_access_token_given_out_is_not_kept(client):
    answer = await client.post(
        "/google_ads/token",
        data={
            "grant_type": "refresh_token",
            "client_id": "me",
            "client_secret": "s",
            "refresh_token": "sandbox-refresh-token",
        },
    )
    [call] = (await book(client, "google_ads"))["otherCalls"]
    assert answer.json()["access_token"] not in json.dumps(call)
    assert call["response"]["token_type"] == "Bearer"


async def test_calls_that_bring_no_conversions_are_listed_apart(client):
    await client.get("/google_ads/v1/requestStatus:retrieve")
    received = await book(client, "google_ads")
    assert received["requests"] == []
    assert received["received"] == 0
    assert [call["endpoint"] for call in received["otherCalls"]] == ["status"]


@PLATFORMS
async def test_an_address_the_platform_does_not_have_is_kept_as_a_problem(client, platform):
    answer = await client.put(f"/{platform}/nowhere/at/all?x=1", content=b"{}")
    [call] = (await book(client, platform))["otherCalls"]
    assert answer.status_code == call["status"]
    assert answer.is_client_error
    assert call["endpoint"] is None
    assert call["path"] == f"/{platform}/nowhere/at/all?x=1"
    assert call["problems"] == ["the platform has nothing at this address"]


async def test_another_method_at_a_known_address_is_an_unknown_address(client):
    assert (await client.get("/google_ads/v1/events:ingest")).status_code == 404


@pytest.mark.parametrize("path", ["/meta/v26.0/1/events", "/meta/elsewhere/at/all"])
async def test_a_body_larger_than_any_platform_takes_is_not_read_to_its_end(client, path):
    assert (await client.post(path, content=b"x" * (MAX_BODY_BYTES + 1))).status_code == 413
    assert (await book(client, "meta"))["received"] == 0


async def test_of_a_large_body_only_the_size_is_kept(client):
    answer = await send_to_meta(client, meta_event(event_source_url="x" * KEPT_BYTES))
    [entry] = (await book(client, "meta"))["requests"]
    assert answer.status_code == 200
    assert entry["body"] == {"leftOut": True, "bytes": len(answer.request.content)}
    assert entry["eventIds"] == ["lead-42-qualified"]


@PLATFORMS
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"5",
        b'"abc"',
        b"[]",
        b"[1]",
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b'{"events": 1e999}',
        b'{"data": {"a": 1}, "events": {"a": 1}}',
        b'{"data": [1, null, "x"], "events": [1, null, "x"]}',
        b'{"data": [{"event_id": 5}], "events": [{"transactionId": 5, "params": 5}]}',
        b'{"x": "\\ud800", "data": [{"event_id": "\\ud800"}], "events": [{"transactionId": "\\ud800"}]}',
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"data":' * 101 + b"1" + b"}" * 101,
        b'{"n": ' + b"9" * 5_000 + b"}",
    ],
)
async def test_nonsense_is_never_an_internal_error_and_can_be_read_back(client, platform, body):
    address, headers = ADDRESSES[platform]
    answer = await client.post(address, content=body, headers=headers)
    assert answer.status_code == REFUSED_WITH.get(platform, 400)
    received = await book(client, platform)
    assert received["conversions"] == 0
    assert received["requests"][0]["problems"]


async def test_json_is_shown_as_json_whatever_its_header_says(client):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    await client.post("/ga4/mp/collect", content=json.dumps(ga4_request()), headers=headers)
    assert (await book(client, "ga4"))["requests"][0]["body"] == ga4_request()


async def test_a_client_that_leaves_while_sending_is_no_request(sandbox, client):
    async def receive():
        return {"type": "http.disconnect"}

    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/meta/v26.0/1/events",
        "raw_path": b"/meta/v26.0/1/events",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }
    await sandbox(scope, receive, send)
    assert (await book(client, "meta"))["received"] == 0


async def test_the_overview_names_addresses_counts_and_cases(client):
    await SENDERS["google_ads"](client)
    platforms = (await client.get("/")).json()["platforms"]
    assert [item["name"] for item in platforms] == [make().name for make in registry.PLATFORMS]
    google = platforms[0]
    assert google["endpoints"]["ingest"] == "POST http://sandbox.example.com/google_ads/v1/events:ingest"
    assert (google["received"], google["conversions"]) == (1, 1)
    assert {"UNAVAILABLE", "INVALID_GCLID", "HTML"} <= set(google["cases"])


class TestCounting:
    async def test_google_counts_a_transaction_id_once_per_destination_and_replaces_the_value(self, client):
        await ingest(client, google_request())
        await ingest(client, google_request(google_event(conversionValue=0, currency="USD")))
        received = await book(client, "google_ads")
        assert (received["received"], received["conversions"]) == (2, 1)
        assert received["requests"][0]["duplicateOf"] == 1
        assert "duplicateOf" not in received["requests"][1]
        assert received["counted"] == [
            {
                "key": ["lead-42-won", "1234567890", "987654"],
                "copies": 2,
                "value": 0,
                "currency": "USD",
                "requestId": 1,
            }
        ]

    async def test_google_recognises_a_copy_for_ever(self, client, clock):
        await ingest(client, google_request())
        clock.advance(days=80)
        await ingest(client, google_request())
        assert (await book(client, "google_ads"))["conversions"] == 1

    async def test_google_counts_another_destination_anew(self, client):
        account = {"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "1"}}
        for action in ("1", "2"):
            await ingest(client, google_request(destinations=[{**account, "productDestinationId": action}]))
        assert (await book(client, "google_ads"))["conversions"] == 2

    async def test_google_cannot_recognise_events_without_a_transaction_id(self, client):
        for _ in range(2):
            await ingest(client, google_request(google_event(transactionId=None)))
        received = await book(client, "google_ads")
        assert received["conversions"] == 2
        assert [item["key"] for item in received["counted"]] == [None, None]

    async def test_meta_recognises_id_and_name_for_48_hours(self, client, clock):
        now = int(START.timestamp())
        await send_to_meta(client, meta_event())
        await send_to_meta(client, meta_event(event_name="Won"))
        clock.advance(hours=47, minutes=59)
        await send_to_meta(client, meta_event(event_time=now))
        assert (await book(client, "meta"))["conversions"] == 2
        clock.advance(minutes=1)
        await send_to_meta(client, meta_event(event_time=now))
        received = await book(client, "meta")
        assert received["conversions"] == 3
        assert "duplicateOf" not in received["requests"][0]

    async def test_meta_cannot_recognise_events_without_an_id(self, client):
        for _ in range(2):
            await send_to_meta(client, meta_event(event_id=None))
        assert (await book(client, "meta"))["conversions"] == 2

    async def test_ga4_counts_every_copy(self, client):
        for _ in range(2):
            await collect(client, ga4_request())
        received = await book(client, "ga4")
        assert received["conversions"] == 2
        assert all("duplicateOf" not in entry for entry in received["requests"])

    async def test_a_refused_request_counts_nothing_but_shows_its_ids(self, client):
        await script(client, "google_ads", fail="UNAVAILABLE")
        await ingest(client, google_request())
        received = await book(client, "google_ads")
        assert (received["received"], received["conversions"]) == (1, 0)
        assert received["requests"][0]["eventIds"] == ["lead-42-won"]
        assert received["requests"][0]["scripted"] == "UNAVAILABLE"

    def test_conversions_beyond_what_is_remembered_still_count(self):
        count = ConversionCount(None)
        for number in range(REMEMBERED + 1):
            count.add(Conversion(key=(str(number),)), at=START, request_id=number)
        assert count.total == REMEMBERED + 1
        assert count.add(Conversion(key=(str(REMEMBERED),)), at=START, request_id=0) == REMEMBERED
        assert count.add(Conversion(key=("0",)), at=START, request_id=0) is None
