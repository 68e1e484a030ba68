"""When keys were last used: noted in memory at each use, written now and then, away from whoever waits."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.database.errors import DatabaseError
from app.repositories.api_keys import note_use

AT_MOST_EVERY: Final = timedelta(hours=1)
"""A key's use is written no more often than this, by each process."""
LOOK_EVERY_S: Final = 60.0
AT_THE_END_WITHIN_S: Final = 3.0
"""Or not at all: a process that is told to stop must not wait for a database that does not answer."""
MOST_AT_ONCE: Final = 100
"""Rows of one transaction."""

logger = logging.getLogger(__name__)


class KeyUses:
    """The uses of this process. Who has used which key is nobody's business here: only when."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._used: dict[UUID, datetime] = {}
        self._written: dict[UUID, datetime] = {}

    def note(self, key_id: UUID) -> None:
        """The key was used just now."""
        self._used[key_id] = self._clock()

    async def write(self) -> None:
        """Write the uses that are due, in one transaction; what is not written is due the next time."""
        due = [(key_id, at) for key_id, at in self._used.items() if self._is_due(key_id, at)][:MOST_AT_ONCE]
        if not due:
            return

        def work(session: Session) -> None:
            # In one order everywhere: processes that write the same rows must not wait for each other.
            for key_id, at in sorted(due):
                note_use(session, key_id, at)

        await self._database.write(work)
        self._written |= due

    def _is_due(self, key_id: UUID, at: datetime) -> bool:
        written = self._written.get(key_id)
        return written is None or at - written >= AT_MOST_EVERY


@asynccontextmanager
async def written_uses(uses: KeyUses) -> AsyncIterator[None]:
    """Write what is due once a minute, and at the end if that is soon."""
    task = asyncio.create_task(_keep_writing(uses))
    try:
        yield
    finally:
        task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(AT_THE_END_WITHIN_S):
                await _write(uses)


async def _keep_writing(uses: KeyUses) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await _write(uses)


async def _write(uses: KeyUses) -> None:
    try:
        await uses.write()
    except (SQLAlchemyError, DatabaseError, OSError) as error:
        # Not what it said: drivers quote addresses and values.
        logger.warning("the last uses of keys could not be written: %s", type(error).__name__)
