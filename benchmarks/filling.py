"""Rows by the hundred thousand: leads, and what their conversions have come to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import Session

from app.clock import utc_now
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.encryption import Cipher
from app.ids import new_id
from app.services.connections import add_integration, add_mapping
from app.services.projects import add_project
from app.tables.labels import LabelRow
from app.tables.registry import metadata
from app.values import ConsentState, DeliveryKind, DeliveryState, JobState, LeadStatus, Platform

CHUNK = 2_000
"""Leads in one transaction; nobody else writes meanwhile."""

SETTINGS: dict[Platform, tuple[dict[str, Any], dict[str, Any]]] = {
    Platform.META: (
        {"dataset_id": "1234567890123456", "mode": "crm", "crm_name": "Benchmark"},
        {"access_token": "benchmark-access-token"},
    ),
    Platform.GA4: ({"measurement_id": "G-BENCH00001"}, {"api_secret": "benchmark-secret"}),
    Platform.GOOGLE_ADS: (
        {"customer_id": "1234567890"},
        {"client_id": "benchmark", "client_secret": "benchmark-secret", "refresh_token": "benchmark-token"},
    ),
}
"""Platforms that take many events in a request, and one that takes one."""
TARGETS = {Platform.META: "Qualified", Platform.GA4: "qualify_lead", Platform.GOOGLE_ADS: "987654321"}
_CONSENT = dict.fromkeys(
    ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"), ConsentState.GRANTED
)
_CONSENT_THEN = dict.fromkeys(_CONSENT, "GRANTED")
_REQUEST = {"data": [{"event_name": "Qualified", "user_data": {"em": ["0" * 64], "ph": ["0" * 64]}}]}
_RESPONSE = {"events_received": 1, "messages": [], "fbtrace_id": "benchmark"}


class Story(Enum):
    """What became of a lead so far."""

    NEW = auto()
    """Nothing happened yet."""
    DUE = auto()
    """Its conversions can be sent now."""
    LATER = auto()
    """Its conversions were tried once, and are tried again in an hour."""
    FINISHED = auto()
    """Its conversions were delivered."""


@dataclass
class Place:
    """A project whose one label is mapped to all its integrations."""

    database: Database
    project_id: UUID
    label_id: UUID
    lanes: list[tuple[UUID, Platform]]
    leads: int = 0
    """So far; their ids are 1 and up."""

    async def fill(self, count: int, story: Story) -> range:
        """Add so many leads, with a delivery in every lane unless they are NEW; answers their ids."""
        ids = range(self.leads + 1, self.leads + count + 1)
        self.leads += count
        for start in range(0, count, CHUNK):
            await self.database.write(self._rows(ids[start : start + CHUNK], story))
        return ids

    async def delay(self, seconds: float) -> None:
        """Let nothing be due before so many seconds from now."""
        work = update(metadata.tables["delivery"]).values(
            next_attempt_at=utc_now() + timedelta(seconds=seconds)
        )
        await self.database.write(lambda session: session.connection().execute(work) and None)

    async def settle(self) -> None:
        """Let PostgreSQL know what is in it, as it does by itself after a while; SQLite never does."""
        if self.database.dialect == "postgresql":
            await self.database.write(lambda session: session.execute(text("ANALYZE")) and None)

    def _rows(self, ids: range, story: Story) -> Callable[[Session], None]:
        now = utc_now()
        rows: dict[str, list[dict[str, Any]]] = {"lead": [self._lead(number, now) for number in ids]}
        if story is not Story.NEW:
            jobs = [self._job(number, story, now) for number in ids]
            deliveries = [one for job in jobs for one in self._deliveries(job, story, now)]
            rows |= {"conversion_job": jobs, "delivery": deliveries}
            if story is not Story.DUE:
                rows["delivery_attempt"] = [_attempt(one["id"], now) for one in deliveries]

        def work(session: Session) -> None:
            for table, some in rows.items():
                session.connection().execute(insert(metadata.tables[table]), some)

        return work

    def _lead(self, number: int, now: datetime) -> dict[str, Any]:
        return {
            "id": number,
            "project_id": self.project_id,
            "unique_identifier": f"crm-{number}",
            "status": LeadStatus.OPEN,
            "email": f"lead{number}@example.com",
            "email_key": f"lead{number}@example.com",
            "currency": "EUR",
            "country_code": "NL",
            "gclid": f"EAIaIQobChMI{number:012}",
            "google_captured_at": now - timedelta(days=1),
            "meta_lead_id": f"{10**14 + number}",
            "ga_client_id": f"{number}.1700000000",
            "ga_session_id": "1700000000",
            **_CONSENT,
            "created_at": now - timedelta(days=1),
            "updated_at": now,
        }

    def _job(self, lead_id: int, story: Story, now: datetime) -> dict[str, Any]:
        return {
            "id": new_id(),
            "project_id": self.project_id,
            "lead_id": lead_id,
            "label_id": self.label_id,
            "state": JobState.COMPLETED if story is Story.FINISHED else JobState.PENDING,
            # Once all was tried, a job does not lock its lead any more.
            "active": story is Story.DUE,
            "lead_status_after": LeadStatus.OPEN,
            "price_cents": 10_000,
            "currency": "EUR",
            "occurred_at": now.replace(microsecond=0),
            "warnings": [],
            "created_at": now,
            "finished_at": now if story is Story.FINISHED else None,
        }

    def _deliveries(self, job: dict[str, Any], story: Story, now: datetime) -> list[dict[str, Any]]:
        tried = story is not Story.DUE
        over = story is Story.FINISHED
        later = now + timedelta(hours=1, seconds=job["lead_id"] % 3_600)
        return [
            {
                "id": new_id(),
                "project_id": self.project_id,
                "job_id": job["id"],
                "lead_id": job["lead_id"],
                "label_id": self.label_id,
                "integration_id": lane,
                "platform": platform,
                "kind": DeliveryKind.SEND,
                "state": DeliveryState.DELIVERED if over else DeliveryState.SCHEDULED,
                "platform_event_id": f"lw-{job['id']}",
                "event_at": job["occurred_at"],
                "value_cents": 10_000,
                "currency": "EUR",
                "target": TARGETS[platform],
                "consent": _CONSENT_THEN,
                "attempts": int(tried),
                "unknown_errors": 0,
                "taken_back": False,
                "first_attempt_at": now if tried else None,
                "next_attempt_at": None if over else later if tried else now,
                "expires_at": now + timedelta(hours=70),
                "sending_since": now if tried else None,
                "request": _REQUEST if tried else None,
                "response": _RESPONSE if tried else None,
                "created_at": now,
                "finished_at": now if over else None,
            }
            for lane, platform in self.lanes
        ]


def _attempt(delivery_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "delivery_id": delivery_id,
        "number": 1,
        "started_at": now,
        "duration_ms": 100,
        "http_status": 200,
    }


async def open_place(database: Database, cipher: Cipher, platforms: list[Platform]) -> Place:
    """A project with an integration for each of `platforms`, which may name one more than once."""
    connectors = build_connectors()

    def work(session: Session) -> Place:
        now = utc_now()
        project = add_project(
            session, utc_now, name="Benchmark", country_code="NL", currency="EUR", lost_label_id=new_id()
        )
        label = LabelRow(id=new_id(), project_id=project.id, name="Qualified", created_at=now)
        session.add(label)
        session.flush()
        lanes = []
        for number, platform in enumerate(platforms):
            settings, credentials = SETTINGS[platform]
            integration = add_integration(
                session,
                project_id=project.id,
                platform=platform,
                name=f"{platform.value} {number}",
                settings=settings,
                credentials=credentials,
                connectors=connectors,
                cipher=cipher,
                now=now,
            )
            session.flush()
            add_mapping(session, label_id=label.id, integration_id=integration.id, target=TARGETS[platform])
            lanes.append((integration.id, platform))
        session.flush()
        return Place(database, project.id, label.id, lanes)

    return await database.write(work)
