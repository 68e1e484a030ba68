"""Write transactions a second on SQLite: Database.write against an aiosqlite AsyncSession, in one run.

Both do the same work under the same PRAGMAs, `synchronous=FULL` included, with 32 callers at a time, in
rounds that take turns so that a noisy machine disturbs both. Takes about 20 seconds. The files lie in the
current folder, as the one for temporary files is often no disk at all. Run it from the project's folder:

    python -m benchmarks.writes
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import (
    URL,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database import pragmas
from app.database.opening import open_database

CALLERS = 32
ROUNDS = 6
ROUND_S = 1.5
LEADS = 1_000
DEMANDED = 6.0

tables = MetaData()
lead = Table(
    "lead",
    tables,
    Column("id", Integer, primary_key=True),
    Column("status", String, nullable=False),
    Column("price_cents", Integer),
)
job = Table(
    "job",
    tables,
    Column("id", Integer, primary_key=True),
    Column("lead_id", ForeignKey(lead.c.id), nullable=False),
    Column("price_cents", Integer),
)
FIND = select(lead.c.id, lead.c.status).where(lead.c.id == bindparam("lead_id"))
CHANGE = (
    update(lead)
    .where(lead.c.id == bindparam("lead_id"))
    .values(status="PENDING", price_cents=bindparam("price"))
)
QUEUE = insert(job)

Write = Callable[[Callable[[Session], None]], Awaitable[None]]


def work_on(number: int) -> Callable[[Session], None]:
    """The work of both sides: find a lead, change it, queue a job."""

    def work(session: Session) -> None:
        connection = session.connection()
        row = connection.execute(FIND, {"lead_id": number % LEADS + 1}).one()
        connection.execute(CHANGE, {"lead_id": row.id, "price": number})
        connection.execute(QUEUE, {"lead_id": row.id, "price_cents": number})

    return work


def create_tables(session: Session) -> None:
    tables.create_all(session.connection())
    session.connection().execute(insert(lead), [{"status": "OPEN"} for _ in range(LEADS)])


async def rate(write: Write, seconds: float) -> float:
    """Transactions a second through `write`, all callers at it for `seconds`."""
    numbers = itertools.count()
    start = time.perf_counter()
    done = 0

    async def call() -> None:
        nonlocal done
        while time.perf_counter() - start < seconds:
            await write(work_on(next(numbers)))
            done += 1

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return done / (time.perf_counter() - start)


def plain_engine(path: Path) -> AsyncEngine:
    """What the documentation of SQLAlchemy and aiosqlite leads to, with one connection.

    One, because several would spend their time waiting for SQLite's lock: that is slower still.
    """
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"isolation_level": None},
        pool_size=1,
        max_overflow=0,
    )

    def set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        pragmas.apply(connection, pragmas.WRITER)

    def begin(connection: Connection) -> None:
        # Without it, transactions that read before they write fail at once with "database is locked".
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


async def compare(folder: Path) -> float:
    """Print what each side does, and answer how many times as much ours does."""
    database = await open_database(f"sqlite+aiosqlite:///{folder / 'ours.sqlite3'}")
    engine = plain_engine(folder / "plain.sqlite3")

    async def write_plainly(work: Callable[[Session], None]) -> None:
        async with AsyncSession(engine) as session, session.begin():
            await session.run_sync(work)

    for write in (database.write, write_plainly):
        await write(create_tables)
        await rate(write, 0.3)  # warm up: compile the statements, fill the caches
    ours, plain = [], []
    for number in range(1, ROUNDS + 1):
        plain.append(await rate(write_plainly, ROUND_S))
        ours.append(await rate(database.write, ROUND_S))
        print_rates(f"round {number}", plain[-1], ours[-1])
    await database.close()
    await engine.dispose()
    print_rates("mean", sum(plain) / ROUNDS, sum(ours) / ROUNDS)
    ratio = sum(ours) / sum(plain)
    print(f"Database.write does {ratio:.1f} times as many (at least {DEMANDED:.0f} demanded)")
    return ratio


def print_rates(title: str, plain: float, ours: float) -> None:
    print(f"{title:8} aiosqlite AsyncSession {plain:7,.0f}/s   Database.write {ours:7,.0f}/s")


def main() -> None:
    with TemporaryDirectory(prefix="bench-", dir=".") as folder:
        ratio = asyncio.run(compare(Path(folder).resolve()))
    if ratio < DEMANDED:
        raise SystemExit(f"too slow: {ratio:.1f} times")


if __name__ == "__main__":
    main()
