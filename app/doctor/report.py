"""What the doctor found, and what that means for whoever asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from app.doctor.checks import Check
from app.services.health import ProjectHealth
from app.services.health_findings import Severity
from app.services.probe_report import Report as Probe


class ExitCode(IntEnum):
    """What the command ends with."""

    NOTHING_TO_DO = 0
    NEEDS_A_PERSON = 1
    COULD_NOT_LOOK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was found."""

    looked_at: datetime
    checks: Sequence[Check] = ()
    projects: Sequence[ProjectHealth] = ()
    probes: Mapping[UUID, Probe] = field(default_factory=dict)
    """By integration; those that were asked."""
    failure: str | None = None
    """Why nothing could be looked at; None: it could."""

    @property
    def exit_code(self) -> ExitCode:
        """What somebody who runs it from a script wants to know."""
        if self.failure is not None:
            return ExitCode.COULD_NOT_LOOK
        counts = self.counts()
        some = counts[Severity.ERROR] + counts[Severity.WARNING]
        return ExitCode.NEEDS_A_PERSON if some else ExitCode.NOTHING_TO_DO

    def counts(self) -> dict[Severity, int]:
        """How many things there are of each severity; a probe that failed is an error."""
        found = [check.severity for check in self.checks]
        found += [finding.severity for project in self.projects for finding in project.findings]
        found += [Severity.ERROR for probe in self.probes.values() if not probe.ok]
        return {severity: found.count(severity) for severity in Severity}
