"""The port between whoever gives lanes their turns and what a lane does with one."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

SWEEP_LANE = UUID(int=0)
"""The lane whose turn is the sweep: deadlines, jobs with nothing left to do, lanes nobody woke."""
ALERT_LANE = UUID(int=1)
"""The lane whose turn tells the operator what is held and what ended unsent; woken by each sweep."""


class Turn(Protocol):
    """The right to be a lane's one owner for a while."""

    @property
    def id(self) -> UUID:
        """Fences the owner: work claimed under another turn's id is not this owner's any more."""
        ...

    @property
    def lane(self) -> UUID:
        """An integration's id, SWEEP_LANE or ALERT_LANE."""
        ...

    @property
    def stopping(self) -> bool:
        """True once the engine is shutting down: claim nothing more, finish what is in flight."""
        ...

    @property
    def offered(self) -> bool:
        """True once another process may have more room for the lane: end when nothing is in flight.

        Whoever ends for that asks for another turn at once, as much as there is left to do.
        """
        ...

    async def woken(self, timeout_s: float) -> bool:
        """Wait until somebody wakes the lane (True) or `timeout_s` has passed or the engine stops (False).

        Cancelling the wait loses no wake-up: the next call answers at once.
        """
        ...


Wake = Callable[[Iterable[UUID]], None]
"""How lanes are told that there is work, once it is committed; never raises, may be lost."""

RunTurn = Callable[[Turn], Awaitable[datetime | None]]
"""What a lane does with its turn; answers when it is due next, None: when woken."""


class Engine(Protocol):
    """Gives each lane its turns, one owner at a time in the whole installation."""

    def wake(self, lanes: Iterable[UUID]) -> None:
        """Give these lanes a turn soon. Called after a commit; never raises, never blocks, may be lost.

        A lane that has a turn just now hears of it through `Turn.woken`, or gets another turn.
        """
        ...

    async def start(self, run: RunTurn) -> None:
        """Begin giving turns; SWEEP_LANE gets the first, which finds what an earlier process left."""
        ...

    async def stop(self, *, grace_s: float) -> None:
        """Give no more turns; wait up to `grace_s` seconds for those under way, then cancel them."""
        ...
