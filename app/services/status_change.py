"""A status change as it is asked for, and what is wrong with it before anything is looked up."""

from dataclasses import dataclass
from datetime import datetime

from app.errors import InvalidInputError, Problem
from app.services.identifying import ChosenIdentifier, LeadIdentifier, choose_identifier
from app.services.limits import CLOCK_SKEW, MAX_CENTS
from app.services.texts import SHORT, reject, text_problem
from app.values import ConflictPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What a caller asks for."""

    lead: LeadIdentifier
    conversion_id: str
    """A label's UUID, or `open`, or `lost` in any letter case."""
    price_cents: int | None = None
    occurred_at: datetime | None = None
    """Aware; None: now."""
    idempotency_key: str | None = None
    on_conflict: ConflictPolicy = ConflictPolicy.REJECT


def check(change: StatusChange, now: datetime) -> ChosenIdentifier:
    """The identifier that is used; InvalidInputError with everything that is wrong."""
    problems: list[Problem] = []
    if change.price_cents is not None and not 0 <= change.price_cents <= MAX_CENTS:
        problems.append(Problem(("price",), f"must be a whole number from 0 to {MAX_CENTS}"))
    if change.occurred_at is not None and change.occurred_at > now + CLOCK_SKEW:
        problems.append(Problem(("occurredAt",), "must be at most 5 minutes in the future"))
    if not change.conversion_id.strip():
        problems.append(Problem(("conversionId",), "must be a conversion label's id, `open` or `lost`"))
    if change.idempotency_key is not None:
        problems += _key_problems(change.idempotency_key)
    try:
        chosen = choose_identifier(change.lead)
    except InvalidInputError as refused:
        reject([*refused.problems, *problems])
        raise
    reject(problems)
    return chosen


def _key_problems(key: str) -> list[Problem]:
    path = ("idempotencyKey",)
    if not key.strip():
        return [Problem(path, "must not be blank; leave it out instead")]
    problem = text_problem(path, key, SHORT)
    return [problem] if problem else []
