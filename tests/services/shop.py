"""A shop whose conversions grow old, and what is deleted of them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlmodel import Session, col, select

from app.ids import new_id
from app.services.pruning import Pruned, Retention, count_prunable, prune
from app.tables.jobs import AttemptRow, DeliveryRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform
from tests.api import Api, process
from tests.world import START

S = DeliveryState
YEAR = 366
LEADS, JOBS, BODIES, AUDIT = (Retention(**{kind: 365}) for kind in ("leads", "jobs", "bodies", "audit"))
DEAD = [S.SKIPPED, S.CANCELED, S.REJECTED, S.EXPIRED, S.FAILED]
"""What never arrived."""
LOG = "{ auditLog { edges { node { id action keyName subjectId } } totalCount } }"


@dataclass
class Shop:
    """A project with a label that is mapped at one platform, and what became of its conversions."""

    api: Api
    label: LabelRow = field(init=False)
    platform: Platform = Platform.WEBHOOK

    async def begin(self, **columns: Any) -> "Shop":
        self.label = await self.api.world.label("Won", **columns)
        integration = await self.api.world.integration(self.platform)
        await self.api.world.map(self.label.id, integration)
        return self

    async def lead(self, **values: Any) -> LeadRow:
        """Created now."""
        now = self.api.world.clock()
        return await self.api.world.complete_lead(**({"created_at": now} | values))

    async def change(self, lead: LeadRow, to: Any = None, **more: Any) -> Any:
        """Change the lead's status, by default to the label; the union member that answered."""
        return await self.api.update({"leadId": str(lead.id)}, to or self.label.id, **more)

    async def convert(self, lead: LeadRow, state: S = S.DELIVERED, to: Any = None, **columns: Any) -> UUID:
        """A status change whose deliveries end so, with attempts and bodies; the job's id."""
        answer = await self.change(lead, to)
        job_id = UUID(answer["job"]["id"])
        await process(self.api, state)

        def end(session: Session) -> None:
            now = self.api.world.clock()
            for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == job_id)):
                row.state, row.finished_at, row.expires_at = state, now, now + timedelta(days=30)
                row.request, row.response = {"sent": 1}, {"answered": 1}
                for name, value in columns.items():
                    setattr(row, name, value)
                session.add_all(attempts(row, 2))

        await self.api.world.database.write(end)
        return job_id

    async def prune(self, retention: Retention, database: Any = None) -> Pruned:
        steps = prune(database or self.api.world.database, retention, self.api.world.clock())
        return sum([pruned async for pruned in steps], Pruned())

    async def count(self, retention: Retention) -> Pruned:
        steps = count_prunable(self.api.world.database, retention, self.api.world.clock())
        return sum([pruned async for pruned in steps], Pruned())

    async def job_ids(self) -> set[UUID]:
        return {job.id for job in await self.api.jobs()}

    async def delivery(self, job_id: UUID) -> DeliveryRow:
        """The job's only one."""
        [row] = [row for row in await self.api.rows(DeliveryRow) if row.job_id == job_id]
        return cast("DeliveryRow", row)

    async def log(self) -> list[Any]:
        return [edge["node"] for edge in (await self.api.ask(LOG))["auditLog"]["edges"]]

    def pass_days(self, days: int = YEAR) -> None:
        self.api.world.clock.advance(days=days)


def attempts(row: DeliveryRow, number: int) -> list[AttemptRow]:
    return [
        AttemptRow(id=new_id(), delivery_id=row.id, number=n, started_at=START, duration_ms=1)
        for n in range(1, number + 1)
    ]


async def overtaken(shop: Shop, lead: LeadRow) -> None:
    """A newer status change, so that the one before is not the lead's current one any more."""
    other = await shop.api.world.label("Nobody hears of it")
    await shop.change(lead, other.id)
    await process(shop.api)
