"""SQL that takes the person out of a lead and of all that was made of it. What is counted stays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Table, Update, bindparam, case, cast, delete, null, select, update
from sqlmodel import Session

from app.tables.registry import metadata

_LEAD = metadata.tables["lead"]
_JOB = metadata.tables["conversion_job"]
_DELIVERY = metadata.tables["delivery"]
_ATTEMPT = metadata.tables["delivery_attempt"]
_ANSWER = metadata.tables["idempotency_key"]

KEPT: Final = frozenset(
    {
        *("id", "project_id", "status", "label_id", "current_job_id", "price_cents", "currency", "form_name"),
        *("erased_at", "created_at", "updated_at"),
    }
)
"""What stays of a lead: what reports count. A column that is not named here is erased."""

LOOKED_UP: Final = frozenset({"unique_identifier", "email_key", "phone_e164"})
"""What a lead is found by; erased last, so that what was broken off can be asked for once more."""

LEAD_ERASED: Final = "LEAD_ERASED"
"""The code of a delivery that was waiting when its lead was erased."""
LEAD_ERASED_MESSAGE: Final = "The lead was erased before the conversion was sent."

ERASED_REASON: Final = "Erased with the lead."
"""What a warning gives as its reason afterwards; its code and field say which rule it was."""

_ids: Any = bindparam("ids", expanding=True)
_now: Any = bindparam("now", type_=_LEAD.c.erased_at.type)
_limit: Any = bindparam("limit", type_=Integer())
_after: Any = bindparam("after", type_=_DELIVERY.c.id.type)
_OF_LEAD = _DELIVERY.c.lead_id == bindparam("lead")

_ERASE_LEAD = (
    update(_LEAD)
    .where(_LEAD.c.id == bindparam("lead"), _LEAD.c.erased_at.is_(None))
    .values(
        {column.name: null() for column in _LEAD.c if column.name not in KEPT | LOOKED_UP}
        | {"erased_at": _now, "updated_at": _now}
    )
)
_FORGET_LEAD = (
    update(_LEAD).where(_LEAD.c.id == bindparam("lead")).values({name: null() for name in sorted(LOOKED_UP)})
)
SELECT_DELIVERIES = (
    select(_DELIVERY.c.id, _DELIVERY.c.job_id, _DELIVERY.c.warning)
    .where(_OF_LEAD, _DELIVERY.c.id > _after)
    .order_by(_DELIVERY.c.id)
    .limit(_limit)
)
_ERASE_DELIVERIES = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id.in_(_ids))
    .values(
        request=null(),
        response=null(),
        # Our own text may stay: a second call changes nothing then.
        error_message=case((_DELIVERY.c.error_code == LEAD_ERASED, LEAD_ERASED_MESSAGE), else_=null()),
    )
)
SELECT_ATTEMPTS = (
    select(_ATTEMPT.c.id)
    .join(_DELIVERY, _DELIVERY.c.id == _ATTEMPT.c.delivery_id)
    .where(_OF_LEAD, _ATTEMPT.c.error_message.is_not(None))
    .limit(_limit)
)
_ERASE_ATTEMPTS = update(_ATTEMPT).where(_ATTEMPT.c.id.in_(_ids)).values(error_message=null())
SELECT_JOBS = (
    select(_JOB.c.id, _JOB.c.warnings)
    .where(_JOB.c.lead_id == bindparam("lead"), _JOB.c.id > _after)
    .order_by(_JOB.c.id)
    .limit(_limit)
)


def _rewrite(table: Table, column: str) -> Update:
    return update(table).where(table.c.id == bindparam("row")).values({column: bindparam("new_value")})


_REWRITE_WARNING = _rewrite(_DELIVERY, "warning")
_REWRITE_WARNINGS = _rewrite(_JOB, "warnings")
_OF_PROJECT = _ANSWER.c.project_id == bindparam("project")
_SELECT_ANSWERS = select(_ANSWER.c.key).where(
    _OF_PROJECT, cast(_ANSWER.c.answer["lead"].as_string(), BigInteger) == bindparam("lead")
)
_DELETE_ANSWERS = delete(_ANSWER).where(_OF_PROJECT, _ANSWER.c.key.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True, slots=True)
class FoundDelivery:
    """A delivery to take the person out of."""

    id: UUID
    job_id: UUID
    warning: dict[str, Any] | None


def mark_erased(session: Session, lead_id: int, now: datetime) -> None:
    """Erase all of the lead but what it is found by; from now on nothing is sent for it, or written to it."""
    session.connection().execute(_ERASE_LEAD, {"lead": lead_id, "now": now})


def forget_lookups(session: Session, lead_id: int) -> None:
    """Erase what the lead is found by: nothing but its id finds it afterwards."""
    session.connection().execute(_FORGET_LEAD, {"lead": lead_id})


def find_deliveries(session: Session, lead_id: int, *, after: UUID, limit: int) -> list[FoundDelivery]:
    """The lead's deliveries with a later id than `after`, in that order."""
    parameters = {"lead": lead_id, "after": after, "limit": limit}
    return [FoundDelivery(*row) for row in session.connection().execute(SELECT_DELIVERIES, parameters)]


def erase_deliveries(session: Session, found: Sequence[FoundDelivery]) -> None:
    """Forget what was sent and answered. Their jobs are locked already."""
    connection = session.connection()
    connection.execute(_ERASE_DELIVERIES, {"ids": [delivery.id for delivery in found]})
    warned = [
        {"row": delivery.id, "new_value": _without_reason(delivery.warning)}
        for delivery in found
        if delivery.warning is not None
    ]
    if warned:
        connection.execute(_REWRITE_WARNING, warned)


def erase_attempts(session: Session, lead_id: int, limit: int) -> int:
    """Forget what was said in up to `limit` attempts; answers how many there were."""
    connection = session.connection()
    ids = connection.execute(SELECT_ATTEMPTS, {"lead": lead_id, "limit": limit}).scalars().all()
    connection.execute(_ERASE_ATTEMPTS, {"ids": ids})
    return len(ids)


def erase_warnings(session: Session, lead_id: int, *, after: UUID, limit: int) -> list[UUID]:
    """Rewrite the warnings of the lead's jobs with a later id than `after`; answers which those were."""
    connection = session.connection()
    rows = connection.execute(SELECT_JOBS, {"lead": lead_id, "after": after, "limit": limit}).all()
    changed = [
        {"row": row.id, "new_value": [_without_reason(warning) for warning in row.warnings]}
        for row in rows
        if row.warnings
    ]
    if changed:
        connection.execute(_REWRITE_WARNINGS, changed)
    return [row.id for row in rows]


def find_answers(session: Session, project_id: UUID, lead_id: int) -> Sequence[str]:
    """The callers' keys of answers about the lead. Reads all answers of the project: no index leads there."""
    parameters = {"project": project_id, "lead": lead_id}
    return session.connection().execute(_SELECT_ANSWERS, parameters).scalars().all()


def delete_answers(session: Session, project_id: UUID, keys: Collection[str]) -> None:
    """Forget them."""
    session.connection().execute(_DELETE_ANSWERS, {"project": project_id, "keys": list(keys)})


def _without_reason(warning: dict[str, Any]) -> dict[str, Any]:
    return {**warning, "reason": ERASED_REASON}
