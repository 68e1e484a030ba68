"""What every process of an installation runs on: opened in order, closed in reverse, nothing left behind."""

import logging
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from app.database.opening import open_database
from app.encryption import Cipher, CredentialsUnreadableError
from app.queue.embedded import EmbeddedEngine
from app.queue.port import ALERT_LANE
from app.repositories.integrations import find_any_integration
from app.services.applying import Wake
from app.settings import Settings, SettingsError
from app.values import Platform
from app.worker.alerts import Alerts
from app.worker.lane import Lanes
from app.worker.sweep import Sweep
from app.worker.turns import run_turns

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


@asynccontextmanager
async def open_runtime(settings: Settings, *, clock: Clock) -> AsyncIterator[Runtime]:
    """Open the (migrated) database and begin to send; on leaving, finish what is being sent and close.

    Raises:
        SettingsError: the settings do not go together.
        DatabaseLockedError: another process owns the SQLite file.
    """
    cipher = read_cipher(settings)
    connectors = build_connectors(
        Wire(clock=clock, allow_private_addresses=settings.webhook_allow_private_addresses)
    )
    database = await open_database(settings.database_url)
    try:
        await _refuse_wrong_key(database, cipher)
        async with open_client() as http:
            opener = Opener(
                connectors=connectors, endpoints=endpoints(settings, connectors), cipher=cipher, http=http
            )
            if settings.worker == "off":
                logger.warning("LEADWIRE_WORKER is off: this process sends nothing")
                yield Runtime(database=database, opener=opener, clock=clock, wake=_wake_nobody)
                return
            _refuse_postgres(database)
            receiver = read_receiver(settings, http=http, clock=clock)
            async with sending(database, opener, clock, receiver) as engine:
                yield Runtime(database=database, opener=opener, clock=clock, wake=engine.wake)
    finally:
        await database.close()


@asynccontextmanager
async def sending(
    database: Database, opener: Opener, clock: Clock, receiver: AlertReceiver | None = None
) -> AsyncIterator[EmbeddedEngine]:
    """Give every lane its turns; on leaving, wait for what is being sent, GRACE_S seconds at the most.

    `receiver`: whom to tell of what is held and what ended unsent; None: nobody.
    """
    engine = EmbeddedEngine(clock=clock)
    lanes = Lanes(database=database, opener=opener, clock=clock, jitter=random.SystemRandom().random)
    alerts = None if receiver is None else Alerts(database=database, receiver=receiver, clock=clock)
    await engine.start(run_turns(lanes, Sweep(database=database, wake=engine.wake, clock=clock), alerts))
    if alerts is not None:
        engine.wake([ALERT_LANE])
    try:
        yield engine
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


def _refuse_postgres(database: Database) -> None:
    """A lane has one owner in the whole installation; the embedded engine sees to that in one process."""
    if database.dialect == "postgresql":
        raise SettingsError(
            "The embedded worker serves one process on SQLite. On PostgreSQL set LEADWIRE_WORKER=off."
        )


def _wake_nobody(_lanes: Iterable[UUID]) -> None:
    """Whoever sends finds the work by its own sweep."""
