"""A webhook from the mutation to the receiver and back, over real HTTP."""

from typing import Any

import pytest

from app.sandbox.webhook.signatures import SECRET
from app.tables.jobs import DeliveryRow
from app.values import Platform
from tests.end_to_end.live import Live


async def told(live: Live, lead: str, label_id: Any, **change: Any) -> dict[str, Any]:
    """The one delivery of a status change, after its first attempt."""
    answer = await live.update({"leadId": lead}, label_id, **change)
    job = await live.processed(answer["job"]["id"])
    [delivery] = job["deliveries"]
    return dict(delivery)


async def mapped(live: Live, **columns: Any) -> Any:
    """A label that means something to a webhook alone."""
    label = await live.world.label(**columns)
    await live.world.map(label.id, await live.world.integration(Platform.WEBHOOK))
    return label.id


async def test_a_status_change_is_told_under_the_deliverys_own_id(live: Live) -> None:
    delivery = await told(live, await live.lead_now(), await mapped(live), price=12_500)

    assert (delivery["state"], delivery["attempts"], delivery["errorCode"]) == ("DELIVERED", 1, None)
    [received] = await live.received("webhook")
    [row] = await live.rows(DeliveryRow)
    assert received["body"]["id"] == f"msg_{row.id}"
    assert received["body"]["type"] == "lead.qualified"
    assert received["body"]["data"]["eventId"] == delivery["platformEventId"]
    assert received["body"]["data"]["valueCents"] == 12_500
    assert "person" not in received["body"]["data"]
    assert "problems" not in received


async def test_every_restatement_is_a_message_of_its_own_even_back_to_an_earlier_value(live: Live) -> None:
    lead, label_id = await live.lead_now(), await mapped(live)
    for price in (10_000, 20_000, 10_000, 20_000):
        delivery = await told(live, lead, label_id, price=price)
        assert delivery["state"] == "DELIVERED"

    received = await live.received("webhook")
    assert len({request["body"]["id"] for request in received}) == 4
    assert len({request["body"]["data"]["eventId"] for request in received}) == 1
    assert [request["body"]["data"]["kind"] for request in received] == ["RESTATE"] * 3 + ["SEND"]
    assert [request["response"]["copy"] for request in received] == [False] * 4


async def test_a_sale_that_is_lost_is_taken_back(live: Live) -> None:
    lead, label_id = await live.lead_now(), await mapped(live, undo_on_lost=True)
    await told(live, lead, label_id, price=10_000)

    answer = await live.update({"leadId": lead}, "lost")
    job = await live.processed(answer["job"]["id"])

    assert {"RETRACT": "DELIVERED"}.items() <= {d["kind"]: d["state"] for d in job["deliveries"]}.items()
    newest = (await live.received("webhook"))[0]
    assert (newest["body"]["data"]["kind"], newest["response"]["copy"]) == ("RETRACT", False)


async def test_nothing_personal_and_no_secret_is_kept(live: Live) -> None:
    lead = await live.lead_now(first_name="Zzyzx", last_name="Markersson", city="Markerstad")
    label = await live.world.label()
    settings = {"url": "https://hooks.example.com/conversions", "personal_data": True}
    integration = await live.world.integration(Platform.WEBHOOK, settings=settings)
    await live.world.map(label.id, integration)
    await told(live, lead, label.id)

    [received] = await live.received("webhook")
    assert received["body"]["data"]["person"]["lastName"] == "Markersson"
    kept = "".join(row.model_dump_json() for row in await live.rows(DeliveryRow))
    personal = ("ada@example.com", "7700900123", "Zzyzx", "Markersson", "Markerstad", "SW1A", "X11")
    assert not [text for text in (*personal, SECRET) if text in kept]


@pytest.mark.parametrize(
    ("case", "state", "code"),
    [
        ("400", "SCHEDULED", "HTTP_400"),
        ("401", "HELD", "HTTP_401"),
        ("403", "HELD", "HTTP_403"),
        ("404", "HELD", "HTTP_404"),
        ("409", "SCHEDULED", "HTTP_409"),
        ("410", "HELD", "HTTP_410"),
        ("422", "SCHEDULED", "HTTP_422"),
        ("500", "SCHEDULED", "HTTP_500"),
        ("REDIRECT", "HELD", "HTTP_302"),
        ("HTML", "SCHEDULED", "HTTP_502"),
        ("HTTP_429", "SCHEDULED", "HTTP_429"),
        ("HTML_OK", "DELIVERED", None),
        ("EMPTY", "DELIVERED", None),
        ("HUGE", "DELIVERED", None),
    ],
)
async def test_each_way_to_fail_ends_in_its_state_with_words(
    live: Live, case: str, state: str, code: str | None
) -> None:
    await live.script("webhook", fail=case)

    delivery = await told(live, await live.lead_now(), await mapped(live))

    assert (delivery["state"], delivery["errorCode"]) == (state, code)
    assert bool(delivery["errorMessage"]) is (code is not None)


async def test_a_receiver_that_may_have_taken_a_message_is_sent_a_copy_it_knows(live: Live) -> None:
    await live.script("webhook", dropConnection="after")

    delivery = await told(live, await live.lead_now(), await mapped(live))

    assert (delivery["state"], delivery["errorCode"]) == ("SCHEDULED", "CONNECTION")
    assert delivery["nextAttemptAt"] is not None
