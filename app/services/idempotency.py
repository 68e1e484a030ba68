"""The same call again, recognised by the caller's key: the first answer, and nothing is done."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.errors import InvalidInputError, invalid
from app.repositories.idempotency import find_answer, remember_answer
from app.repositories.jobs import jobs_by_id
from app.repositories.leads import leads_by_id
from app.services.answers import Opened, Queued
from app.tables.jobs import IdempotencyRow, JobRow
from app.tables.making import make
from app.values import LeadIdentifierKind


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A caller's key with what was asked under it."""

    project_id: UUID
    key: str | None
    """None: the caller wants no replay."""
    normalised: str
    """The input, normalised: equal text for equal requests."""

    @property
    def digest(self) -> str:
        """What is stored: the input holds personal data. With project and key no table of digests fits."""
        text = "\x1f".join((str(self.project_id), self.key or "", self.normalised))
        return hashlib.sha256(text.encode()).hexdigest()


def recall(session: Session, fingerprint: Fingerprint, now: datetime) -> Opened | Queued | None:
    """The first answer for this key, if there was one; InvalidInputError when it was another input's.

    There is none about a lead that was erased: it says who that was.
    """
    if fingerprint.key is None:
        return None
    row = find_answer(session, fingerprint.project_id, fingerprint.key, now)
    if row is None:
        return None
    if row.fingerprint != fingerprint.digest:
        raise _used_for_another()
    return _restored(session, row.answer)


def remember(session: Session, fingerprint: Fingerprint, answer: Opened | Queued, now: datetime) -> None:
    """Keep the answer, in the transaction that made it."""
    if fingerprint.key is None:
        return
    row = make(
        IdempotencyRow,
        {
            "project_id": fingerprint.project_id,
            "key": fingerprint.key,
            "fingerprint": fingerprint.digest,
            "answer": _kept(answer),
            "created_at": now,
        },
    )
    if not remember_answer(session, row):
        # Only another lead's call can have come between: one for the same lead waits for its lock.
        raise _used_for_another()


def _used_for_another() -> InvalidInputError:
    return invalid("idempotencyKey", message="was used for another request within the last 24 hours")


def _kept(answer: Opened | Queued) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "lead": answer.lead.id,
        "unique_identifier": answer.unique_identifier,
        "identified_by": answer.identified_by.value,
    }
    if isinstance(answer, Opened):
        return kept | {"canceled_job": _id(answer.canceled_job)}
    return kept | {
        "job": _id(answer.job),
        "superseded_job": _id(answer.superseded_job),
        "warnings": answer.warnings,
    }


def _id(job: JobRow | None) -> str | None:
    return str(job.id) if job else None


def _restored(session: Session, kept: dict[str, Any]) -> Opened | Queued | None:
    lead = leads_by_id(session, [kept["lead"]])[0]
    if lead.erased_at is not None:
        return None
    identified_by = LeadIdentifierKind(kept["identified_by"])
    if "job" not in kept:
        return Opened(
            lead=lead,
            unique_identifier=kept["unique_identifier"],
            identified_by=identified_by,
            canceled_job=_job(session, kept["canceled_job"]),
            replayed=True,
        )
    return Queued(
        lead=lead,
        unique_identifier=kept["unique_identifier"],
        identified_by=identified_by,
        job=jobs_by_id(session, [UUID(kept["job"])])[0],
        superseded_job=_job(session, kept["superseded_job"]),
        warnings=kept["warnings"],
        replayed=True,
    )


def _job(session: Session, job_id: str | None) -> JobRow | None:
    return jobs_by_id(session, [UUID(job_id)])[0] if job_id else None
