"""LinkedIn from the mutation to the platform and back, over real HTTP."""

from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import Platform
from tests.end_to_end.live import Live
from tests.world import CREDENTIALS


async def delivered(live: Live, **columns: Any) -> dict[str, Any]:
    """The one delivery of a status change that is mapped to LinkedIn alone, after its first attempt."""
    lead, label = await live.lead_now(li_fat_id="0f1e2d3c", **columns), await live.world.label()
    await live.world.map(label.id, await live.world.integration(Platform.LINKEDIN))
    answer = await live.update({"leadId": lead}, label.id, price=12_500)
    job = await live.processed(answer["job"]["id"])
    [delivery] = job["deliveries"]
    return dict(delivery)


async def test_a_status_change_is_counted_once_with_its_value(live: Live) -> None:
    delivery = await delivered(live)

    assert (delivery["state"], delivery["attempts"]) == ("DELIVERED", 1)
    [received] = await live.received("linkedin")
    [event] = received["body"]["elements"]
    assert event["eventId"] == delivery["platformEventId"]
    assert event["conversionValue"] == {"currencyCode": "EUR", "amount": "125.00"}
    assert event["user"]["userIds"][1]["idValue"] == "0f1e2d3c"
    assert "problems" not in received


async def test_nothing_personal_and_no_token_is_kept_although_names_are_sent_in_clear(live: Live) -> None:
    await delivered(live, first_name="Zzyzx", last_name="Markersson", company_name="Markerworks")

    [received] = await live.received("linkedin")
    assert received["body"]["elements"][0]["user"]["userInfo"]["lastName"] == "Markersson"
    kept = "".join(row.model_dump_json() for row in await live.rows(DeliveryRow))
    personal = ("ada@example.com", "7700900123", "Zzyzx", "Markersson", "Markerworks", "SW1A")
    assert not [text for text in (*personal, *CREDENTIALS[Platform.LINKEDIN].values()) if text in kept]


@pytest.mark.parametrize(
    ("case", "state", "code"),
    [
        ("UNPROCESSABLE", "REJECTED", "HTTP_422"),
        ("ELEMENTS_REFUSED", "REJECTED", "HTTP_422"),
        ("INVALID_TIME", "REJECTED", "INVALID_TIME"),
        ("WRONG_CONVERSION_METHOD", "HELD", "WRONG_CONVERSION_METHOD"),
        ("NO_AD_ACCOUNTS", "HELD", "NO_AD_ACCOUNTS"),
        ("EXPIRED_ACCESS_TOKEN", "HELD", "EXPIRED_ACCESS_TOKEN"),
        ("NONEXISTENT_VERSION", "HELD", "NONEXISTENT_VERSION"),
        ("TOO_MANY_REQUESTS", "SCHEDULED", "TOO_MANY_REQUESTS"),
        ("SERVICE_UNAVAILABLE", "SCHEDULED", "HTTP_503"),
        ("HTML", "SCHEDULED", "HTTP_502"),
        ("TRUNCATED", "UNCONFIRMED", "UNREADABLE"),
    ],
)
async def test_each_way_to_fail_ends_in_its_state_with_words(
    live: Live, case: str, state: str, code: str
) -> None:
    await live.script("linkedin", fail=case)

    delivery = await delivered(live)

    assert (delivery["state"], delivery["errorCode"]) == (state, code)
    assert delivery["errorMessage"]


async def test_a_version_that_has_ended_holds_the_integration_and_says_what_to_set(live: Live) -> None:
    await live.script("linkedin", fail="NONEXISTENT_VERSION")
    await delivered(live)

    [integration] = (await live.ask("{ integrations { pauseReason pauseMessage } }"))["integrations"]
    assert integration["pauseReason"] == "API_SUNSET"
    assert "LEADWIRE_LINKEDIN_API_VERSION" in integration["pauseMessage"]
