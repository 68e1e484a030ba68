"""Deliveries that ended one way or another, and retryDeliveries."""

from typing import Any

from sqlmodel import Session

from app.services.progress import settle_jobs
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform
from tests.api import Api
from tests.world import START

S = DeliveryState
RETRY = """
mutation ($filter: DeliveryFilter!, $dryRun: Boolean!) {
  retryDeliveries(filter: $filter, dryRun: $dryRun) {
    matched retried skipped skippedBecause { code count }
  }
}
"""
ENDED = {
    S.FAILED: {"attempts": 8, "unknown_errors": 8, "error_code": "E1", "error_message": "no"},
    S.REJECTED: {"attempts": 1, "error_code": "E1", "error_message": "no"},
    S.EXPIRED: {"attempts": 0, "error_code": "EXPIRED", "error_message": "late"},
    S.UNCONFIRMED: {"attempts": 1, "error_code": "TIMEOUT", "uncertain_since": START},
    S.SKIPPED: {"attempts": 0, "warning": {"code": "MISSING_FIELD"}},
}


async def connected(
    api: Api, platform: Platform = Platform.META, *, lead: dict[str, Any] | None = None, **label: Any
) -> tuple[LeadRow, LabelRow, IntegrationRow]:
    row = await api.world.complete_lead(**lead or {})
    stage = await api.world.label(**label)
    integration = await api.world.integration(platform)
    await api.world.map(stage.id, integration)
    return row, stage, integration


async def change(api: Api, table: Any, key: Any, **columns: Any) -> None:
    def work(session: Session) -> None:
        row = session.get_one(table, key)
        for name, value in columns.items():
            setattr(row, name, value)
        session.flush()
        if isinstance(row, DeliveryRow):
            settle_jobs(session, [row.job_id], api.world.clock())

    await api.world.database.write(work)


async def ended(api: Api, delivery: DeliveryRow, state: DeliveryState, **columns: Any) -> None:
    """Let the delivery have ended like this."""
    given = {"next_attempt_at": None, "finished_at": START, **ENDED.get(state, {"attempts": 1})} | columns
    await change(api, DeliveryRow, delivery.id, state=state, **given)


async def queued(api: Api, lead: LeadRow, label: LabelRow, **more: Any) -> DeliveryRow:
    """The one delivery of a new job."""
    answer = await api.update({"leadId": str(lead.id)}, label.id, onConflict="SUPERSEDE", **more)
    rows = [row for row in await api.rows(DeliveryRow) if str(row.job_id) == answer["job"]["id"]]
    assert len(rows) == 1
    return rows[0]


async def row_of(api: Api, delivery: DeliveryRow) -> DeliveryRow:
    found: DeliveryRow = next(row for row in await api.rows(DeliveryRow) if row.id == delivery.id)
    return found


async def retry(api: Api, dry_run: bool = False, **given: Any) -> dict[str, Any]:
    """What it answers; a dry run before it must have said the same, and done nothing."""
    before = await api.rows(DeliveryRow)
    said = (await api.ask(RETRY, {"filter": given, "dryRun": True}))["retryDeliveries"]
    assert [row.model_dump() for row in await api.rows(DeliveryRow)] == [row.model_dump() for row in before]
    if not dry_run:
        done = (await api.ask(RETRY, {"filter": given, "dryRun": False}))["retryDeliveries"]
        assert done == said
    return {**said, "codes": {one["code"]: one["count"] for one in said["skippedBecause"]}}


async def refused(api: Api, code: str, **given: Any) -> None:
    """Nothing of what the filter leaves is tried again, all for the one reason."""
    answer = await retry(api, **given)
    assert answer["retried"] == 0
    assert list(answer["codes"]) == [code], answer
