"""A count says to the row what a run would delete, and what is kept for ever is not deleted."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.services import pruning
from app.services.pruning import Pruned, Retention
from app.tables.audit import AuditEventRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState
from tests.api import process
from tests.services.shop import AUDIT, BODIES, DEAD, JOBS, LEADS, Shop, attempts, overtaken

S = DeliveryState


async def busy(shop: Shop) -> None:
    """Leads, jobs and deliveries of every kind, old and new, and events beside them."""
    api = shop.api
    for number, state in enumerate([*DEAD, S.DELIVERED, S.UNCONFIRMED, S.ACCEPTED, S.HELD]):
        lead = await shop.lead(unique_identifier=f"old-{number}")
        await shop.convert(lead, state)
        if number % 2:
            await overtaken(shop, lead)
            await shop.change(lead, "open")
    restated = await shop.lead(unique_identifier="restated")
    await shop.convert(restated, S.DELIVERED)
    await shop.change(restated, price=5)
    await process(api, S.REJECTED)

    def nothing_arrived(session: Session) -> None:
        """A SEND that failed, kept for now by what follows it and failed as well."""
        for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.lead_id) == restated.id)):
            row.state = S.FAILED
            session.add_all(attempts(row, 1) if row.follows_id else [])

    await api.world.database.write(nothing_arrived)
    await overtaken(shop, restated)
    kept = await shop.lead(unique_identifier="kept")
    await shop.convert(kept, S.FAILED)
    shop.pass_days()
    await overtaken(shop, kept)
    await shop.convert(await shop.lead(unique_identifier="new"), S.FAILED)


@pytest.mark.parametrize(
    "retention",
    [
        LEADS,
        JOBS,
        BODIES,
        AUDIT,
        Retention(jobs=365, bodies=365, audit=365),
        Retention(leads=365, jobs=365, bodies=365, audit=365),
        Retention(leads=400, jobs=365, bodies=30, audit=700),
    ],
    ids=lambda retention: " ".join(f"{name}={days}" for name, days in vars_of(retention) if days),
)
async def test_a_count_says_to_the_row_what_a_run_deletes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, retention: Retention
) -> None:
    for name in ("CHUNK", "LEADS_AT_ONCE", "JOBS_AT_ONCE"):
        monkeypatch.setattr(pruning, name, 4)
    await busy(shop)
    before = await everything(shop)

    counted = await shop.count(retention)

    assert await everything(shop) == before
    assert await shop.prune(retention) == counted
    after = await everything(shop)
    assert counted != Pruned()
    assert (counted.leads, counted.jobs, counted.deliveries, counted.attempts) == tuple(
        len(before[table]) - len(after[table]) for table in (LeadRow, JobRow, DeliveryRow, AttemptRow)
    )


def vars_of(retention: Retention) -> list[tuple[str, int | None]]:
    return [(name, getattr(retention, name)) for name in ("leads", "jobs", "bodies", "audit")]


async def everything(shop: Shop) -> dict[Any, list[Any]]:
    tables = (LeadRow, JobRow, DeliveryRow, AttemptRow, AuditEventRow)
    return {
        table: sorted((row.model_dump() for row in await shop.api.rows(table)), key=lambda row: row["id"])
        for table in tables
    }


async def test_nothing_is_deleted_of_what_is_kept_for_ever(shop: Shop) -> None:
    await busy(shop)
    before = await everything(shop)

    assert Retention().is_for_ever
    assert await shop.prune(Retention()) == Pruned()
    assert await everything(shop) == before
