"""What can be said about the health of an installation: one kind of finding for all who look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Severity(StrEnum):
    """How much it matters."""

    ERROR = "ERROR"
    """Conversions are not sent, or do not count, because of it."""
    WARNING = "WARNING"
    """Somebody should look: it is most likely not meant, or will be an error."""
    NOTICE = "NOTICE"
    """Worth knowing; it may well be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFinding:
    """One thing that somebody may want to change."""

    code: str
    """What kind it is, for programs; never changes its meaning."""
    severity: Severity
    text: str
    """For a person: what is so, what comes of it, what mends it. Nothing personal and no secret."""
    label_ids: tuple[UUID, ...] = ()
    integration_ids: tuple[UUID, ...] = ()
    mapping_ids: tuple[UUID, ...] = ()


def needs_person(findings: Iterable[HealthFinding]) -> bool:
    """Whether one of them should not wait."""
    return any(finding.severity is not Severity.NOTICE for finding in findings)


def quoted(names: Iterable[str]) -> str:
    """'A', 'B' and 'C'."""
    *most, last = [f"'{name}'" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def minute(at: datetime) -> str:
    """An instant as people read it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def clause(message: str | None, otherwise: str) -> str:
    """The message without its full stop: it becomes part of a sentence."""
    return (message or otherwise).rstrip(". ")
