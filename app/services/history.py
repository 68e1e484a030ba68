"""What of a lead's earlier conversions still stands at an integration."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.values import OPEN_STATES, DeliveryKind, DeliveryState

COUNTS = OPEN_STATES | {DeliveryState.DELIVERED}
"""At the platform, or on the way there."""

MAY_COUNT = COUNTS | {DeliveryState.UNCONFIRMED}
"""The platform may have it."""

_MAY_COME_BACK = frozenset({DeliveryState.SENDING, DeliveryState.ACCEPTED})
"""Neither waiting nor final: what comes of it may be that it is to be sent once more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One conversion that counts, or will: the SEND, and what was last stated for it."""

    send: DeliveryRow
    last: DeliveryRow
    """The newest SEND or RESTATE of it that counts: its value is the platform's, or will be."""
    on_their_way: tuple[UUID, ...]
    """Those of its deliveries that are being sent just now, or that the platform has not judged yet."""
    restating: tuple[UUID, ...]
    """Those of its restatements that are not through."""
    may_be_taken_back: bool
    """A retraction of it may have arrived: it was given up after an attempt that nobody answered."""

    def states(self, value_cents: int | None, currency: str) -> bool:
        """Whether that is the value the platform has, or will have."""
        return (self.last.value_cents, self.last.currency) == (value_cents, currency)


def has_effect(delivery: DeliveryRow, integration: IntegrationRow) -> bool:
    """False of what the platform only tested, once the integration is live; in test mode tests count, too."""
    return integration.test_mode or not delivery.only_tested


def standing(
    history: Sequence[DeliveryRow], integration: IntegrationRow, states: frozenset[DeliveryState]
) -> Iterator[Standing]:
    """The integration's conversions of this lead in one of `states`; not those taken back, or being so.

    Only those that have an effect; and a test takes back nothing that counts, for what is planned in test
    mode may be sent when that is over.
    A conversion stands also when only its restatement arrived: it carries the same id, and the platform
    counts it. `history`: oldest first; what was skipped is not in it.
    """
    conversions: dict[str, list[DeliveryRow]] = defaultdict(list)
    for delivery in history:
        if delivery.integration_id == integration.id:
            conversions[delivery.platform_event_id].append(delivery)
    for deliveries in conversions.values():
        counting = [d for d in deliveries if has_effect(d, integration)]
        stated = [d for d in counting if d.kind is not DeliveryKind.RETRACT and d.state in states]
        if stated and not _is_taken_back(counting, stated):
            yield _standing_of(deliveries, stated)


def _is_taken_back(counting: Sequence[DeliveryRow], stated: Sequence[DeliveryRow]) -> bool:
    only_tests = all(d.only_tested for d in stated)
    retractions = [d for d in counting if d.kind is DeliveryKind.RETRACT and d.state in COUNTS]
    return any(only_tests or not d.only_tested for d in retractions)


def _standing_of(deliveries: Sequence[DeliveryRow], stated: Sequence[DeliveryRow]) -> Standing:
    return Standing(
        send=next(d for d in deliveries if d.kind is DeliveryKind.SEND),
        last=stated[-1],
        on_their_way=tuple(d.id for d in stated if d.state in _MAY_COME_BACK),
        restating=tuple(d.id for d in stated if d.kind is DeliveryKind.RESTATE and d.state in OPEN_STATES),
        may_be_taken_back=any(
            d.kind is DeliveryKind.RETRACT and d.state is DeliveryState.UNCONFIRMED for d in deliveries
        ),
    )
