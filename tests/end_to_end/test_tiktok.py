"""TikTok from the mutation to the platform and back, over real HTTP."""

from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import Platform
from tests.end_to_end.live import Live
from tests.world import CREDENTIALS


async def delivered(live: Live, **columns: Any) -> dict[str, Any]:
    """The one delivery of a status change that is mapped to TikTok alone, after its first attempt."""
    lead, label = await live.lead_now(ttclid="E.C.P.AbC", **columns), await live.world.label()
    await live.world.map(label.id, await live.world.integration(Platform.TIKTOK))
    answer = await live.update({"leadId": lead}, label.id, price=12_500)
    job = await live.processed(answer["job"]["id"])
    [delivery] = job["deliveries"]
    return dict(delivery)


async def test_a_status_change_is_counted_once_with_its_value(live: Live) -> None:
    delivery = await delivered(live)

    assert (delivery["state"], delivery["attempts"]) == ("DELIVERED", 1)
    [received] = await live.received("tiktok")
    assert delivery["platformRequestId"] == received["response"]["request_id"]
    [event] = received["body"]["data"]
    assert event["event_id"] == delivery["platformEventId"]
    assert event["properties"] == {"value": 125.0, "currency": "EUR"}
    assert event["user"]["ttclid"] == "E.C.P.AbC"
    assert "problems" not in received


async def test_nothing_personal_and_no_token_is_kept(live: Live) -> None:
    await delivered(live, first_name="Zzyzx", last_name="Markersson", city="Markerstad")

    kept = "".join(row.model_dump_json() for row in await live.rows(DeliveryRow))

    personal = ("ada@example.com", "7700900123", "Zzyzx", "Markersson", "Markerstad", "SW1A")
    assert not [text for text in (*personal, *CREDENTIALS[Platform.TIKTOK].values()) if text in kept]


@pytest.mark.parametrize(
    ("case", "state", "code"),
    [
        ("40002", "REJECTED", "40002"),
        ("20001", "REJECTED", "40002"),
        ("40002_EVENT_SOURCE", "HELD", "40002"),
        ("40001", "HELD", "40001"),
        ("40102", "HELD", "40102"),
        ("40051", "HELD", "40051"),
        ("40100", "SCHEDULED", "40100"),
        ("60001", "SCHEDULED", "60001"),
        ("49999", "SCHEDULED", "49999"),
        ("20001_UNNAMED", "SCHEDULED", "20001"),
        ("HTML", "SCHEDULED", "HTTP_502"),
        ("TRUNCATED", "SCHEDULED", "UNREADABLE"),
    ],
)
async def test_each_way_to_fail_ends_in_its_state_with_words(
    live: Live, case: str, state: str, code: str
) -> None:
    await live.script("tiktok", fail=case)

    delivery = await delivered(live)

    assert (delivery["state"], delivery["errorCode"]) == (state, code)
    assert delivery["errorMessage"]
