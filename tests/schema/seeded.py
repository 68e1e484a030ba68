"""A small installation to be asked, over SQLite in the same thread: what runs side by side has one order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Literal, TypeVar
from uuid import UUID

import httpx
from sqlalchemy import create_engine, make_url
from sqlmodel import Session, col, select

from app.asgi import build_services
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.database.database import Waiting
from app.database.sessions import Hook, WorkSession, flushed, run_hooks
from app.ids import new_id
from app.services.identifying import LeadIdentifier
from app.services.previewing import PreviewService
from app.services.setups import Setups
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import ConflictPolicy, DeliveryState, PauseReason, Platform, Scope
from schema.context import Context, Services
from tests.api import NOWHERE
from tests.world import START, FakeClock, World, new_cipher

T = TypeVar("T")


class InlineDatabase:
    """SQLite without threads: work is done by the time it is awaited."""

    dialect: Literal["sqlite"] = "sqlite"
    waiting = Waiting(0, 0)

    def __init__(self, url: str) -> None:
        self._engine = create_engine(make_url(url).set(drivername="sqlite"))

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        del within_s  # nothing waits here
        with self._engine.connect() as connection, WorkSession(connection) as session:
            return work(session)

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        del within_s
        hooks: list[Hook] = []
        with self._engine.begin() as connection, WorkSession(connection, hooks=hooks) as session:
            result = flushed(work)(session)
        run_hooks(hooks)
        return result

    async def close(self) -> None:
        self._engine.dispose()


class Seeded:
    """One project with everything in it, and a caller who may do anything."""

    def __init__(self, database: InlineDatabase) -> None:
        self.database, self.clock = database, FakeClock()
        self.connectors = dict(build_connectors())
        self._world = World(database, self.clock, new_cipher(), self.connectors)
        self._setups = Setups(database, self.connectors)
        self._services: Services
        self.leads: list[LeadRow] = []
        self.labels: list[LabelRow] = []
        self.jobs: list[JobRow] = []
        self.deliveries: list[DeliveryRow] = []

    async def begin(self) -> "Seeded":
        world = await self._world.begin()
        self.viewer = Viewer(world.project_id, new_id(), frozenset({Scope.ADMIN}))
        async with httpx.AsyncClient() as platforms:
            opener = Opener(
                connectors=self.connectors,
                endpoints=dict.fromkeys(Platform, NOWHERE),
                cipher=world.cipher,
                http=platforms,
            )
            self._services = build_services(
                database=self.database, opener=opener, wake=lambda _lanes: None, clock=self.clock
            )
        self.labels = [await world.label(), await world.label("Won", mark_as_done=True, undo_on_lost=True)]
        await world.label("Old", archived_at=START)
        for platform in (Platform.META, Platform.WEBHOOK, Platform.GOOGLE_ADS):
            paused = platform is Platform.GOOGLE_ADS
            more = {"paused_at": START, "pause_reason": PauseReason.CONFIGURATION} if paused else {}
            integration = await world.integration(platform, **more)
            for label in self.labels:
                await world.map(label.id, integration, held_at=None if label.undo_on_lost else START)
        await self._add_leads()
        return self

    async def _add_leads(self) -> None:
        self.leads = [
            await self._world.complete_lead(form_data={"ä": [1, None, {"x": 2**70}]}),
            await self._world.lead(first_name="Zoë", email="zoe@example.com", unique_identifier="crm-2"),
            await self._world.lead(gclid="abc", erased_at=START),
        ]
        for lead, label in zip(self.leads, self.labels, strict=False):
            await self.change(str(lead.id), str(label.id))
        await self.change(str(self.leads[0].id), str(self.labels[1].id), ConflictPolicy.SUPERSEDE)
        await self.database.write(_tell_stories)
        self.jobs = await self.database.read(lambda session: list(session.exec(select(JobRow))))
        self.deliveries = await self.database.read(lambda session: list(session.exec(select(DeliveryRow))))

    async def change(
        self, lead_id: str, conversion_id: str, on_conflict: ConflictPolicy = ConflictPolicy.REJECT
    ) -> None:
        status = StatusService(self.database, self._setups, lambda _lanes: None, self.clock)
        change = StatusChange(
            lead=LeadIdentifier(lead_id=lead_id), conversion_id=conversion_id, on_conflict=on_conflict
        )
        await status.update(self.viewer, change)

    def context(self, status: Any = None) -> Context:
        """A request of its own; two of them are told the same. `status`: what answers status changes."""
        preview = PreviewService(self.database, self._setups, self.clock, _same_ids())
        services = replace(self._services, preview=preview)
        return Context(self.viewer, replace(services, status=status) if status else services, "request-1")

    def values(self) -> dict[str, list[Any]]:
        """What may be asked for."""
        ids = [str(row.id) for row in (*self.jobs, *self.deliveries[:2], *self.labels)]
        return {
            "leadId": ["1", "2", "3", "404", " "],
            "id": [*ids, "nonsense"],
            "conversionId": ["open", "LOST", "nonsense", *(str(label.id) for label in self.labels)],
            "email": ["Ada@example.com", "zoe@example.com", "who@example.com"],
            "phone": ["+447700900123", "1"],
            "uniqueIdentifier": ["crm-1", "crm-2", "no"],
            "first": [1, 2, 50, 0, -1, 1_000],
            "last": [1, 100],
            "after": ["nonsense"],
            "before": ["nonsense"],
            "ID": ids,
            "String": ["", "crm-1", "ä\u2028"],
            "Int": [0, 1, 100],
            "Boolean": [True, False],
            "DateTime": ["2026-11-23T09:30:00Z", "2026-01-01T00:00:00+05:30"],
            "Cents": [0, 12_345],
            "JSON": [{"a": [1, None]}, [], "text", 5],
        }


def _same_ids() -> Callable[[], UUID]:
    numbers = count(1)
    return lambda: UUID(int=0x018F4C3E7B1A7C3D9E2F << 48 | next(numbers))


def _tell_stories(session: Session) -> None:
    """Let what was queued end in different ways."""
    states = [DeliveryState.REJECTED, DeliveryState.ACCEPTED, DeliveryState.DELIVERED]
    found = session.exec(select(DeliveryRow).order_by(col(DeliveryRow.id))).all()
    for row, state in zip(found, states, strict=False):
        row.state, row.attempts, row.next_attempt_at, row.finished_at = state, 2, None, START
        row.error_code, row.error_message = "BAD_ID", "no such \u201cid\u201d"
        row.request, row.response = {"data": [{"value": 1.5}]}, ["no", None]
        for number in (1, 2):
            session.add(
                AttemptRow(
                    id=new_id(),
                    delivery_id=row.id,
                    number=number,
                    started_at=START + timedelta(microseconds=number),
                    duration_ms=5,
                    http_status=None if number == 1 else 400,
                )
            )


class Scripted:
    """Answers status changes as the conversion's id says: with a value, or by raising it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    async def update(self, _viewer: Viewer, change: StatusChange) -> Any:
        answer = self._answers[change.conversion_id]
        if isinstance(answer, Exception):
            raise answer
        return answer
