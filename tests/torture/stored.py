"""What the database holds when all is over, and the passing of time there."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.clock import utc_now
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.tables.registry import metadata
from app.values import DeliveryKind, DeliveryState, LeadStatus, Platform
from app.worker.consequences import WORKER_DIED

_JOB, _DELIVERY, _LEAD, _ATTEMPT = (
    metadata.tables[str(table.__tablename__)] for table in (JobRow, DeliveryRow, LeadRow, AttemptRow)
)
_INTEGRATION = metadata.tables["integration"]
_SOON = timedelta(seconds=1)
_HOURS = timedelta(hours=7)
# What follows another delivery is due when that one is, which may have been tried.
_UNTRIED = (_DELIVERY.c.attempts == 0) & _DELIVERY.c.follows_id.is_(None)
_UNFINISHED = (DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.HELD)
_LINES = select(_ATTEMPT.c.delivery_id, func.count()).group_by(_ATTEMPT.c.delivery_id)
_FIRST_DEATHS = (
    select(_ATTEMPT.c.delivery_id, func.min(_ATTEMPT.c.started_at))
    .where(_ATTEMPT.c.error_code == WORKER_DIED)
    .group_by(_ATTEMPT.c.delivery_id)
)


@dataclass(frozen=True, slots=True)
class Stored:
    """All of it, as rows."""

    jobs: Sequence[JobRow]
    deliveries: Sequence[DeliveryRow]
    leads: Sequence[LeadRow]
    attempts: Counter[UUID]
    """Lines of the attempt log, by delivery."""
    first_death: dict[UUID, datetime]
    """When the first attempt began whose owner died, by delivery."""


async def read_all(database_url: str) -> Stored:
    """Everything that tells what became of the calls."""
    async with _connected(database_url) as connection:
        jobs = [JobRow(**row._mapping) for row in await connection.execute(select(_JOB))]
        deliveries = [DeliveryRow(**row._mapping) for row in await connection.execute(select(_DELIVERY))]
        leads = [LeadRow(**row._mapping) for row in await connection.execute(select(_LEAD))]
        lines = await connection.execute(_LINES)
        deaths = await connection.execute(_FIRST_DEATHS)
        return Stored(jobs, deliveries, leads, Counter(dict(map(tuple, lines))), dict(map(tuple, deaths)))


async def settled(database_url: str, *, within_s: float) -> tuple[bool, list[str]]:
    """Wait until nothing is under way any more. Whether it came to that, and what was odd meanwhile.

    What waits for a further attempt is made due: a platform's rest of hours is not waited for. What waits
    though it was never tried is odd, and left alone.
    """
    odd: set[str] = set()
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        async with _connected(database_url) as connection:
            odd.update(await _waiting_untried(connection))
            await _let_time_pass(connection)
            if await _unfinished(connection) == 0:
                return True, sorted(odd)
        await asyncio.sleep(0.5)
    return False, sorted(odd)


async def _let_time_pass(connection: AsyncConnection) -> None:
    later = (_DELIVERY.c.state == DeliveryState.SCHEDULED) & (_DELIVERY.c.next_attempt_at > utc_now() + _SOON)
    await connection.execute(update(_DELIVERY).where(later, ~_UNTRIED).values(next_attempt_at=utc_now()))
    # What follows a conversion at Microsoft waits for hours after that one arrived.
    arrived = (_DELIVERY.c.kind != DeliveryKind.RETRACT) & (_DELIVERY.c.finished_at > utc_now() - _HOURS)
    await connection.execute(
        update(_DELIVERY)
        .where(arrived, _DELIVERY.c.platform == Platform.MICROSOFT_ADS)
        .values(finished_at=utc_now() - _HOURS)
    )
    resting = _INTEGRATION.c.rests_until > utc_now() + _SOON
    await connection.execute(update(_INTEGRATION).where(resting).values(rests_until=None))
    await connection.commit()


async def _waiting_untried(connection: AsyncConnection) -> list[str]:
    untried = select(_DELIVERY.c.id, _DELIVERY.c.platform).where(
        _DELIVERY.c.state == DeliveryState.SCHEDULED,
        _UNTRIED,
        _DELIVERY.c.next_attempt_at > utc_now() + _SOON,
    )
    return [f"delivery {row.id} ({row.platform}) waits untried" for row in await connection.execute(untried)]


async def _unfinished(connection: AsyncConnection) -> int:
    counted = [
        select(func.count()).select_from(_DELIVERY).where(_DELIVERY.c.state.in_(_UNFINISHED)),
        select(func.count()).select_from(_JOB).where(_JOB.c.active),
        select(func.count()).select_from(_LEAD).where(_LEAD.c.status == LeadStatus.PENDING),
    ]
    return sum([int((await connection.execute(one)).scalar_one()) for one in counted])


@asynccontextmanager
async def _connected(database_url: str) -> AsyncIterator[AsyncConnection]:
    """Beside the processes that own the database, as a person with a shell."""
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
