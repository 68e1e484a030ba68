"""A project with labels, integrations and leads, as the tests of the public face need it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connector
from app.database.database import Database
from app.demo import CONNECTIONS, QUALIFIED_ID
from app.demo import TARGETS as DEMO_TARGETS
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.services.connections import add_integration, add_mapping
from app.services.lead_merge import merge
from app.services.projects import add_project
from app.services.viewer import key_row
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import ConsentState, LeadStatus, Platform, Scope

START = datetime(2026, 11, 23, 9, 30, 0, tzinfo=UTC)
"""When tests begin."""

COMPLETE_LEAD: dict[str, Any] = {
    "unique_identifier": "crm-1",
    "first_name": "Ada",
    "last_name": "Example",
    "email": "ada@example.com",
    "phone": "+44 7700 900123",
    "country_code": "GB",
    "postal_code": "SW1A 1AA",
    "gclid": "Cj0KCQiA-gclid_1",
    "fbclid": "IwAR-fbclid_1",
    "meta_lead_id": "123456789012345",
    "msclkid": "0123456789abcdef0123456789abcdef",
    "ttclid": "E.C.P.example",
    "li_fat_id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "ga_client_id": "1234567890.1700000000",
    "ga_session_id": "1700000000",
    "landing_page_url": "https://www.example.com/offer",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "clicked_at": START - timedelta(days=2),
    **dict.fromkeys(
        ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"), ConsentState.GRANTED
    ),
}
"""A lead that every platform takes."""

SETTINGS = {platform: settings for platform, (_, settings, _) in CONNECTIONS.items()}
CREDENTIALS = {platform: credentials for platform, (_, _, credentials) in CONNECTIONS.items()}
TARGETS = {platform: targets[QUALIFIED_ID] for platform, targets in DEMO_TARGETS.items()}
"""Of every platform: those that the sandbox accepts."""


@dataclass
class FakeClock:
    """A clock that stands still until it is told to go on."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class World:
    """One project, through the database alone."""

    database: Database
    clock: Clock
    cipher: Cipher
    connectors: dict[Platform, Connector]
    project_id: UUID = field(init=False)
    lost_id: UUID = field(init=False)
    country_code: str = "NL"

    async def begin(self, name: str = "Example") -> "World":
        def work(session: Session) -> tuple[UUID, UUID]:
            lost = new_id()
            project = add_project(
                session,
                self.clock,
                name=name,
                country_code=self.country_code,
                currency="EUR",
                lost_label_id=lost,
            )
            return project.id, lost

        self.project_id, self.lost_id = await self.database.write(work)
        return self

    async def key(self, key: str, *scopes: Scope, **columns: Any) -> str:
        row = key_row(
            project_id=self.project_id, name=key, key=key, scopes=frozenset(scopes), clock=self.clock
        )
        for column, value in columns.items():
            setattr(row, column, value)
        await self.database.write(lambda session: session.add(row))
        return key

    async def lead(self, **values: Any) -> LeadRow:
        lead = LeadRow(
            project_id=self.project_id,
            status=LeadStatus.OPEN,
            currency="EUR",
            created_at=self.clock() - timedelta(days=1),
            updated_at=self.clock(),
        )
        merge(lead, values, default_country=self.country_code, now=self.clock())
        lead.created_at = values.get("created_at", self.clock() - timedelta(days=1))

        def work(session: Session) -> LeadRow:
            session.add(lead)
            session.flush()
            return lead

        return await self.database.write(work)

    async def complete_lead(self, **values: Any) -> LeadRow:
        return await self.lead(**(COMPLETE_LEAD | values))

    async def label(self, name: str = "Qualified", **columns: Any) -> LabelRow:
        row = LabelRow(id=new_id(), project_id=self.project_id, name=name, created_at=self.clock(), **columns)
        await self.database.write(lambda session: session.add(row))
        return row

    async def integration(
        self,
        platform: Platform,
        name: str | None = None,
        *,
        settings: dict[str, Any] | None = None,
        credentials: dict[str, Any] | None = None,
        **columns: Any,
    ) -> IntegrationRow:
        def work(session: Session) -> IntegrationRow:
            row = add_integration(
                session,
                project_id=self.project_id,
                platform=platform,
                name=name or platform.value.lower(),
                settings=settings or SETTINGS[platform],
                credentials=credentials or CREDENTIALS[platform],
                connectors=self.connectors,
                cipher=self.cipher,
                now=self.clock(),
            )
            for column, value in columns.items():
                setattr(row, column, value)
            return row

        return await self.database.write(work)

    async def map(self, label_id: UUID, integration: IntegrationRow, **columns: Any) -> None:
        def work(session: Session) -> None:
            row = add_mapping(
                session,
                label_id=label_id,
                integration_id=integration.id,
                target=columns.get("target") or TARGETS[integration.platform],
            )
            for column, value in columns.items():
                setattr(row, column, value)

        await self.database.write(work)


def new_cipher() -> Cipher:
    return Cipher(new_secret_key())
