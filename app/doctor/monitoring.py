"""The doctor's report as JSON for monitoring. Pure."""

from datetime import datetime
from typing import Any

from app.doctor.report import Report
from app.services.health import IntegrationHealth
from app.services.health_findings import HealthFinding
from app.services.probe_report import Report as Probe


def as_json(report: Report) -> dict[str, Any]:
    """All of it; no secret, nothing personal. Keys may be added, their meaning does not change."""
    return {
        "exitCode": int(report.exit_code),
        "failure": report.failure,
        "lookedAt": report.looked_at.isoformat(),
        "counts": {severity.value: count for severity, count in report.counts().items()},
        "checks": [
            {
                "code": check.code,
                "severity": check.severity.value if check.severity else None,
                "text": check.text,
            }
            for check in report.checks
        ],
        "projects": [
            {
                "id": str(project.project.id),
                "name": project.project.name,
                "integrations": [
                    _integration_json(one, report.probes.get(one.row.id)) for one in project.integrations
                ],
                "findings": [_finding_json(finding) for finding in project.findings],
            }
            for project in report.projects
        ],
    }


def _integration_json(one: IntegrationHealth, probe: Probe | None) -> dict[str, Any]:
    row = one.row
    return {
        "id": str(row.id),
        "name": row.name,
        "platform": row.platform.value,
        "enabled": row.enabled,
        "testMode": row.test_mode,
        "paused": row.paused_at is not None,
        "pauseReason": row.pause_reason.value if row.pause_reason else None,
        "pauseMessage": row.pause_message,
        "pausedAt": _instant(row.paused_at),
        "nextProbeAt": _instant(row.probe_at),
        "apiVersion": None
        if one.api is None
        else {
            "version": one.api.version,
            "isOverride": one.api.is_override,
            "endsOn": one.api.ends_on.isoformat() if one.api.ends_on else None,
            "isKnown": one.api.is_known,
        },
        "due": one.queue.due,
        "oldestDueAt": _instant(one.queue.oldest_due_at),
        "held": one.queue.held,
        "unsent": [
            {"state": count.state.value, "errorCode": count.error_code, "count": count.deliveries}
            for count in one.unsent
        ],
        "probe": None
        if probe is None
        else {"ok": probe.ok, "message": probe.message, "problems": list(probe.problems)},
    }


def _finding_json(finding: HealthFinding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "text": finding.text,
        "labelIds": [str(id_) for id_ in finding.label_ids],
        "integrationIds": [str(id_) for id_ in finding.integration_ids],
        "mappingIds": [str(id_) for id_ in finding.mapping_ids],
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
