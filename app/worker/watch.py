"""What whoever measures may be told of the lanes' work; what lanes do never depends on it."""

from typing import Protocol

from app.connectors.base import OutcomeKind
from app.values import Platform


class Watch(Protocol):
    """Hears what lanes do. Must not raise, and must not take time."""

    def stepped(self, seconds: float, *, claimed: int) -> None:
        """A transaction of a turn is over, which recorded outcomes and claimed so many deliveries."""
        ...

    def attempted(self, platform: Platform, outcome: OutcomeKind, seconds: float) -> None:
        """An attempt at a delivery is over."""
        ...


class Unwatched:
    """Implements Watch: nobody listens."""

    def stepped(self, seconds: float, *, claimed: int) -> None:
        """See Watch.stepped."""

    def attempted(self, platform: Platform, outcome: OutcomeKind, seconds: float) -> None:
        """See Watch.attempted."""
