"""Holds SQLite's writer thread back, so that what is written meanwhile forms one group."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel import Session

from app.database.database import Database

SAFETY_S = 60
"""How long a test that went wrong may hang."""


class Gate:
    """A point in a piece of work where it stops until the test lets it go on."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def stop_here(self) -> None:
        self._reached.set()
        assert self._open.wait(SAFETY_S)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, SAFETY_S)

    def open(self) -> None:
        self._open.set()


@asynccontextmanager
async def held_back(database: Database) -> AsyncIterator[None]:
    """Writes begun inside wait together, and run as one group when the context ends."""
    gate = Gate()

    def work(_session: Session) -> None:
        gate.stop_here()

    holder = asyncio.create_task(database.write(work))
    await gate.reached()
    try:
        yield
        await asyncio.sleep(0)  # tasks made inside get to the point where they wait
    finally:
        gate.open()
        await holder
