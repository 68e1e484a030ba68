"""What Google says later of what it accepted, over real HTTP: every verdict, and every way to get none."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.google_ads.outcomes import CATALOGUE
from app.sandbox.cases import Condemn
from app.tables.jobs import DeliveryRow
from app.values import Platform
from app.worker.judging import ASK_AGAIN, VERDICT_UNAVAILABLE
from tests.end_to_end.expectations import Expected, cases_at, is_understandable
from tests.end_to_end.live import Live
from tests.end_to_end.routes import Route, connected, house, only_delivery

CASES = cases_at(Platform.GOOGLE_ADS, "status")
NUMBER_OF_CASES = 61
PREFIX = "PROCESSING_ERROR_"

SHOWN = {
    "PARTIAL_SUCCESS": Expected(OutcomeKind.REJECTED, "INVALID_GCLID"),
    "PARTIAL_SUCCESS_UNEXPLAINED": Expected(OutcomeKind.DELIVERED, None),
    "FAILED_UNEXPLAINED": Expected(OutcomeKind.REJECTED, "FAILED"),
    "FAILED_UNSPECIFIED": Expected(OutcomeKind.REJECTED, "UNSPECIFIED"),
    "SUCCESS_WITH_WARNINGS": Expected(OutcomeKind.DELIVERED, None),
}
"""Statuses that say something else than one reason."""
STATES = {
    OutcomeKind.DELIVERED: "DELIVERED",
    OutcomeKind.REJECTED: "REJECTED",
    OutcomeKind.CONFIGURATION: "HELD",
    OutcomeKind.RETRY: "SCHEDULED",
    OutcomeKind.ACCEPTED: "ACCEPTED",
}
HOLDING = ("UNAUTHENTICATED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
"""What stops the integration, whatever was asked for."""


@pytest.fixture(scope="module")
async def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """One for all of them: they are many, and each is over when the next begins."""
    async with house(sqlite_template, tmp_path_factory.mktemp("verdicts")) as opened:
        yield opened


def verdict(case: Any) -> Expected:
    """What must become of an accepted conversion."""
    if isinstance(case.behaviour, Condemn):
        code = case.behaviour.reason.removeprefix(PREFIX).removeprefix("REASON_")
        kind = CATALOGUE[code].kind
        return Expected(kind, None if kind is OutcomeKind.DELIVERED else code)
    # No status is no verdict, whatever else it is.
    return SHOWN.get(case.name, Expected(OutcomeKind.ACCEPTED, None))


def is_silent(case: Any) -> bool:
    """Whether it says nothing of the conversion, not even that it is being processed."""
    return verdict(case).kind is OutcomeKind.ACCEPTED and case.name not in _NOT_YET


_NOT_YET = ("STATUS_UNKNOWN", "INVALID_REQUEST_ID", "REQUEST_TOO_OLD")


async def accepted(route: Route) -> dict[str, Any]:
    """A job whose conversion was accepted."""
    await route.live.forget(route.name)
    job = await route.send()
    assert only_delivery(job)["state"] == "ACCEPTED"
    return job


async def asked(route: Route, job: dict[str, Any], *, is_told: bool = True) -> dict[str, Any]:
    """The job's accepted delivery, when the next time to ask for its verdict is over.

    `is_told`: whether Google says anything of it; otherwise nothing about the delivery changes.
    """
    due_at = (await row_of(route, job)).verdict_at
    assert due_at is not None
    route.clock.now = max(route.clock(), due_at)
    # From the moment it is asked until there is an answer.
    unanswered = (due_at, route.clock() + ASK_AGAIN)
    before = await calls(route)

    async def look() -> bool:
        route.live.wake([route.integration.id])
        is_answered = not is_told or (await row_of(route, job)).verdict_at not in unanswered
        return is_answered and await calls(route) > before

    await route.live.until(look)
    return only_delivery(await route.live.job(job["id"]))


async def calls(route: Route) -> int:
    return len((await route.live.book(route.name))["otherCalls"])


async def row_of(route: Route, job: dict[str, Any]) -> DeliveryRow:
    rows: list[DeliveryRow] = await route.live.rows(DeliveryRow)
    return next(row for row in rows if str(row.job_id) == job["id"])


def test_no_verdict_is_left_out() -> None:
    assert len(CASES) == NUMBER_OF_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_it_ends_where_the_verdict_says_in_words_and_counts_once(live: Live, case: Any) -> None:
    how = verdict(case)
    async with connected(live, Platform.GOOGLE_ADS) as route:
        job = await accepted(route)
        await live.script(route.name, reset=True, fail=case.name, endpoint="status", times=2)
        delivery = await asked(route, job, is_told=not is_silent(case))
        if case.name in HOLDING:
            await live.until(partial(is_paused, route))
        await live.script(route.name, reset=True)

        assert (delivery["state"], delivery["errorCode"]) == (STATES[how.kind], how.code)
        assert delivery["attempts"] == len(delivery["attemptLog"]) == 1
        assert (delivery["errorMessage"] is None) is (how.code is None)
        assert how.code is None or is_understandable(delivery["errorMessage"])
        if how.kind is not OutcomeKind.REJECTED:
            assert (await delivered(route, job))["state"] == "DELIVERED"
        assert await route.conversions() == 1


async def is_paused(route: Route) -> bool:
    shown = (await route.live.ask("{ integrations { id pauseReason } }"))["integrations"]
    return {"id": str(route.integration.id), "pauseReason": "AUTHENTICATION"} in shown


async def delivered(route: Route, job: dict[str, Any]) -> dict[str, Any]:
    """The delivery when nothing is open any more: sent again where it has to be, and asked about again."""
    delivery = await route.settled(job["id"])
    return delivery if delivery["state"] != "ACCEPTED" else await asked(route, job)


async def test_a_click_that_was_too_young_is_sent_again_when_google_knows_it(live: Live) -> None:
    async with connected(live, Platform.GOOGLE_ADS) as route:
        job = await accepted(route)
        await live.script(route.name, fail="TOO_RECENT_CLICK")
        judged_at = (await row_of(route, job)).verdict_at
        waiting = await asked(route, job)

        assert judged_at is not None
        assert (waiting["state"], waiting["attempts"]) == ("SCHEDULED", 1)
        assert datetime.fromisoformat(waiting["nextAttemptAt"]) >= _cut(judged_at + timedelta(hours=6))
        done = await delivered(route, job)

        assert (done["state"], done["attempts"], done["errorCode"]) == ("DELIVERED", 2, None)
        again, first = await live.received(route.name)
        assert again["eventIds"] == first["eventIds"] == [done["platformEventId"]]
        assert await route.conversions() == 1


async def test_a_refusal_that_comes_later_turns_the_job_but_not_the_lead(live: Live) -> None:
    async with connected(live, Platform.GOOGLE_ADS, label={"mark_as_done": True}) as route:
        job = await accepted(route)
        await live.script(route.name, fail="CLICK_NOT_FOUND")
        await asked(route, job)
        later = await live.job(job["id"])

    assert (job["state"], job["lead"]["status"]) == ("COMPLETED", "RATED")
    assert (later["state"], later["lead"]["status"]) == ("FAILED", "RATED")


async def test_a_click_id_that_the_action_does_not_count_keeps_no_other_conversion_waiting(
    live: Live,
) -> None:
    async with connected(live, Platform.GOOGLE_ADS) as route:
        job = await accepted(route)
        await live.script(route.name, fail="ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID")
        refused = await asked(route, job)
        [mapping] = (await live.job(job["id"]))["lead"]["label"]["mappings"]
        other = only_delivery(await route.send())

    assert (refused["state"], mapping["held"], other["state"]) == ("REJECTED", False, "ACCEPTED")


async def test_without_a_verdict_for_three_days_it_stays_accepted_and_says_so(live: Live) -> None:
    async with connected(live, Platform.GOOGLE_ADS) as route:
        job = await accepted(route)
        await live.script(route.name, verdictAfterS=timedelta(days=9).total_seconds())
        asked_at = [(await row_of(route, job)).verdict_at]
        while asked_at[-1] is not None:
            delivery = await asked(route, job)
            asked_at.append((await row_of(route, job)).verdict_at)

    assert len(asked_at) == 1 + len(live.world.connectors[Platform.GOOGLE_ADS].facts.verdict_after)
    assert (delivery["state"], delivery["errorCode"]) == ("ACCEPTED", VERDICT_UNAVAILABLE)
    assert is_understandable(delivery["errorMessage"])


def _cut(at: datetime) -> datetime:
    """As times are shown."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
