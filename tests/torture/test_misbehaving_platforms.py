"""Platforms that hang for minutes, or break off in the middle of an answer."""

from collections.abc import AsyncIterator

import pytest

from app.connectors.http import Timeouts
from app.database.database import Database
from app.values import Platform
from tests.end_to_end.live import Live, open_live
from tests.torture.stored import settled

_TIMEOUTS = Timeouts(read_s=0.3, whole_s=1.0)
_MINUTES_S = 300
_PEACE_S = 30.0
_NEVER_REPEATED = {Platform.GA4, Platform.LINKEDIN}
"""They would count a copy, or may."""


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    """The whole house, with less patience than it has."""
    async with open_live(database, timeouts=_TIMEOUTS) as opened:
        yield opened


async def queued(live: Live) -> str:
    """The job of a status change that every platform is told of."""
    lead, label = await live.lead_now(), await live.label_everywhere()
    answer = await live.update({"leadId": lead}, label.id, price=5_000)
    assert (answer["__typename"], answer["warnings"]) == ("QueuedResult", []), answer
    return str(answer["job"]["id"])


async def states(live: Live, job_id: str) -> dict[Platform, str]:
    return {Platform(one["platform"]): one["state"] for one in (await live.job(job_id))["deliveries"]}


def expected(live: Live, broken: set[Platform]) -> dict[Platform, str]:
    """The states when these platforms broke off once."""
    given_up = broken & _NEVER_REPEATED
    return {
        platform: "UNCONFIRMED" if platform in given_up else live.taken(platform) for platform in Platform
    }


@pytest.mark.parametrize("hanging", [Platform.META, Platform.GA4])
async def test_a_platform_that_hangs_for_minutes_delays_nobody_else_and_gets_it_once(
    live: Live, database_url: str, hanging: Platform
) -> None:
    await live.script(hanging.value.lower(), delayS=_MINUTES_S)
    job_id = await queued(live)

    await live.processed(job_id)
    others = {
        platform: state for platform, state in (await states(live, job_id)).items() if platform is not hanging
    }
    await live.script(hanging.value.lower(), reset=True)
    assert await settled(database_url, within_s=_PEACE_S) == (True, [])

    assert others == {platform: live.taken(platform) for platform in others}
    assert await states(live, job_id) == expected(live, {hanging})
    assert (await live.book(hanging.value.lower()))["conversions"] == 1


async def test_answers_that_break_off_in_the_middle_make_no_conversion_count_twice(
    live: Live, database_url: str
) -> None:
    for platform in Platform:
        await live.script(platform.value.lower(), dropConnection="after")
    job_id = await queued(live)

    assert await settled(database_url, within_s=_PEACE_S) == (True, [])

    assert await states(live, job_id) == expected(live, set(Platform))
    books = {platform: await live.book(platform.value.lower()) for platform in Platform}
    assert {platform: book["conversions"] for platform, book in books.items()} == dict.fromkeys(Platform, 1)
    assert all(books[platform]["received"] == 1 for platform in _NEVER_REPEATED)


async def test_connections_that_end_before_any_answer_make_no_conversion_count_twice(
    live: Live, database_url: str
) -> None:
    for platform in Platform:
        await live.script(platform.value.lower(), dropConnection="before", times=2)
    job_id = await queued(live)

    assert await settled(database_url, within_s=_PEACE_S) == (True, [])

    assert await states(live, job_id) == expected(live, set(Platform))
    for platform in Platform:
        assert (await live.book(platform.value.lower()))["conversions"] == 1
