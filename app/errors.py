"""What can be wrong with a caller's request. Each class carries fields; the text is for people."""

from dataclasses import dataclass
from uuid import UUID

from app.values import LeadIdentifierKind


class DomainError(Exception):
    """A request that cannot be carried out, and changed nothing. Anything else that is raised is a bug."""

    message: str = "The request cannot be carried out"

    def __str__(self) -> str:
        """The text for people."""
        return self.message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input."""

    path: tuple[str, ...]
    """From the input's top, in the contract's words, e.g. ("lead", "email")."""
    message: str


@dataclass(eq=False)
class InvalidInputError(DomainError):
    """The input breaks a rule."""

    problems: tuple[Problem, ...]

    def __post_init__(self) -> None:
        """Say the first problem in the message: many clients show nothing else."""
        first = self.problems[0]
        where = ".".join(first.path)
        self.message = f"{where}: {first.message}" if where else first.message


@dataclass(eq=False)
class LeadNotFoundError(DomainError):
    """No lead of this project has the identifier."""

    identified_by: LeadIdentifierKind
    message: str = "Lead not found"


@dataclass(eq=False)
class LabelNotFoundError(DomainError):
    """No conversion label of this project that is in use has the id."""

    conversion_id: str
    message: str = "Conversion label not found"


@dataclass(eq=False)
class IntegrationNotFoundError(DomainError):
    """No integration of this project that is connected has the id."""

    message: str = "Integration not found"


@dataclass(eq=False)
class ApiKeyNotFoundError(DomainError):
    """No API key of this project has the id."""

    message: str = "API key not found"


@dataclass(eq=False)
class DuplicateJobError(DomainError):
    """The lead has an active job."""

    lead_id: int
    unique_identifier: str | None
    job_id: UUID
    message: str = "The lead already has a pending job"


@dataclass(eq=False)
class UnauthenticatedError(DomainError):
    """No key, or none that is in force."""

    message: str


@dataclass(eq=False)
class RateLimitedError(DomainError):
    """The caller asks more often than it may."""

    retry_after_s: int
    """When there is something left again: at least 1."""
    message: str


def invalid(*path: str, message: str) -> InvalidInputError:
    """An InvalidInputError with one problem."""
    return InvalidInputError((Problem(path, message),))
