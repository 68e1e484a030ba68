"""What every process of an installation runs on: opened in order, closed in reverse, nothing left behind."""

import logging
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from app.alerting import read_receiver
from app.clock import Clock
from app.connectors.alerting import AlertReceiver
from app.connectors.base import Connector, Endpoint
from app.connectors.client import open_client
from app.connectors.http import Wire
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.database.migrating import upgrade
from app.database.opening import open_database
from app.database.urls import read_url
from app.encryption import Cipher, CredentialsUnreadableError
from app.queue.embedded import EmbeddedEngine
from app.queue.port import ALERT_LANE, Engine, Wake
from app.repositories.integrations import find_any_integration
from app.services.pruning import Retention
from app.settings import Settings, SettingsError
from app.values import Platform
from app.worker.alerts import Alerts
from app.worker.lane import Lanes
from app.worker.retaining import DailyPruning
from app.worker.sweep import Sweep
from app.worker.turns import run_turns
from app.worker.watch import Unwatched, Watch

GRACE_S = 20.0
"""How long a process that is told to stop waits for what is being sent."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What services are built from."""

    database: Database
    opener: Opener
    clock: Clock
    wake: Wake

    @property
    def connectors(self) -> Mapping[Platform, Connector]:
        """Every connector of this version."""
        return self.opener.connectors

    @property
    def cipher(self) -> Cipher:
        """Encrypts what is stored."""
        return self.opener.cipher


def read_cipher(settings: Settings) -> Cipher:
    """The cipher for stored credentials; SettingsError without a usable key."""
    if settings.secret_key is None or not settings.secret_key.get_secret_value().strip():
        raise SettingsError("LEADWIRE_SECRET_KEY is not set. Make one with `leadwire create-secret-key`.")
    try:
        return Cipher(settings.secret_key.get_secret_value())
    except ValueError:
        # Without the cause: it may quote the key.
        raise SettingsError("LEADWIRE_SECRET_KEY must be url-safe base64 of 32 bytes.") from None


def endpoints(settings: Settings, connectors: Mapping[Platform, Connector]) -> dict[Platform, Endpoint]:
    """Where this installation finds each platform: as it is set, else as the connector knows it."""
    found: dict[Platform, Endpoint] = {}
    for platform, connector in connectors.items():
        name, facts = platform.value.lower(), connector.facts
        found[platform] = Endpoint(
            base_url=(getattr(settings, f"{name}_base_url") or facts.base_url).rstrip("/"),
            api_version=getattr(settings, f"{name}_api_version") or facts.api_version,
            token_url=getattr(settings, f"{name}_token_url", None) or facts.token_url,
        )
    return found


def read_retention(settings: Settings) -> Retention:
    """How long this installation keeps what."""
    return Retention(
        leads=settings.retention_leads_days,
        jobs=settings.retention_jobs_days,
        bodies=settings.retention_bodies_days,
        audit=settings.retention_audit_days,
    )


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, clock: Clock, watch: Watch | None = None
) -> AsyncIterator[Runtime]:
    """Open the (migrated) database and begin to send; on leaving, finish what is being sent and close.

    `watch`: who hears what lanes do; None: nobody.

    Raises:
        SettingsError: the settings do not go together.
        DatabaseLockedError: another process owns the SQLite file.
        QueueNotInstalledError: PgQueuer's tables are not there.
    """
    cipher = read_cipher(settings)
    connectors = build_connectors(
        Wire(clock=clock, allow_private_addresses=settings.webhook_allow_private_addresses)
    )
    database = await open_database(settings.database_url, connections=settings.database_connections)
    try:
        await _refuse_wrong_key(database, cipher)
        async with open_client() as http:
            opener = Opener(
                connectors=connectors, endpoints=endpoints(settings, connectors), cipher=cipher, http=http
            )
            if settings.worker == "off":
                logger.warning("LEADWIRE_WORKER is off: this process sends nothing")
                async with _waking_others(settings, database) as wake:
                    yield Runtime(database=database, opener=opener, clock=clock, wake=wake)
                return
            receiver = read_receiver(settings, http=http, clock=clock)
            engine = _engine(settings, database, clock)
            pruning = DailyPruning(database, read_retention(settings))
            async with sending(engine, database, opener, clock, receiver, watch=watch, pruning=pruning):
                yield Runtime(database=database, opener=opener, clock=clock, wake=engine.wake)
    finally:
        await database.close()


@asynccontextmanager
async def sending(
    engine: Engine,
    database: Database,
    opener: Opener,
    clock: Clock,
    receiver: AlertReceiver | None = None,
    *,
    watch: Watch | None = None,
    pruning: DailyPruning | None = None,
) -> AsyncIterator[None]:
    """Give every lane its turns; on leaving, wait for what is being sent, GRACE_S seconds at the most.

    `receiver`: whom to tell of what is held and what ended unsent; None: nobody. `watch`: see open_runtime().
    `pruning`: None: everything is kept.
    """
    lanes = Lanes(
        database=database,
        opener=opener,
        clock=clock,
        jitter=random.SystemRandom().random,
        watch=watch or Unwatched(),
    )
    alerts = None if receiver is None else Alerts(database=database, receiver=receiver, clock=clock)
    always = () if alerts is None else (ALERT_LANE,)
    sweep = Sweep(database=database, wake=engine.wake, clock=clock, always=always, pruning=pruning)
    await engine.start(run_turns(lanes, sweep, alerts))
    try:
        yield
    finally:
        await engine.stop(grace_s=GRACE_S)


async def _refuse_wrong_key(database: Database, cipher: Cipher) -> None:
    """With a key that does not fit every integration would be held, one by one, and nothing sent."""
    integration = await database.read(find_any_integration)
    if integration is None:
        return
    try:
        cipher.decrypt(integration.credentials)
    except CredentialsUnreadableError as error:
        raise SettingsError(f"{error}. Give the key they were stored with, after the new one.") from None


async def prepare_database(database_url: str) -> None:
    """Bring the tables up to date, the queue's too. SettingsError, MigrationError, DatabaseError."""
    await upgrade(database_url)
    if is_postgres(database_url):
        await _postgres_queue().install(database_url)


def is_postgres(database_url: str) -> bool:
    """Whether several processes may share the database."""
    return read_url(database_url).get_backend_name() == "postgresql"


def _engine(settings: Settings, database: Database, clock: Clock) -> Engine:
    if database.dialect == "sqlite":
        return EmbeddedEngine(clock=clock)
    engine: Engine = _postgres_queue().PostgresEngine(settings.database_url, clock)
    return engine


@asynccontextmanager
async def _waking_others(settings: Settings, database: Database) -> AsyncIterator[Wake]:
    """How a process that sends nothing tells those that do."""
    if database.dialect == "sqlite":
        yield _wake_nobody
        return
    async with _postgres_queue().waking(settings.database_url) as wake:
        yield wake


def _postgres_queue() -> Any:
    """The module of the PostgreSQL engine. Imported when it is wanted: SQLite does without what it needs."""
    try:
        return import_module("app.queue.postgres")
    except ModuleNotFoundError:
        raise SettingsError(
            "PostgreSQL needs packages that are not installed: pip install 'leadwire[postgres]'"
        ) from None


def _wake_nobody(_lanes: Iterable[UUID]) -> None:
    """Whoever sends finds the work by its own sweep."""
