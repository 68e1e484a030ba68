"""A project with lanes, jobs and deliveries, as the tests of the worker need it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
from sqlmodel import Session, SQLModel, col, select

from app.connectors.base import Endpoint
from app.connectors.opening import Opener
from app.database.database import Database, after_commit
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.queue.embedded import EmbeddedEngine
from app.queue.port import Engine
from app.tables.integrations import IntegrationRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.tables.projects import ProjectRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus, Platform
from app.worker.lane import Lanes
from app.worker.sweep import Sweep
from app.worker.turns import run_turns
from tests.worker.scripted import START, FakeTime, ScriptedConnector, WatchedDatabase
from tests.worker.turn import HandTurn

Row = TypeVar("Row", bound=SQLModel)


@dataclass
class Stage:
    """Everything a lane works on."""

    database: WatchedDatabase
    connector: ScriptedConnector
    time: FakeTime
    cipher: Cipher
    http: httpx.AsyncClient
    project_id: UUID = field(default_factory=new_id)
    label_id: UUID = field(default_factory=new_id)
    lane: UUID = field(default_factory=new_id)
    waits: list[float] = field(default_factory=list)
    """How long recording waited between its tries."""
    jitter: float = 0.5

    def opener(self) -> Opener:
        endpoint = Endpoint(base_url="http://127.0.0.1", api_version="v1", token_url=None)
        return Opener(
            connectors={Platform.META: self.connector},
            endpoints={Platform.META: endpoint},
            cipher=self.cipher,
            http=self.http,
        )

    def lanes(self) -> Lanes:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return Lanes(
            database=self.database,
            opener=self.opener(),
            clock=self.time,
            jitter=lambda: self.jitter,
            sleep=sleep,
        )

    def turn(self, lane: UUID | None = None) -> HandTurn:
        return HandTurn(lane or self.lane, self.time)

    async def run(self, turn: HandTurn | None = None) -> datetime | None:
        """One whole turn of the lane; answers when it is due next."""
        return await self.lanes().run(turn or self.turn())

    async def start(self, engine: Engine) -> None:
        """Let the engine give this stage's lanes their turns."""
        sweep = Sweep(database=self.database, wake=engine.wake, clock=self.time)
        await engine.start(run_turns(self.lanes(), sweep))

    def embedded(self) -> EmbeddedEngine:
        return EmbeddedEngine(self.time, self.time.later)

    async def change(self, table: type[SQLModel], key: Any, **columns: Any) -> None:
        def work(session: Session) -> None:
            row = session.get_one(table, key)
            for column, value in columns.items():
                setattr(row, column, value)

        await self.database.write(work)

    async def add(self, *rows: SQLModel) -> None:
        await self.database.write(lambda session: insert(session, rows))

    def integration(self, lane: UUID, **columns: Any) -> IntegrationRow:
        return IntegrationRow(
            **{
                "id": lane,
                "project_id": self.project_id,
                "platform": Platform.META,
                "name": "Example account",
                "settings": {"account": "1"},
                "credentials": self.cipher.encrypt({"token": "secret"}),
                "created_at": START,
                "updated_at": START,
                **columns,
            }
        )

    def mapping(self, lane: UUID, label_id: UUID, **columns: Any) -> LabelMappingRow:
        return LabelMappingRow(
            **{"id": new_id(), "label_id": label_id, "integration_id": lane, "target": "Won", **columns}
        )

    def label(self, **columns: Any) -> LabelRow:
        return LabelRow(
            **{"id": new_id(), "project_id": self.project_id, "name": "Won", "created_at": START} | columns
        )

    async def second_lane(self, **columns: Any) -> UUID:
        lane = new_id()
        await self.add(self.integration(lane, **columns), self.mapping(lane, self.label_id))
        return lane

    def delivery(self, job: JobRow, **columns: Any) -> DeliveryRow:
        return DeliveryRow(
            **{
                "id": new_id(),
                "project_id": self.project_id,
                "job_id": job.id,
                "lead_id": job.lead_id,
                "label_id": job.label_id,
                "integration_id": self.lane,
                "platform": Platform.META,
                "kind": DeliveryKind.SEND,
                "state": DeliveryState.SCHEDULED,
                "platform_event_id": f"lw-{job.id}",
                "event_at": job.occurred_at,
                "value_cents": 1000,
                "currency": "EUR",
                "target": "Won",
                "consent": {"ad_user_data": "GRANTED"},
                "next_attempt_at": job.created_at,
                "expires_at": job.created_at + timedelta(days=7),
                "created_at": job.created_at,
                **columns,
            }
        )

    async def job(
        self,
        *deliveries: dict[str, Any],
        wake: Engine | None = None,
        lead: dict[str, Any] | None = None,
        **columns: Any,
    ) -> JobRow:
        """A lead with an active job and these deliveries; one that is due now if none is given."""

        def work(session: Session) -> JobRow:
            job = self._job_in(session, lead or {}, columns)
            rows = [self.delivery(job, **delivery) for delivery in deliveries or ({},)]
            insert(session, rows)
            if wake is not None:
                after_commit(session, lambda: wake.wake({row.integration_id for row in rows}))
            return job

        return await self.database.write(work)

    def _job_in(self, session: Session, lead_columns: dict[str, Any], columns: dict[str, Any]) -> JobRow:
        now = self.time()
        lead = LeadRow(
            **{
                "project_id": self.project_id,
                "status": LeadStatus.PENDING,
                "email": "ada@example.com",
                "currency": "EUR",
                "created_at": now,
                "updated_at": now,
                **lead_columns,
            }
        )
        insert(session, [lead])
        job = JobRow(
            **{
                "id": new_id(),
                "project_id": self.project_id,
                "lead_id": lead.id,
                "label_id": self.label_id,
                "state": JobState.PENDING,
                "active": True,
                "lead_status_after": LeadStatus.RATED,
                "currency": "EUR",
                "occurred_at": now,
                "warnings": [],
                "created_at": now,
                **columns,
            }
        )
        lead.current_job_id = job.id
        insert(session, [job])
        return job

    async def rows(self, table: type[Row], column: str = "id") -> Sequence[Row]:
        return await self.database.read(lambda session: session.exec(select(table).order_by(column)).all())

    async def delivery_of(self, job: JobRow) -> DeliveryRow:
        return (await self.deliveries_of(job))[0]

    async def deliveries_of(self, job: JobRow) -> Sequence[DeliveryRow]:
        return await self.database.read(lambda session: _deliveries(session, job.id))

    async def attempts_of(self, delivery: DeliveryRow) -> Sequence[AttemptRow]:
        statement = (
            select(AttemptRow)
            .where(col(AttemptRow.delivery_id) == delivery.id)
            .order_by(col(AttemptRow.number))
        )
        return await self.database.read(lambda session: session.exec(statement).all())

    async def job_row(self, job: JobRow) -> JobRow:
        return await self.database.read(lambda session: session.get_one(JobRow, job.id))

    async def lead_of(self, job: JobRow) -> LeadRow:
        return await self.database.read(lambda session: session.get_one(LeadRow, job.lead_id))

    async def integration_row(self, lane: UUID | None = None) -> IntegrationRow:
        return await self.database.read(lambda session: session.get_one(IntegrationRow, lane or self.lane))

    async def mapping_row(self) -> LabelMappingRow:
        statement = select(LabelMappingRow).where(col(LabelMappingRow.integration_id) == self.lane)
        return await self.database.read(lambda session: session.exec(statement).first())  # type: ignore[return-value]

    async def until_state(self, job: JobRow, *states: DeliveryState) -> Sequence[DeliveryRow]:
        """The job's deliveries once they are in these states, in the order they were created."""
        await self.database.until(
            lambda session: [d.state for d in _deliveries(session, job.id)] == list(states)
        )
        return await self.deliveries_of(job)


def insert(session: Session, rows: Sequence[SQLModel]) -> None:
    """Insert in this order: without relationships the session knows no order of its own."""
    for row in rows:
        session.add(row)
        session.flush()


def _deliveries(session: Session, job_id: UUID) -> Sequence[DeliveryRow]:
    statement = select(DeliveryRow).where(col(DeliveryRow.job_id) == job_id).order_by(col(DeliveryRow.id))
    return session.exec(statement).all()


async def build_stage(database: Database, http: httpx.AsyncClient, connector: ScriptedConnector) -> Stage:
    """A stage with one project, one label, and one lane that the label is mapped to."""
    stage = Stage(WatchedDatabase(database), connector, FakeTime(), Cipher(new_secret_key()), http)
    await stage.add(
        ProjectRow(id=stage.project_id, name="Example", country_code="NL", currency="EUR", created_at=START),
        LabelRow(id=stage.label_id, project_id=stage.project_id, name="Won", created_at=START),
        stage.integration(stage.lane),
        stage.mapping(stage.lane, stage.label_id),
    )
    return stage
