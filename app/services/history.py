"""What of a lead's earlier conversions still stands at an integration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.tables.jobs import DeliveryRow
from app.values import OPEN_STATES, DeliveryKind, DeliveryState

_STANDING_STATES = OPEN_STATES | {DeliveryState.DELIVERED}
"""At the platform, or on the way there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A conversion that counts, or will: the SEND, and the value last stated for it."""

    send: DeliveryRow
    value_cents: int | None
    currency: str

    def states(self, value_cents: int | None, currency: str) -> bool:
        """Whether that is the value the platform has, or will have."""
        return (self.value_cents, self.currency) == (value_cents, currency)


def standing_sends(history: Sequence[DeliveryRow], integration_id: UUID) -> Iterator[Standing]:
    """The integration's conversions of this lead that stand; those taken back or being taken back do not.

    `history`: oldest first.
    """
    mine = [d for d in history if d.integration_id == integration_id and d.state in _STANDING_STATES]
    retracted = {d.follows_id for d in mine if d.kind is DeliveryKind.RETRACT}
    for send in mine:
        if send.kind is DeliveryKind.SEND and send.id not in retracted:
            last = [d for d in mine if d.follows_id == send.id and d.kind is DeliveryKind.RESTATE][-1:] or [
                send
            ]
            yield Standing(send, last[0].value_cents, last[0].currency)
