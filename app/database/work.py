"""What a piece of work may say of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Repeatable(Generic[T]):
    """Work that changes nothing but the database, so that it may be run again after it was undone.

    On SQLite such work shares a transaction without a savepoint of its own, which is a fifth of what a small
    piece costs there. Should one fail after it has written something, all that have run are undone and run
    once more, each behind a savepoint. What they answer, and their hooks, are of the last time.
    """

    work: Callable[[Session], T]

    def __call__(self, session: Session) -> T:
        """Do it."""
        return self.work(session)
