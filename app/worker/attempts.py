"""What a lane does with a platform, before and after: attempts, questions for verdicts, trials."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.connectors.base import Body, Connection, Connector, Outcome, OutcomeKind
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow

_JUDGED = frozenset({OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED, OutcomeKind.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What an integration's deliveries go through."""

    connector: Connector
    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A delivery that was claimed and is to be sent."""

    delivery: DeliveryRow
    """As it is stored, `attempts` counting this one."""
    lead: LeadRow
    channel: Channel
    is_probe: bool
    """It was held, and is let through to see whether what held it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A delivery that the platform accepted, and is to be asked about."""

    delivery: DeliveryRow
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A connection, or one of its mappings, to be tried without a conversion."""

    label_id: UUID | None
    """None: only the connection itself."""
    target: str | None
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An attempt that is over and not yet recorded."""

    delivery: DeliveryRow
    turn_id: UUID
    """The turn that claimed it: recorded only if it still has it."""
    outcome: Outcome
    started_at: datetime
    duration_ms: int
    request: Body | None = None
    """Redacted; None: not known, or never built."""
    channel: Channel | None = None
    """None: its owner died."""
    is_probe: bool = False

    @property
    def proves_connection(self) -> bool:
        """A probe that the platform judged: the credentials work."""
        return self.is_probe and self.outcome.kind in _JUDGED | {OutcomeKind.CONFIGURATION}

    @property
    def proves_mapping(self) -> bool:
        """A probe that the platform judged with its target: the mapping works."""
        return self.is_probe and self.outcome.kind in _JUDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the platform says of a delivery it had accepted."""

    delivery: DeliveryRow
    outcome: Outcome
    is_final: bool
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A trial that is over."""

    trial: Trial
    outcome: Outcome

    @property
    def works(self) -> bool:
        """The platform judged it; of a trial event alone it may well say that it is no good."""
        return self.outcome.kind in _JUDGED


Result = Ended | Judged | Tried
"""What came back from a platform and is to be recorded."""
