"""A clock that jumps an hour ahead and an hour back while conversions are being sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from app.clock import utc_now
from app.database.database import Database
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelRow
from app.values import Platform
from tests.end_to_end.live import Live, open_live

_HOUR = timedelta(hours=1)
_TAKEN = {"ACCEPTED", "DELIVERED"}
"""Whether the verdict of a platform that gives one later has come already, a jump decides."""


@dataclass
class JumpingClock:
    """The machine's clock, set by somebody."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
async def live(database: Database, clock: JumpingClock) -> AsyncIterator[Live]:
    """The whole house by that clock, the platforms too."""
    async with open_live(database, clock=clock) as opened:
        yield opened


@pytest.fixture
async def label(live: Live) -> LabelRow:
    return await live.label_everywhere()


async def queued(live: Live, lead: str, label: LabelRow) -> str:
    answer = await live.update({"leadId": lead}, label.id, price=5_000)
    assert answer["__typename"] == "QueuedResult", answer
    return str(answer["job"]["id"])


async def wake_all(live: Live) -> None:
    live.wake([row.id for row in await live.rows(IntegrationRow)])


async def taken(live: Live, job_id: str) -> None:
    """Wait until every platform has it."""

    async def look() -> bool:
        await wake_all(live)
        deliveries = (await live.job(job_id))["deliveries"]
        return {one["state"] for one in deliveries} <= _TAKEN

    await live.until(look)


async def counted(live: Live) -> set[int]:
    """How many conversions the platforms count."""
    return {(await live.book(platform.value.lower()))["conversions"] for platform in Platform}


@pytest.mark.parametrize("jump", [_HOUR, -_HOUR], ids=["ahead", "back"])
async def test_what_is_being_sent_when_the_clock_jumps_arrives_once(
    live: Live, clock: JumpingClock, label: LabelRow, jump: timedelta
) -> None:
    for platform in Platform:
        await live.script(platform.value.lower(), delayS=0.5, times=1)
    job_id = await queued(live, await live.lead_now(), label)
    await live.until(lambda: _received(live))

    clock.ahead += jump
    await taken(live, job_id)

    assert await counted(live) == {1}


async def test_what_waits_for_another_attempt_goes_once_the_clock_has_jumped_past_it(
    live: Live, clock: JumpingClock, label: LabelRow
) -> None:
    await live.script("meta", fail="HTTP_500")
    job_id = await queued(live, await live.lead_now(), label)
    await live.processed(job_id)

    clock.ahead += _HOUR
    await taken(live, job_id)

    assert await counted(live) == {1}


async def test_what_was_put_off_while_the_clock_was_ahead_waits_for_that_time_and_is_not_lost(
    live: Live, clock: JumpingClock, label: LabelRow
) -> None:
    clock.ahead += _HOUR
    await live.script("meta", fail="HTTP_500")
    job_id = await queued(live, await live.lead_now(), label)
    await live.processed(job_id)
    clock.ahead -= _HOUR
    later = await queued(live, await live.lead_now(), label)
    await taken(live, later)
    [waiting] = [one for one in (await live.job(job_id))["deliveries"] if one["platform"] == "META"]
    clock.ahead += 2 * _HOUR
    await taken(live, job_id)

    assert waiting["state"] == "SCHEDULED"
    assert await counted(live) == {2}


async def _received(live: Live) -> bool:
    return all([await live.received(platform.value.lower()) for platform in Platform])
