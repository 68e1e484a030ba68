"""The doctor's report as lines for people: in columns, without colours. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from app.doctor.checks import Check
from app.doctor.report import ExitCode, Report
from app.services.health import LOOK_BACK, IntegrationHealth, ProjectHealth
from app.services.health_findings import Severity, minute
from app.services.probe_report import Report as Probe


def as_text(report: Report) -> str:
    """All of it."""
    lines = [f"Leadwire, looked at on {minute(report.looked_at)}", ""]
    lines += ["Installation", *_checks(report.checks)] if report.checks else []
    for project in report.projects:
        lines += ["", f"Project {project.project.name}", *_project(project, report.probes)]
    lines += ["", _summary(report)]
    # Names are anybody's: a terminal must not obey them.
    return "\n".join("".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines)


def _checks(checks: Sequence[Check]) -> list[str]:
    width = max(len(check.title) for check in checks)
    return [f"  {_word(check.severity)}  {check.title:{width}}  {check.text}" for check in checks]


def _word(severity: Severity | None) -> str:
    return f"{'ok' if severity is None else severity.value.lower():7}"


def _project(project: ProjectHealth, probes: Mapping[UUID, Probe]) -> Iterator[str]:
    rows = [_columns(one) for one in project.integrations]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for one, row in zip(project.integrations, rows, strict=True):
        yield "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        for line in _details(one, probes.get(one.row.id)):
            yield f"      {line}"
    if not rows:
        yield "  No integration is connected."
    if project.findings:
        yield "  Findings"
    for finding in project.findings:
        yield f"    {_word(finding.severity)}  {finding.text}"


def _columns(one: IntegrationHealth) -> tuple[str, ...]:
    api = "not supported" if one.api is None else one.api.described()
    due = f"{one.queue.due} due"
    if one.queue.oldest_due_at is not None:
        due += f" since {minute(one.queue.oldest_due_at)}"
    return (
        one.row.name,
        one.row.platform.value,
        _standing(one),
        "test mode" if one.row.test_mode else "live",
        f"API: {api}",
        f"{due}, {one.queue.held} held",
    )


def _standing(one: IntegrationHealth) -> str:
    if not one.row.enabled:
        return "disabled"
    return "running" if one.row.paused_at is None else "paused"


def _details(one: IntegrationHealth, probe: Probe | None) -> Iterator[str]:
    row = one.row
    if row.paused_at is not None:
        reason = row.pause_reason.value if row.pause_reason else "for a reason that is not known"
        tried = f", tried again at {minute(row.probe_at)}" if row.probe_at else ""
        yield f"paused since {minute(row.paused_at)}, {reason}{tried}: {row.pause_message or 'no message'}"
    if one.unsent:
        kinds = (
            f"{count.deliveries} {count.state.value} {count.error_code or ''}".rstrip()
            for count in one.unsent
        )
        yield f"unsent in the last {LOOK_BACK.days} days: {', '.join(kinds)}"
    if probe is not None:
        yield f"asked just now: {'ok' if probe.ok else 'error'}: {probe.message}"
        yield from probe.problems


def _summary(report: Report) -> str:
    if report.failure is not None:
        return f"Could not look: {report.failure}"
    if report.exit_code is ExitCode.NOTHING_TO_DO:
        return "Nothing to do."
    counts = report.counts()
    return f"Needs a person: {counts[Severity.ERROR]} error(s), {counts[Severity.WARNING]} warning(s)."
