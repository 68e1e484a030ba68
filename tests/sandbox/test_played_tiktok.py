"""The Events API, played: what is taken, what is refused, what counts."""

import pytest

from tests.sandbox.stage import SHA, START, book, tiktok_event, tiktok_request, track

NOW = int(START.timestamp())
DAY_S = 86_400
TOO_MANY = [tiktok_event()] * 1001


def web(**changes):
    event = tiktok_event(lead=None, page={"url": "https://www.example.com/thanks"})
    return tiktok_request(
        {name: item for name, item in {**event, **changes}.items() if item is not None},
        event_source="web",
        event_source_id="C17TA5JC77UDOT6CA5FG",
    )


def offline(**changes):
    return tiktok_request(tiktok_event(lead=None, **changes), event_source="offline")


def crm(**changes):
    return tiktok_request(tiktok_event(**changes))


def user(**found):
    return crm(user=found)


def value(**properties):
    return crm(properties=properties)


@pytest.mark.parametrize(
    "request_",
    [
        crm(),
        crm(event_id=None),
        crm(event_time=NOW),
        crm(event_time=NOW - 28 * DAY_S),
        crm(properties=None),
        crm(limited_data_use=True),
        crm(lead={"lead_id": "7000", "lead_event_source": "Leadwire"}, user={"first_name": SHA}),
        user(email=[SHA, SHA]),
        user(external_id=SHA, zip_code=SHA, city="london", locale="en-GB"),
        value(value=0, currency="JPY"),
        value(currency="EUR"),
        web(),
        web(event_time=NOW - 7 * DAY_S),
        web(user={"ttp": "ttp-1"}),
        web(user={"ip": "192.0.2.7", "user_agent": "Mozilla/5.0"}),
        offline(),
        offline(event_time=NOW - 28 * DAY_S),
    ],
)
async def test_an_event_as_documented_is_taken(client, request_):
    answer = await track(client, request_)
    assert answer.status_code == 200
    said = answer.json()
    assert said == {"code": 0, "message": "OK", "request_id": said["request_id"], "data": {}}
    received = await book(client, "tiktok")
    assert received["conversions"] == 1
    assert "problems" not in received["requests"][0]


E = "data.0"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (tiktok_request(event_source=None), "event_source"),
        (tiktok_request(event_source="pixel"), "event_source"),
        (tiktok_request(event_source=["web"]), "event_source"),
        (tiktok_request(event_source_id=None), "event_source_id"),
        (tiktok_request(event_source_id=7), "event_source_id"),
        (tiktok_request(event_source="offline", event_source_id="C17TA5JC77UDOT6CA5FG"), "event_source_id"),
        (tiktok_request(test_event_code=5), "test_event_code"),
        ({**tiktok_request(), "data": []}, "data"),
        ({**tiktok_request(), "data": {}}, "data"),
        (tiktok_request(*TOO_MANY), "data"),
        (tiktok_request("event"), E),
        (crm(event=None), f"{E}.event"),
        (crm(event=" "), f"{E}.event"),
        (crm(event_id=42), f"{E}.event_id"),
        (crm(event_time=None), f"{E}.event_time"),
        (crm(event_time="2026-11-23T12:00:00Z"), f"{E}.event_time"),
        (crm(event_time=True), f"{E}.event_time"),
        (crm(event_time=NOW + 1), f"{E}.event_time"),
        (crm(event_time=NOW * 1000), f"{E}.event_time"),
        (crm(event_time=NOW - 28 * DAY_S - 1), f"{E}.event_time"),
        (offline(event_time=NOW - 28 * DAY_S - 1), f"{E}.event_time"),
        (web(event_time=NOW - 7 * DAY_S - 1), f"{E}.event_time"),
        (crm(limited_data_use="yes"), f"{E}.limited_data_use"),
        (crm(user=None), f"{E}.user"),
        (user(), f"{E}.user"),
        (user(first_name=SHA), f"{E}.user"),
        (tiktok_request(tiktok_event(user={"ttclid": "x"}), event_source="offline"), f"{E}.user"),
        (user(email="alex@example.com"), f"{E}.user.email"),
        (user(email=SHA.upper()), f"{E}.user.email"),
        (user(email=[]), f"{E}.user.email"),
        (user(email=[SHA, ""]), f"{E}.user.email"),
        (user(email=SHA, phone="+442079460018"), f"{E}.user.phone"),
        (user(email=SHA, external_id="crm-42"), f"{E}.user.external_id"),
        (user(email=SHA, first_name=[SHA]), f"{E}.user.first_name"),
        (user(email=SHA, zip_code="1011ab"), f"{E}.user.zip_code"),
        (user(email=SHA, ttclid=""), f"{E}.user.ttclid"),
        (crm(properties=[]), f"{E}.properties"),
        (value(value="10.50", currency="EUR"), f"{E}.properties.value"),
        (value(value=10.5), f"{E}.properties.currency"),
        (value(value=10.5, currency="euro"), f"{E}.properties.currency"),
        (crm(lead=None), f"{E}.lead.lead_event_source"),
        (crm(lead=[]), f"{E}.lead.lead_event_source"),
        (crm(lead={"lead_event_source": ""}), f"{E}.lead.lead_event_source"),
        (web(page=None), f"{E}.page.url"),
        (web(page={}), f"{E}.page.url"),
        (web(page=[]), f"{E}.page.url"),
    ],
)
async def test_a_fault_refuses_the_request_and_is_named(client, request_, field):
    answer = await track(client, request_)
    said = answer.json()
    assert (answer.status_code, said["code"], said["data"]) == (200, 40002, {})
    assert said["message"].startswith(f"Invalid value for {field}: ")
    assert said["request_id"]
    received = await book(client, "tiktok")
    assert received["conversions"] == 0
    assert received["requests"][0]["problems"][0] == said["message"]


async def test_a_body_that_is_no_object_is_refused(client):
    assert (await track(client, [1])).json()["code"] == 40002


class TestPartialSuccess:
    OLD = tiktok_event(event_id="old", event_time=NOW - 29 * DAY_S)
    NEW = tiktok_event(event_id="new")

    async def test_an_event_that_is_too_late_leaves_the_others_as_they_are(self, client):
        said = (await track(client, tiktok_request(self.OLD, self.NEW))).json()
        [failed] = said["data"]["failed_events"]
        assert (said["code"], failed["event_id"], failed["order_in_batch"]) == (20001, "old", 0)
        assert failed["error_msg"] == "Invalid value for data.0.event_time: is more than 28 days ago."
        received = await book(client, "tiktok")
        assert received["conversions"] == 1
        assert received["counted"][0]["key"] == ["new", "Qualified", "7000000000000000001"]
        assert received["requests"][0]["problems"] == [failed["error_msg"]]

    async def test_when_all_are_too_late_nothing_is_partial(self, client):
        assert (await track(client, tiktok_request(self.OLD, self.OLD))).json()["code"] == 40002

    async def test_a_malformed_event_refuses_all(self, client):
        said = (await track(client, tiktok_request(self.OLD, self.NEW, tiktok_event(event=None)))).json()
        assert said["code"] == 40002
        assert (await book(client, "tiktok"))["conversions"] == 0


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (crm(eventId="x"), f"{E}.eventId: the API does not know this key and ignores it"),
        (user(email=SHA, em=SHA), f"{E}.user.em: the API does not know this key and ignores it"),
        (web(user={"ip": "192.0.2.7"}), f"{E}.user: an anonymous event, which can be matched with nobody"),
    ],
)
async def test_what_the_api_ignores_in_silence_is_kept_as_a_problem(client, request_, problem):
    assert (await track(client, request_)).json()["code"] == 0
    received = await book(client, "tiktok")
    assert received["requests"][0]["problems"] == [problem]
    assert received["conversions"] == 1


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", 40104),
        (" ", 40104),
        ("real-token", 40105),
        ("Bearer sandbox-token", 40105),
        ("sandbox-expired-1", 40102),
        ("sandbox-without-rights-1", 40001),
    ],
)
async def test_a_token_that_is_not_in_force_is_refused_before_anything_else(client, token, code):
    answer = await track(client, {"data": []}, token=token)
    assert (answer.status_code, answer.json()["code"]) == (200, code)


async def test_without_the_header_there_is_no_token(client):
    answer = await client.post("/tiktok/open_api/v1.3/event/track/", json=tiktok_request())
    assert answer.json()["code"] == 40104


async def test_nobody_has_rights_to_an_event_source_that_does_not_exist(client):
    said = (await track(client, {**tiktok_request(event_source_id="7404"), "data": []})).json()
    assert said["code"] == 40001
    assert "7404" in said["message"]


async def test_another_version_does_not_answer(client):
    answer = await client.post(
        "/tiktok/open_api/v1.2/event/track/",
        json=tiktok_request(),
        headers={"access-token": "sandbox-token"},
    )
    assert (answer.status_code, answer.json()["code"]) == (200, 40051)


async def test_without_the_slash_at_the_end_there_is_nothing(client):
    answer = await client.post("/tiktok/open_api/v1.3/event/track", json=tiktok_request())
    assert (answer.status_code, answer.text) == (404, "404 page not found")


class TestCounting:
    async def test_a_copy_with_the_same_name_and_id_counts_once_for_48_hours(self, client, clock):
        again = crm(event_time=NOW)
        await track(client, crm())
        await track(client, crm(event="Won"))
        clock.advance(hours=47, minutes=59)
        await track(client, again)
        assert (await book(client, "tiktok"))["conversions"] == 2
        clock.advance(minutes=1)
        await track(client, again)
        assert (await book(client, "tiktok"))["conversions"] == 3

    async def test_another_event_source_counts_anew(self, client):
        await track(client, crm())
        await track(client, tiktok_request(event_source_id="7000000000000000002"))
        assert (await book(client, "tiktok"))["conversions"] == 2

    async def test_events_without_an_id_cannot_be_recognised(self, client):
        for _ in range(2):
            await track(client, crm(event_id=None))
        assert (await book(client, "tiktok"))["conversions"] == 2

    async def test_tests_count_nowhere(self, client):
        assert (await track(client, tiktok_request(test_event_code="TEST1"))).json()["code"] == 0
        received = await book(client, "tiktok")
        assert (received["received"], received["conversions"]) == (1, 0)

    async def test_a_thousand_events_count_each(self, client):
        events = [tiktok_event(event_id=f"e-{number}") for number in range(1000)]
        await track(client, tiktok_request(*events))
        assert (await book(client, "tiktok"))["conversions"] == 1000
