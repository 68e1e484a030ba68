"""Much is deleted in many small steps: things may happen between them, and a run may be broken off."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from sqlmodel import Session, select

from app.database.database import Database
from app.ids import new_id
from app.repositories import pruning as statements
from app.services import pruning
from app.services.pruning import Pruned, prune
from app.tables.jobs import AttemptRow, DeliveryRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, LeadStatus
from tests.services.shop import JOBS, LEADS, Shop, overtaken

S = DeliveryState


class Watched:
    """A database that counts transactions, and after the first read lets something else happen."""

    def __init__(self, database: Database, meanwhile: Callable[[], Awaitable[Any]] | None = None) -> None:
        self._database = database
        self._meanwhile = meanwhile
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, work: Any) -> Any:
        result = await self._database.read(work)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return result

    async def write(self, work: Any) -> Any:
        self.writes += 1
        return await self._database.write(work)


async def test_much_of_it_is_deleted_in_several_transactions(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHUNK", "LEADS_AT_ONCE"):
        monkeypatch.setattr(pruning, name, 4)
    for number in range(5):
        await shop.convert(await shop.lead(unique_identifier=f"crm-{number}"), S.DELIVERED)
    shop.pass_days()
    database = Watched(shop.api.world.database)

    assert await shop.prune(LEADS, database) == Pruned(leads=5, jobs=5, deliveries=5, attempts=10)
    # Leads emptied, attempts, deliveries, jobs and leads deleted, at most four at a time.
    assert database.writes >= 2 + 3 + 2 + 3 + 2


async def test_a_lead_whose_status_changes_at_that_very_moment_stays_whole(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    shop.pass_days()
    before = len(await shop.api.rows(AttemptRow))
    database = Watched(shop.api.world.database, lambda: shop.change(lead, "open"))

    assert await shop.prune(LEADS, database) == Pruned()

    [row] = await shop.api.rows(LeadRow)
    assert (row.status, row.email, row.erased_at) == (LeadStatus.OPEN, "ada@example.com", None)
    assert len(await shop.api.rows(AttemptRow)) == before


async def test_a_job_that_is_tried_again_at_that_very_moment_stays(shop: Shop) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, S.FAILED)
    await overtaken(shop, lead)
    shop.pass_days()
    retry = "mutation { retryDeliveries(filter: {}, dryRun: false) { retried } }"
    retried: list[Any] = []

    async def meanwhile() -> None:
        retried.append(await shop.api.ask(retry))

    pruned = await shop.prune(JOBS, Watched(shop.api.world.database, meanwhile))

    assert retried == [{"retryDeliveries": {"retried": 1}}]
    assert (pruned.jobs, pruned.deliveries) == (0, 0)
    assert job_id in await shop.job_ids()


async def test_what_was_broken_off_is_gone_on_with_and_knows_nobody_any_more(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    shop.pass_days()
    steps = prune(shop.api.world.database, LEADS, shop.api.world.clock())
    await anext(steps)
    await steps.aclose()
    [half] = await shop.api.rows(LeadRow)

    assert (half.email, half.email_key, half.erased_at) == (None, None, shop.api.world.clock())
    assert await shop.count(LEADS) == Pruned(leads=1, jobs=1, deliveries=1, attempts=2)
    assert await shop.prune(LEADS) == Pruned(leads=1, jobs=1, deliveries=1, attempts=2)


async def test_deliveries_that_follow_each_other_go_in_an_order_that_harms_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 2)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)

    def chain(session: Session) -> None:
        row = session.exec(select(DeliveryRow)).one()
        for _ in range(3):
            last = DeliveryRow(**row.model_dump() | {"id": new_id(), "follows_id": row.id})
            last.platform_event_id = str(last.id)
            session.add(last)
            session.flush()
            row = last

    await shop.api.world.database.write(chain)
    shop.pass_days()

    assert (await shop.prune(LEADS)).deliveries == 4


async def test_searches_are_of_a_bounded_number_of_rows(shop: Shop) -> None:
    lead_ids = [(await shop.lead(unique_identifier=f"crm-{number}")).id for number in range(3)]
    shop.pass_days()
    cutoffs = LEADS.cutoffs(shop.api.world.clock())

    found = await shop.api.world.database.read(
        lambda session: statements.find_leads(
            session, cutoffs=cutoffs, after=cast("int", lead_ids[0]), limit=1
        )
    )

    assert found == [lead_ids[1]]
