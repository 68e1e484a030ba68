"""Conversions that a platform only tested do not stand in the way of those that count."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.values import Platform
from tests.end_to_end.live import Live
from tests.end_to_end.routes import Route, connected, house, only_delivery
from tests.end_to_end.test_trying_again import RETRY
from tests.resolvers.integrations import change, update
from tests.world import SETTINGS

NOT_COUNTED = (Platform.GOOGLE_ADS, Platform.TIKTOK, Platform.WEBHOOK)
COUNTED = (Platform.META, Platform.GA4)
UNDONE = {"label": {"undo_on_lost": True}}


def each(platforms: tuple[Platform, ...]) -> Any:
    return pytest.mark.parametrize("platform", platforms, ids=lambda platform: platform.value.lower())


@pytest.fixture(scope="module")
async def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with house(sqlite_template, tmp_path_factory.mktemp("going_live")) as opened:
        yield opened


def trying(platform: Platform) -> dict[str, Any]:
    """An integration in test mode."""
    coded = platform in {Platform.META, Platform.TIKTOK}
    code = {"test_event_code": "TEST12345"} if coded else {}
    return {"settings": SETTINGS[platform] | code, "test_mode": True}


async def delivery(route: Route, lead: str) -> dict[str, Any]:
    job = await route.send(lead)
    return await route.settled(job["id"])


async def planned_as_a_test_and_sent_live(route: Route, lead: str, **more: Any) -> dict[str, Any]:
    """What became of a change that waited while test mode was switched off."""
    integration_id = route.integration.id
    await change(route.live, "pauseIntegration", integration_id)
    waiting = await route.send(lead, **more)
    await update(route.live, integration_id, testMode=False)
    await change(route.live, "resumeIntegration", integration_id)
    return await route.settled(waiting["id"])


@each(NOT_COUNTED)
async def test_once_live_what_was_only_tested_is_sent(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        await live.forget(route.name)
        lead = await live.lead_now()
        trial = await delivery(route, lead)
        assert (trial["state"], trial["onlyTested"], await route.conversions()) == ("DELIVERED", True, 0)

        await update(live, route.integration.id, testMode=False)
        sent = await delivery(route, lead)
        again = await delivery(route, lead)

        assert (sent["kind"], sent["state"], sent["onlyTested"]) == ("SEND", live.taken(platform), False)
        assert again["warning"]["code"] == "ALREADY_CONVERTED"
        assert await route.conversions() == 1


@each(COUNTED)
async def test_what_may_be_counted_though_it_was_a_test_is_not_sent_twice(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        lead = await live.lead_now()
        trial = await delivery(route, lead)
        await update(live, route.integration.id, testMode=False)
        again = await delivery(route, lead)

        assert (trial["state"], trial["onlyTested"]) == ("DELIVERED", False)
        assert (again["state"], again["warning"]["code"]) == ("SKIPPED", "ALREADY_CONVERTED")


@each(NOT_COUNTED)
async def test_in_test_mode_a_label_that_counts_once_is_tested_once(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        lead = await live.lead_now()
        await delivery(route, lead)
        again = await delivery(route, lead)

        assert (again["state"], again["warning"]["code"]) == ("SKIPPED", "ALREADY_CONVERTED")


@each((Platform.GOOGLE_ADS, Platform.WEBHOOK))
async def test_in_test_mode_a_sale_that_is_lost_is_taken_back_as_a_test(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **UNDONE, **trying(platform)) as route:
        lead = await live.lead_now()
        await delivery(route, lead)
        answer = await live.update({"leadId": lead}, "lost")
        undone = await route.settled(answer["job"]["id"])

        assert (undone["kind"], undone["state"], undone["onlyTested"]) == ("RETRACT", "DELIVERED", True)


@each((Platform.GOOGLE_ADS, Platform.WEBHOOK))
async def test_once_live_there_is_nothing_to_take_back_of_a_test(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **UNDONE, **trying(platform)) as route:
        lead = await live.lead_now()
        await delivery(route, lead)
        await update(live, route.integration.id, testMode=False)
        answer = await live.update({"leadId": lead}, "lost")
        job = await live.processed(answer["job"]["id"])

        assert [one["kind"] for one in job["deliveries"]] == ["SEND"]
        assert only_delivery(job)["state"] == "SKIPPED"


@each((Platform.GOOGLE_ADS, Platform.WEBHOOK))
async def test_what_was_taken_back_only_as_a_test_still_counts(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **UNDONE) as route:
        await live.forget(route.name)
        lead = await live.lead_now()
        await delivery(route, lead)
        await update(live, route.integration.id, testMode=True)
        await route.settled((await live.update({"leadId": lead}, "lost"))["job"]["id"])
        await update(live, route.integration.id, testMode=False)
        again = await delivery(route, lead)

        assert (again["state"], again["warning"]["code"]) == ("SKIPPED", "ALREADY_CONVERTED")
        assert await route.conversions() == 1


@each((Platform.GOOGLE_ADS, Platform.WEBHOOK))
async def test_what_waits_when_test_mode_ends_is_no_second_conversion(live: Live, platform: Platform) -> None:
    async with connected(live, platform, **UNDONE) as route:
        await live.forget(route.name)
        lead = await live.lead_now()
        await delivery(route, lead)
        await update(live, route.integration.id, testMode=True)
        await route.settled((await live.update({"leadId": lead}, "lost"))["job"]["id"])
        await planned_as_a_test_and_sent_live(route, lead)

        assert await route.conversions() == 1


@each(NOT_COUNTED)
async def test_what_was_skipped_because_of_a_test_is_sent_when_it_is_tried_again_live(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        await live.forget(route.name)
        lead = await live.lead_now()
        await delivery(route, lead)
        skipped = await route.send(lead)
        await update(live, route.integration.id, testMode=False)
        done = await live.ask(RETRY, {"job": skipped["id"], "dryRun": False})
        sent = await route.settled(skipped["id"])

        assert done["retryDeliveries"] == {"matched": 1, "retried": 1, "skipped": 0}
        assert (sent["state"], sent["onlyTested"], await route.conversions()) == (
            live.taken(platform),
            False,
            1,
        )


@each((Platform.GOOGLE_ADS, Platform.WEBHOOK))
async def test_a_new_value_of_a_test_that_is_sent_live_is_a_conversion_of_its_own(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        await live.forget(route.name)
        lead = await live.lead_now()
        await delivery(route, lead)
        restated = await planned_as_a_test_and_sent_live(route, lead, price=99)

        assert (restated["state"], restated["onlyTested"]) == (live.taken(platform), False)
        assert await route.conversions() == 1


@each(NOT_COUNTED)
async def test_what_is_being_sent_as_a_test_when_test_mode_ends_is_sent_again(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform, **trying(platform)) as route:
        await live.forget(route.name)
        await live.script(route.name, delayS=1)
        job_id = (await live.update({"leadId": await live.lead_now()}, route.label.id))["job"]["id"]
        await live.until(lambda: is_sending(live, job_id))
        await update(live, route.integration.id, testMode=False)
        await live.script(route.name, reset=True)
        tried = only_delivery(await live.processed(job_id))
        sent = await route.settled(job_id)

        assert (tried["state"], tried["errorCode"]) == ("SCHEDULED", "ONLY_TESTED")
        assert (sent["state"], sent["onlyTested"], sent["attempts"]) == (live.taken(platform), False, 2)
        assert await route.conversions() == 1


async def is_sending(live: Live, job_id: str) -> bool:
    return bool(only_delivery(await live.job(job_id))["state"] == "SENDING")
