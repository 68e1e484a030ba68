"""PgQueuer's looks at its queue."""

import asyncio
from functools import partial

import asyncpg
import pytest

from app.queue.postgres import TURN
from app.queue.postgres_jobs import OwnQueries
from app.queue.postgres_waking import connect, disconnect


@pytest.mark.parametrize("look", ["eligible_queued_work", "next_deferred_eta", "queued_work"])
async def test_a_look_between_two_turns_that_fails_is_told_at_once(url: str, look: str) -> None:
    told: list[Exception] = []
    connection = await connect(url)
    queries = OwnQueries(connection, hesitate=partial(asyncio.sleep, 0), failed=told.append)
    await connection.execute("ALTER TABLE pgqueuer RENAME TO pgqueuer_away")

    with pytest.raises(asyncpg.UndefinedTableError) as raised:
        await getattr(queries, look)([TURN])
    await disconnect(connection)

    assert told == [raised.value]
