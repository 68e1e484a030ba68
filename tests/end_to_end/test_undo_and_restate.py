"""A new value and a sale that is lost, over real HTTP: changed where the platform can, said where it cannot."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.connectors.microsoft_ads.outcomes import CATALOGUE as MICROSOFT_ADS
from app.values import Platform
from tests.end_to_end.expectations import PLAYED, cases_at, is_understandable, state_after
from tests.end_to_end.live import Live
from tests.end_to_end.routes import OPEN_STATES, Route, connected, house, only_delivery

CHANGING = (Platform.GOOGLE_ADS, Platform.MICROSOFT_ADS, Platform.WEBHOOK)
"""Those that take another value for what they have, or take it back."""
OTHERS = tuple(platform for platform in PLAYED if platform not in CHANGING)
ADJUSTING = [case for case in cases_at(Platform.MICROSOFT_ADS, "adjust") if case.endpoints == ("adjust",)]
UNDONE = {"label": {"undo_on_lost": True}}

each_changing = pytest.mark.parametrize("platform", CHANGING, ids=lambda platform: platform.value.lower())
each_other = pytest.mark.parametrize("platform", OTHERS, ids=lambda platform: platform.value.lower())


@pytest.fixture(scope="module")
async def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with house(sqlite_template, tmp_path_factory.mktemp("undone")) as opened:
        yield opened


async def test_platforms_are_those_their_facts_say(live: Live) -> None:
    facts = {platform: connector.facts for platform, connector in live.world.connectors.items()}
    assert {one for one in Platform if facts[one].can_restate} == set(CHANGING)
    assert {one for one in Platform if facts[one].can_retract} == set(CHANGING)


@each_changing
async def test_a_new_value_takes_the_place_of_the_first_and_the_history_stays(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform) as route:
        first, second = await sold(route, 10_000, 25_000)

        assert (second["kind"], second["state"]) == ("RESTATE", live.taken(platform))
        assert second["follows"] == {"id": first["id"], "kind": "SEND", "state": live.taken(platform)}
        assert second["platformEventId"] == first["platformEventId"]
        assert await counted(route) == [(25_000, False)]
        assert [shown_value(delivery) for delivery in (first, second)] == [10_000, 25_000]


@each_changing
async def test_values_that_go_back_and_forth_end_with_the_last(live: Live, platform: Platform) -> None:
    async with connected(live, platform) as route:
        deliveries = await sold(route, 10_000, 25_000, 10_000, 25_000, 5_000)

        assert [delivery["kind"] for delivery in deliveries] == ["SEND"] + ["RESTATE"] * 4
        assert await counted(route) == [(5_000, False)]


@each_changing
async def test_a_new_value_waits_for_the_conversion_it_changes(live: Live, platform: Platform) -> None:
    async with connected(live, platform) as route:
        lead = await live.lead_now()
        await live.forget(route.name)
        await live.script(route.name, fail="HTTP_503", times=2)
        first = await route.send(lead, price=10_000)
        second = await route.send(lead, price=25_000)
        await live.script(route.name, reset=True)
        waiting = only_delivery(second)

        assert (only_delivery(first)["state"], waiting["state"]) == ("SCHEDULED", "SCHEDULED")
        assert (waiting["kind"], waiting["attempts"]) == ("RESTATE", 0)
        await route.settled(first["id"])
        await route.settled(second["id"])

        assert await counted(route) == [(25_000, False)]


@each_changing
async def test_a_sale_that_is_lost_is_taken_back_and_the_history_stays(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **UNDONE) as route:
        lead = await live.lead_now()
        [first] = await sold(route, 10_000, lead=lead)
        answer = await live.update({"leadId": lead}, "lost")
        undone = await route.settled(answer["job"]["id"])

        assert [warning["code"] for warning in answer["warnings"]] == ["NOT_MAPPED"]
        assert (undone["kind"], undone["state"]) == ("RETRACT", live.taken(platform))
        assert undone["follows"]["id"] == first["id"]
        # Google takes nothing back: what is left has no value.
        left = [(0, False)] if platform is Platform.GOOGLE_ADS else [(10_000, True)]
        assert await counted(route) == left


@each_other
async def test_where_a_value_cannot_change_it_stays_and_the_warning_says_so(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform) as route:
        lead = await live.lead_now()
        await sold(route, 10_000, lead=lead)
        answer = await live.update({"leadId": lead}, route.label.id, price=25_000)
        [skipped] = (await live.processed(answer["job"]["id"]))["deliveries"]

        [warning] = answer["warnings"]
        assert (warning["code"], warning["willSkip"]) == ("CANNOT_BE_RESTATED", True)
        assert is_understandable(warning["reason"])
        assert (skipped["state"], skipped["warning"]["code"]) == ("SKIPPED", "CANNOT_BE_RESTATED")
        assert await counted(route) == [(10_000, False)]


@each_other
async def test_where_nothing_can_be_undone_it_stays_and_the_warning_says_so(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **UNDONE) as route:
        lead = await live.lead_now()
        await sold(route, 10_000, lead=lead)
        answer = await live.update({"leadId": lead}, "lost")
        job = await live.processed(answer["job"]["id"])

        warnings = {warning["code"]: warning["reason"] for warning in answer["warnings"]}
        assert set(warnings) == {"NOT_MAPPED", "CANNOT_BE_UNDONE"}
        assert is_understandable(warnings["CANNOT_BE_UNDONE"])
        assert "RETRACT" not in {delivery["kind"] for delivery in job["deliveries"]}
        assert await counted(route) == [(10_000, False)]


@pytest.mark.parametrize("platform", PLAYED, ids=lambda platform: platform.value.lower())
async def test_what_has_not_arrived_when_the_sale_is_lost_never_will(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **UNDONE) as route:
        lead = await live.lead_now()
        await live.forget(route.name)
        await live.script(route.name, fail="HTTP_503")
        sale = await route.send(lead)
        answer = await live.update({"leadId": lead}, "lost")
        await live.processed(answer["job"]["id"])

        assert only_delivery(sale)["state"] == "SCHEDULED"
        assert only_delivery(await live.job(sale["id"]))["state"] == "CANCELED"
        assert await counted(route) == []


@pytest.mark.parametrize("case", ADJUSTING, ids=lambda case: case.name)
async def test_a_change_that_microsoft_refuses_says_why_and_leaves_what_is_counted(
    live: Live, case: Any
) -> None:
    async with connected(live, Platform.MICROSOFT_ADS) as route:
        lead = await live.lead_now()
        await sold(route, 10_000, lead=lead)
        waiting = await route.send(lead, price=25_000)
        await live.script(route.name, fail=case.name)
        refused = await route.next_attempt(waiting["id"])

        facts = live.world.connectors[Platform.MICROSOFT_ADS].facts
        state = state_after(MICROSOFT_ADS[int(case.name)].kind, facts)
        assert (refused["kind"], refused["state"], refused["errorCode"]) == ("RESTATE", state, case.name)
        assert is_understandable(refused["errorMessage"])
        assert await counted(route) == [(10_000, False)]


def test_no_refusal_of_a_change_is_left_out() -> None:
    assert len(ADJUSTING) == 10


async def sold(route: Route, *prices: int, lead: str | None = None) -> list[dict[str, Any]]:
    """The deliveries of one lead's conversion at each of these prices, one after the other."""
    await route.live.forget(route.name)
    lead = lead or await route.live.lead_now()
    deliveries = []
    for price in prices:
        job = await route.send(lead, price=price)
        deliveries.append(await route.settled(job["id"]))
    assert all(delivery["state"] not in OPEN_STATES for delivery in deliveries)
    return deliveries


async def counted(route: Route) -> list[tuple[int, bool]]:
    """What the platform counts: values in cents, and whether it was taken back."""
    book = await route.live.book(route.name)
    in_cents = 1 if route.platform is Platform.WEBHOOK else 100
    return [(round(item["value"] * in_cents), item.get("retracted", False)) for item in book["counted"]]


def shown_value(delivery: dict[str, Any]) -> int:
    """The value in the request that is kept, in cents."""
    request = delivery["request"]
    if delivery["platform"] == "WEBHOOK":
        return int(request["data"]["valueCents"])
    if delivery["platform"] == "GOOGLE_ADS":
        value = request["events"][0]["conversionValue"]
    elif "OfflineConversions" in request:
        value = request["OfflineConversions"][0]["ConversionValue"]
    else:
        value = request["OfflineConversionAdjustments"][0]["AdjustmentValue"]
    return round(float(value) * 100)
