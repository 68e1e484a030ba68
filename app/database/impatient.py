"""A database for callers who would rather be refused than wait for long."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlmodel import Session

from app.database.database import Database, Waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Impatient:
    """The same database, where nothing waits longer than `most_s` seconds before it begins.

    For people and programs at the other end of a connection: theirs times out, and they try again, so that
    what waits grows. Not for lanes: what they record must not be refused.
    """

    database: Database
    most_s: float

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """See ReadableDatabase.dialect."""
        return self.database.dialect

    @property
    def waiting(self) -> Waiting:
        """See Database.waiting."""
        return self.database.waiting

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See ReadableDatabase.read."""
        return await self.database.read(work, within_s=self._sooner(within_s))

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See Database.write."""
        return await self.database.write(work, within_s=self._sooner(within_s))

    async def close(self) -> None:
        """See Database.close."""
        await self.database.close()

    def _sooner(self, within_s: float | None) -> float:
        return self.most_s if within_s is None else min(within_s, self.most_s)
