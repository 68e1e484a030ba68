"""One conversion at one platform: connected, struck by whatever was scripted, and followed to its end."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from app.database.opening import open_database
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelRow
from app.values import Platform
from app.worker.holding import PROBE_EVERY
from tests.end_to_end.live import Live, open_live
from tests.resolvers.integrations import change
from tests.world import FakeClock

PRICE_CENTS = 12_500
OPEN_STATES = ("SCHEDULED", "HELD", "SENDING")
_MOST_TRIES = 8


@dataclass(frozen=True, slots=True)
class Route:
    """One platform, connected for one label, and the clock of all of it."""

    live: Live
    clock: FakeClock
    platform: Platform
    integration: IntegrationRow
    label: LabelRow

    @property
    def name(self) -> str:
        """The platform's in the sandbox."""
        return self.platform.value.lower()

    async def send(self, lead: str | None = None, **change: Any) -> dict[str, Any]:
        """The job of a status change, after its first attempt."""
        given = {"price": PRICE_CENTS} | change
        lead = lead or await self.live.lead_now()
        answer = await self.live.update({"leadId": lead}, self.label.id, **given)
        assert answer["__typename"] == "QueuedResult", answer
        return await self.live.processed(answer["job"]["id"])

    async def struck(self, **order: Any) -> dict[str, Any]:
        """The same while the platform behaves as ordered, which is over then."""
        await self.live.forget(self.name)
        # Twice: a refused access token is replaced and the request made once more.
        await self.live.script(self.name, reset=True, times=2, **order)
        job = await self.send()
        await self.live.script(self.name, reset=True)
        return job

    async def settled(self, job_id: str, *, wake: UUID | None = None) -> dict[str, Any]:
        """The job's only delivery when nothing more will be tried; time passes as it takes.

        `wake`: the lane that has something to do about it, when that is not the platform's.
        """
        delivery = only_delivery(await self.live.job(job_id))
        for _ in range(_MOST_TRIES):
            if delivery["state"] not in OPEN_STATES:
                return delivery
            delivery = await self.next_attempt(job_id, wake=wake)
        raise AssertionError(f"it is still tried: {delivery}")

    async def next_attempt(self, job_id: str, *, wake: UUID | None = None) -> dict[str, Any]:
        """The job's only delivery after its next attempt, or whatever else becomes of it when that is due."""
        before = only_delivery(await self.live.job(job_id))
        if before["state"] == "SCHEDULED":
            self.clock.now = max(self.clock(), whole(before["nextAttemptAt"]))
        elif before["attempts"]:
            self.clock.now += PROBE_EVERY
        await self.live.until(partial(self._has_moved, job_id, before, wake or self.integration.id))
        return only_delivery(await self.live.job(job_id))

    async def _has_moved(self, job_id: str, before: dict[str, Any], wake: UUID) -> bool:
        # Each time anew: a lane that is woken while it ends its turn has looked at the clock already.
        self.live.wake([wake])
        seen = only_delivery(await self.live.job(job_id))
        if seen["state"] == "SENDING":
            return False
        if (
            seen["state"] == before["state"] == "SCHEDULED"
            and seen["nextAttemptAt"] > before["nextAttemptAt"]
        ):
            return True  # what changes a conversion waits until the platform finds that
        return bool(seen["attempts"] > before["attempts"] or seen["state"] not in OPEN_STATES)

    async def conversions(self) -> int:
        """How many conversions the platform counts, since the last order."""
        book = await self.live.book(self.name)
        return int(book["conversions"])


@asynccontextmanager
async def connected(
    live: Live, platform: Platform, *, label: dict[str, Any] | None = None, **integration: Any
) -> AsyncIterator[Route]:
    """A platform connected for this alone; disconnected at the end, so that the next begins undisturbed."""
    clock = live.world.clock
    assert isinstance(clock, FakeClock)
    name = live.world.connectors[platform].facts.title
    row = await live.world.integration(platform, name, **integration)
    label_row = await live.world.label(**(label or {}))
    await live.world.map(label_row.id, row)
    try:
        yield Route(live, clock, platform, row, label_row)
    finally:
        await change(live, "disconnectIntegration", row.id)
        await live.script(platform.value.lower(), reset=True)


class HurriedClock(FakeClock):
    """Ten times as fast as others: platforms take only so many requests a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._since = monotonic()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=10 * (monotonic() - self._since))


@asynccontextmanager
async def house(
    template: Path, folder: Path, clock: FakeClock | None = None, **options: Any
) -> AsyncIterator[Live]:
    """The whole over a copy of a migrated SQLite file.

    `clock`: one that stands still until it is moved, unless told otherwise.
    """
    path = folder / "leadwire.sqlite3"
    shutil.copyfile(template, path)
    database = await open_database(f"sqlite+aiosqlite:///{path}")
    async with open_live(database, clock=clock or FakeClock(), **options) as opened:
        yield opened
    await database.close()


def only_delivery(job: dict[str, Any]) -> dict[str, Any]:
    """The job's delivery; of several the only one that was not skipped."""
    found = job["deliveries"]
    if len(found) > 1:
        found = [delivery for delivery in found if delivery["state"] != "SKIPPED"]
    [delivery] = found
    return dict(delivery)


def whole(shown: str) -> datetime:
    """The next whole second after a time as it is shown, which is cut."""
    return datetime.fromisoformat(shown).astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
