"""A webhook's receiver, played: whom it believes, what it takes, how it can fail."""

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from app.sandbox.transport_cases import TRANSPORT_CASES
from app.sandbox.webhook import platform
from app.sandbox.webhook.catalogue import CASES
from app.sandbox.webhook.signatures import SECRET
from tests.sandbox.stage import START, book, script, signed, tell_webhook, webhook_message


def message(**changes):
    """A message with changes outside what is told."""
    whole = {**webhook_message(), **changes}
    return {name: item for name, item in whole.items() if item is not None}


@pytest.mark.parametrize(
    "told",
    [
        webhook_message(),
        webhook_message(valueCents=None, currency=None),
        webhook_message(valueCents=0),
        webhook_message(person={"email": "alex@example.com"}),
        webhook_message(attribution={}),
        webhook_message(kind="RESTATE"),
        webhook_message(kind="RETRACT"),
        message(test=True),
        message(type="leadwire.test", data={}),
        message(type="won"),
    ],
)
async def test_a_message_as_documented_is_taken(client, told):
    answer = await tell_webhook(client, told)
    assert (answer.status_code, answer.json()) == (200, {"received": True, "copy": False})
    assert "problems" not in (await book(client, "webhook"))["requests"][0]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (message(type=None), "type"),
        (message(type="lead won"), "type"),
        (message(type="lead."), "type"),
        (message(timestamp=None), "timestamp"),
        (message(timestamp="2026-11-23"), "timestamp"),
        (message(timestamp=1795435200), "timestamp"),
        (message(test=False), "test"),
        (message(data=None), "data"),
        (message(data=[]), "data"),
        (webhook_message(eventId=None), "data.eventId"),
        (webhook_message(eventId=" "), "data.eventId"),
        (webhook_message(kind="send"), "data.kind"),
        (webhook_message(kind=["SEND"]), "data.kind"),
        (webhook_message(occurredAt="yesterday"), "data.occurredAt"),
        (webhook_message(valueCents=10.5), "data.valueCents"),
        (webhook_message(valueCents=True), "data.valueCents"),
        (webhook_message(valueCents=None), "data.currency"),
        (webhook_message(currency=None), "data.currency"),
        (webhook_message(currency="EURO"), "data.currency"),
        (webhook_message(lead=None), "data.lead.id"),
        (webhook_message(lead={"id": 42}), "data.lead.id"),
        (webhook_message(lead={"id": "42", "uniqueIdentifier": ""}), "data.lead"),
        (webhook_message(consent=None), "data.consent"),
        (webhook_message(consent={"adStorage": "GRANTED"}), "data.consent"),
        (webhook_message(attribution=None), "data.attribution"),
        (webhook_message(attribution={"gclid": None}), "data.attribution"),
        (webhook_message(person=[]), "data.person"),
    ],
)
async def test_a_message_that_is_not_is_refused_with_the_place(client, told, problem):
    answer = await tell_webhook(client, told)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{problem}: ")
    received = await book(client, "webhook")
    assert received["conversions"] == 0
    assert received["requests"][0]["problems"][0] == answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[1]", b"\xff"])
async def test_a_signed_body_that_is_no_message_is_refused(client, body):
    answer = await client.post("/webhook/conversions", content=body, headers=signed(body))
    assert answer.status_code == 400


async def test_the_body_must_say_the_id_of_its_header(client):
    answer = await tell_webhook(client, message(id="msg_1"), **signed(b"", message_id="msg_2"))
    assert answer.status_code == 401
    body = json.dumps(message(id="msg_1")).encode()
    answer = await client.post("/webhook/conversions", content=body, headers=signed(body, message_id="msg_2"))
    assert (answer.status_code, answer.json()["error"]) == (400, "id: not that of the header webhook-id")


class TestBelieving:
    @pytest.mark.parametrize("at", [START, START - timedelta(minutes=5), START + timedelta(minutes=5)])
    async def test_what_the_specifications_library_signs_is_believed(self, client, at):
        body = json.dumps(webhook_message())
        headers = {
            "content-type": "application/json; charset=utf-8",
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", at, body),
        }
        answer = await client.post("/webhook/conversions", content=body, headers=headers)
        assert answer.status_code == 200

    @pytest.mark.parametrize("at", [START - timedelta(seconds=301), START + timedelta(seconds=301)])
    async def test_what_is_not_of_now_is_refused(self, client, at):
        body = json.dumps(webhook_message()).encode()
        answer = await client.post("/webhook/conversions", content=body, headers=signed(body, at=at))
        assert answer.status_code == 400
        assert "five minutes" in answer.json()["error"]

    async def test_one_signature_of_several_is_enough(self, client):
        own = signed(json.dumps(webhook_message()).encode())["webhook-signature"]
        several = f"v1a,AAAA v1,**** v1,AAAA {own}"
        answer = await tell_webhook(client, webhook_message(), **{"webhook-signature": several})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("name", "value", "status"),
        [
            ("webhook-id", "", 400),
            ("webhook-id", "msg.1", 400),
            ("webhook-id", "msg_2", 401),
            ("webhook-timestamp", "", 400),
            ("webhook-timestamp", "soon", 400),
            ("webhook-timestamp", "-1", 400),
            ("webhook-timestamp", "1795435201", 401),
            ("webhook-signature", "", 400),
            ("webhook-signature", "v1", 401),
            ("webhook-signature", "v1,", 401),
            ("webhook-signature", "v1,AAAA", 401),
            ("webhook-signature", "v1,é", 401),
            ("content-type", "", 415),
            ("content-type", "text/plain", 415),
            ("content-type", "application/x-www-form-urlencoded", 415),
        ],
    )
    async def test_a_header_that_is_missing_or_wrong_refuses_the_message(self, client, name, value, status):
        header = {name: value.encode("latin-1") if value else ""}
        answer = await tell_webhook(client, webhook_message(), **header)
        assert answer.status_code == status
        received = await book(client, "webhook")
        assert received["conversions"] == 0
        assert received["requests"][0]["problems"] == [answer.json()["error"]]

    async def test_another_version_of_the_same_signature_is_none(self, client):
        own = signed(json.dumps(webhook_message()).encode())["webhook-signature"]
        other = own.replace("v1,", "v2,")
        answer = await tell_webhook(client, webhook_message(), **{"webhook-signature": other})
        assert answer.status_code == 401


class TestCounting:
    async def test_a_copy_is_known_by_its_id_and_counts_once(self, client):
        answers = [(await tell_webhook(client, webhook_message())).json() for _ in range(2)]
        assert [answer["copy"] for answer in answers] == [False, True]
        received = await book(client, "webhook")
        assert (received["received"], received["conversions"]) == (2, 1)
        assert received["requests"][0]["duplicateOf"] == 1
        assert received["requests"][0]["eventIds"] == ["lead-42-won"]

    async def test_a_restatement_changes_the_value_and_a_retraction_the_count(self, client):
        await tell_webhook(client, webhook_message())
        await tell_webhook(client, {**webhook_message(kind="RESTATE", valueCents=2000), "id": "msg_2"})
        received = await book(client, "webhook")
        assert (received["conversions"], received["counted"][0]["value"]) == (1, 2000)
        await tell_webhook(client, {**webhook_message(kind="RETRACT", valueCents=0), "id": "msg_3"})
        assert (await book(client, "webhook"))["conversions"] == 0

    async def test_a_late_copy_undoes_nothing(self, client):
        first = {**webhook_message(kind="RESTATE", valueCents=2000), "id": "msg_2"}
        await tell_webhook(client, webhook_message())
        await tell_webhook(client, first)
        await tell_webhook(client, {**webhook_message(kind="RESTATE", valueCents=3000), "id": "msg_3"})
        await tell_webhook(client, first)
        await tell_webhook(client, webhook_message())
        assert (await book(client, "webhook"))["counted"][0]["value"] == 3000

    @pytest.mark.parametrize("told", [message(test=True), message(type="leadwire.test", data={})])
    async def test_tests_count_nothing(self, client, told):
        await tell_webhook(client, told)
        assert (await book(client, "webhook"))["conversions"] == 0

    async def test_only_the_newest_ids_are_remembered(self, client, monkeypatch):
        monkeypatch.setattr(platform, "REMEMBERED", 2)
        for number in (1, 2, 3):
            await tell_webhook(client, message(id=f"msg_{number}"))
        answers = [(await tell_webhook(client, message(id=f"msg_{number}"))).json() for number in (3, 1)]
        assert [answer["copy"] for answer in answers] == [True, False]


@pytest.mark.parametrize("case", sorted(set(CASES) - {case.name for case in TRANSPORT_CASES}))
async def test_a_refusal_has_its_status_and_words_and_takes_nothing(client, case):
    await script(client, "webhook", fail=case)
    answer = await tell_webhook(client, webhook_message())
    assert answer.status_code == int(case)
    assert answer.json()["error"]
    assert (await book(client, "webhook"))["conversions"] == 0
    assert (await tell_webhook(client, webhook_message())).json()["copy"] is False


async def test_there_is_nothing_at_any_other_address(client):
    answer = await client.post("/webhook/elsewhere", json={})
    assert (answer.status_code, answer.json()) == (404, {"error": "there is nothing here"})
