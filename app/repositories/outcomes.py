"""SQL that records how attempts ended. Fenced: what another turn claimed since is not touched."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, or_, select, update
from sqlmodel import Session

from app.database.prepared import Prepared
from app.ids import new_id
from app.tables.registry import metadata
from app.values import DeliveryState

_DELIVERY = metadata.tables["delivery"]
_LEAD = metadata.tables["lead"]


class Sending(NamedTuple):
    """What is stored of a delivery that is being sent."""

    turn_id: UUID | None
    erased: bool
    """Its lead was erased: nothing that was sent or said of the person may be written any more."""
    taken_back: bool
    """Should it fail, it is not tried again."""


class Accepted(NamedTuple):
    """What is stored of a delivery that the platform accepted."""

    platform_request_id: str | None
    erased: bool
    taken_back: bool
    """Both as in Sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange:
    """What an attempt makes of its delivery; the fields are columns."""

    id: UUID
    state: DeliveryState
    next_attempt_at: datetime | None
    finished_at: datetime | None
    only_tested: bool
    unknown_errors: int
    uncertain_since: datetime | None
    accepted_at: datetime | None
    verdict_at: datetime | None
    warning: dict[str, Any] | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went over the wire, redacted; the fields are columns."""

    id: UUID
    platform_request_id: str | None
    request: Any
    response: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterAnswer:
    """What the platform said later of what it had accepted, redacted; the fields are columns."""

    id: UUID
    response: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """A line of the attempt log; the fields are columns."""

    delivery_id: UUID
    number: int
    started_at: datetime
    duration_ms: int
    http_status: int | None
    error_code: str | None
    error_message: str | None


def _update_of(change: type[OutcomeChange | Exchange | LaterAnswer]) -> Prepared:
    names = [field.name for field in fields(change) if field.name != "id"]
    return Prepared(
        update(_DELIVERY)
        .where(_DELIVERY.c.id == bindparam("new_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )


def _lock(state: DeliveryState, column: Any) -> Select[Any]:
    # The lead is locked already, and whoever erases it needs that lock: this is how it stands.
    erased = _LEAD.c.erased_at.is_not(None)
    return (
        select(_DELIVERY.c.id, column, erased, or_(_DELIVERY.c.taken_back, erased))
        .join(_LEAD, _LEAD.c.id == _DELIVERY.c.lead_id)
        .where(_DELIVERY.c.id.in_(bindparam("ids", expanding=True)), _DELIVERY.c.state == state)
        .order_by(_DELIVERY.c.id)
        .with_for_update(key_share=True, of=_DELIVERY)
    )


LOCK_SENDING = _lock(DeliveryState.SENDING, _DELIVERY.c.turn_id)
LOCK_ACCEPTED = _lock(DeliveryState.ACCEPTED, _DELIVERY.c.platform_request_id)
_RECORD_OUTCOME = _update_of(OutcomeChange)
_RECORD_EXCHANGE = _update_of(Exchange)
_RECORD_LATER_ANSWER = _update_of(LaterAnswer)
_INSERT_ATTEMPT = Prepared(insert(metadata.tables["delivery_attempt"]))


def lock_accepted(session: Session, delivery_ids: Sequence[UUID]) -> dict[UUID, Accepted]:
    """Those of these deliveries whose verdict is still to come; their jobs are locked already."""
    rows = session.connection().execute(LOCK_ACCEPTED, {"ids": list(delivery_ids)})
    return {row.id: Accepted(*row[1:]) for row in rows}


def record_verdicts(
    session: Session, changes: Sequence[OutcomeChange], answers: Sequence[LaterAnswer]
) -> None:
    """Write them, for deliveries that lock_accepted() found."""
    if changes:
        _RECORD_OUTCOME.run_many(session, [_parameters(change) for change in changes])
    if answers:
        _RECORD_LATER_ANSWER.run_many(session, [_parameters(answer) for answer in answers])


def lock_sending(session: Session, delivery_ids: Sequence[UUID]) -> dict[UUID, Sending]:
    """Those of these deliveries that are being sent, by whichever turn; their jobs are locked already."""
    rows = session.connection().execute(LOCK_SENDING, {"ids": list(delivery_ids)})
    return {row.id: Sending(*row[1:]) for row in rows}


def record_outcomes(
    session: Session,
    changes: Sequence[OutcomeChange],
    exchanges: Sequence[Exchange],
    attempts: Sequence[AttemptLine],
) -> None:
    """Write all of it, for deliveries that lock_sending() found."""
    if changes:
        _RECORD_OUTCOME.run_many(session, [_parameters(change) for change in changes])
    if exchanges:
        _RECORD_EXCHANGE.run_many(session, [_parameters(exchange) for exchange in exchanges])
    if attempts:
        _INSERT_ATTEMPT.run_many(session, [{"id": new_id(), **_columns(line)} for line in attempts])


def _columns(row: OutcomeChange | Exchange | LaterAnswer | AttemptLine) -> dict[str, Any]:
    # Not asdict(): it would copy every request and response to the bottom.
    return {name: getattr(row, name) for name in row.__slots__}


def _parameters(change: OutcomeChange | Exchange | LaterAnswer) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in _columns(change).items()}
