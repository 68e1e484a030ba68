"""Everything that is written down, logged or told while a planted lead goes through success and failure."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.demo import CONNECTIONS, TARGETS, WON_ID, demo_settings
from app.encryption import Cipher
from app.queue.port import ALERT_LANE
from app.settings import Settings
from app.values import Platform
from tests.api import UPDATE
from tests.connectors.http_server import HttpServer, answer, http_server
from tests.end_to_end import echoing
from tests.end_to_end.echoing import Echo
from tests.end_to_end.live import Live
from tests.end_to_end.markers import (
    ALERT_SECRET,
    API_KEY,
    CREDENTIALS,
    LEAD,
    LINKEDIN_REFRESHING,
    SECRET_KEY,
)
from tests.end_to_end.routes import HurriedClock, house
from tests.resolvers.integrations import probe
from tests.resolvers.test_create_lead import CREATE as CREATE_LEAD
from tests.resolvers.test_preview import PREVIEW
from tests.resolvers.test_setup import CONNECT
from tests.resolvers.test_setup import CREATE as CREATE_LABEL
from tests.test_demo import started
from tests.world import FakeClock

MORE: tuple[tuple[Platform, dict[str, Any], dict[str, str]], ...] = (
    (Platform.META, {"dataset_id": "1234567890123456", "mode": "website"}, CREDENTIALS[Platform.META]),
    (
        Platform.TIKTOK,
        {"mode": "web", "event_source_id": "C17TA5JC77UDOT6CA5FG"},
        CREDENTIALS[Platform.TIKTOK],
    ),
    (Platform.LINKEDIN, {"ad_account_id": "512345679"}, LINKEDIN_REFRESHING),
    (
        Platform.WEBHOOK,
        {"url": "https://crm.example.com/conversions", "personal_data": True},
        CREDENTIALS[Platform.WEBHOOK],
    ),
)
"""Connections beside the usual ones, which send other things of a person."""


@dataclass
class Evidence:
    """What there is to be looked through afterwards."""

    logs: str = ""
    answers: list[str] = field(default_factory=list)
    """Of the API, where it is not asked for the lead itself."""
    alerts: str = ""
    doctor: str = ""
    received: dict[Platform, str] = field(default_factory=dict)
    echoed: str = ""
    """What platforms repeated."""
    path: Path = Path()
    """The database's file."""


_BREAK_LEADS = "CREATE TRIGGER planted_leads BEFORE UPDATE ON lead BEGIN SELECT RAISE(ABORT, 'planted'); END"
_BREAK_DELIVERIES = (
    "CREATE TRIGGER planted_deliveries BEFORE UPDATE ON delivery WHEN NEW.finished_at IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT, 'planted'); END"
)


@asynccontextmanager
async def gathered(template: Path, folder: Path) -> AsyncIterator[Evidence]:
    """Run through everything once."""
    found = Evidence(path=folder / "leadwire.sqlite3")
    with everything_logged() as lines:
        async with http_server() as receiver:
            receiver.tell("", answer(204))
            await _happen(template, folder, receiver, found, lines)
        found.alerts = "".join(f"{request.headers}{request.body!r}" for request in receiver.received)
    found.logs = "\n".join(lines)
    yield found


async def _happen(
    template: Path, folder: Path, receiver: HttpServer, found: Evidence, lines: list[str]
) -> None:
    echoes: list[Echo] = []

    def in_front(platforms: Any) -> Echo:
        echoes.append(Echo(platforms))
        return echoes[0]

    alerts = Settings(alert_webhook_url=f"{receiver.url}/alerts", alert_webhook_secret=ALERT_SECRET)
    clock = HurriedClock()
    options = {"alerts": alerts, "cipher": Cipher(SECRET_KEY), "key": API_KEY, "in_front": in_front}
    async with house(template, folder, clock, **options) as live:
        [echo] = echoes
        story = _Story(live, echo, clock, found, lines)
        await story.begin()
        await story.succeed()
        await story.fail_in_every_way()
        await story.break_inside()
        await story.tell_the_operator(receiver)
        echo.status = echoing.UNAUTHORIZED
        found.doctor = await _doctor(live, found.path)
    found.echoed = "\n".join(echo.echoed)


@dataclass
class _Story:
    live: Live
    echo: Echo
    clock: FakeClock
    found: Evidence
    lines: list[str]
    """Of the log, so far."""
    label_id: str = ""
    integrations: list[str] = field(default_factory=list)
    lead: dict[str, str] = field(default_factory=lambda: {"uniqueIdentifier": LEAD["uniqueIdentifier"]})

    async def begin(self) -> None:
        """Connect everything, create a label that means something everywhere, and the lead."""
        usual = [(one, settings, CREDENTIALS[one]) for one, (_, settings, _) in CONNECTIONS.items()]
        mappings = []
        for number, (platform, settings, credentials) in enumerate((*usual, *MORE)):
            given = {
                "platform": platform.value,
                "name": f"{platform.value} {number}",
                "settings": settings,
                "credentials": credentials,
            }
            told = await self._told(CONNECT, {"input": given})
            self.integrations.append(told["connectIntegration"]["integration"]["id"])
            mappings.append({"integrationId": self.integrations[-1], "target": TARGETS[platform][WON_ID]})
        label = {"name": "Won", "convertOnce": False, "mappings": mappings}
        told = await self._told(CREATE_LABEL, {"input": label})
        self.label_id = told["createConversionLabel"]["label"]["id"]
        created = await self.live.ask(CREATE_LEAD, {"input": dict(LEAD)})
        assert created["createLead"]["__typename"] == "CreateLeadSuccess", created

    async def succeed(self) -> None:
        """Preview, send, repeat the call, test every connection."""
        given = {"lead": self.lead, "conversionId": self.label_id, "price": 12_500}
        await self._told(PREVIEW, {"input": given})
        await self.change(idempotencyKey="planted")
        await self.live.update(self.lead, self.label_id, idempotencyKey="planted", price=12_500)
        await self.probe_all()
        for platform in Platform:
            self.found.received[platform] = json.dumps(await self.live.book(platform.value.lower()))

    async def fail_in_every_way(self) -> None:
        """Each kind of answer, repeating each value of the request in places that are read."""
        for status in (echoing.REFUSING, echoing.TAKING):
            self.echo.status, self.echo.turn = status, 0
            while self.echo.turn <= self.echo.most_values:
                await self.change()
                self.echo.turn += 4
        for status in (echoing.PAGE, echoing.MOVED):
            self.echo.status = status
            await self.change()
        # What was accepted at first is asked about now, and waiting retries are made.
        self.clock.advance(minutes=31)
        self.echo.status = echoing.REFUSING
        await self.change()
        self.echo.status = echoing.UNAUTHORIZED
        self.clock.advance(hours=2)
        for turn in range(0, self.echo.most_values, 8):
            self.echo.turn = turn
            await self.change()
            await self.probe_all()
        await self._told("{ integrations { pauseReason pauseMessage settings } }", {})

    async def break_inside(self) -> None:
        """The database refuses what is written, in the API and in a worker; and callers ask nonsense."""
        self.echo.status = None
        await self._write(_BREAK_LEADS)
        for mutation, given in (
            (CREATE_LEAD, {"input": dict(LEAD)}),
            (UPDATE, {"input": {"lead": self.lead, "conversionId": "lost", "price": 1}}),
        ):
            self.found.answers.append(json.dumps(await self.live.run(mutation, given)))
        await self._write("DROP TRIGGER planted_leads")
        for wrong in ({"email": {"x": LEAD["email"]}}, {**LEAD, "price": LEAD["firstName"]}):
            self.found.answers.append(json.dumps(await self.live.run(CREATE_LEAD, {"input": wrong})))
        nonsense = json.dumps({"query": f"{{ {LEAD['email']} }}"}).encode()
        self.found.answers.append((await self.live.post(nonsense)).text)
        await self._break_the_worker()

    async def _break_the_worker(self) -> None:
        webhook = self.integrations[-1]
        await self._write(_BREAK_DELIVERIES)
        answer = await self.live.update(self.lead, self.label_id, onConflict="SUPERSEDE", price=9)
        assert answer["__typename"] == "QueuedResult", answer

        async def is_logged() -> bool:
            self.live.wake([UUID(webhook)])
            return any("a write failed" in line or "a turn failed" in line for line in self.lines)

        await self.live.until(is_logged)
        await self._write("DROP TRIGGER planted_deliveries")

    async def tell_the_operator(self, receiver: HttpServer) -> None:
        async def is_told() -> bool:
            self.live.wake([ALERT_LANE])
            return len(receiver.received) > 0

        await self.live.until(is_told)

    async def change(self, **more: Any) -> None:
        """One status change, after its first attempts; everything that can be read of it."""
        answer = await self.live.update(self.lead, self.label_id, **{"price": 12_500} | more)
        assert answer["__typename"] == "QueuedResult", answer
        job = await self.live.processed(answer["job"]["id"])
        self.found.answers += [json.dumps(answer), json.dumps(job)]

    async def probe_all(self) -> None:
        for integration in self.integrations:
            self.found.answers.append(json.dumps(await probe(self.live, integration)))

    async def _told(self, document: str, given: dict[str, Any]) -> Any:
        told = await self.live.ask(document, given)
        self.found.answers.append(json.dumps(told))
        return told

    async def _write(self, statement: str) -> None:
        await self.live.world.database.write(lambda session: session.connection().execute(text(statement)))


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """The lines of every logger at its most talkative, as a file would hold them, tracebacks included."""
    lines: list[str] = []
    handler = logging.StreamHandler(_Lines(lines))
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    named = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    before = [(one, one.level, one.propagate) for one in (logging.root, *named)]
    logging.root.addHandler(handler)
    for one in (logging.root, *named):
        one.setLevel(logging.DEBUG)
        one.propagate = True
    try:
        yield lines
    finally:
        logging.root.removeHandler(handler)
        for one, level, propagate in before:
            one.setLevel(level)
            one.propagate = propagate


class _Lines(io.TextIOBase):
    """A stream that keeps what is written to it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def write(self, written: str) -> int:
        self._lines.append(written)
        return len(written)


async def _doctor(live: Live, path: Path) -> str:
    """Everything the doctor prints, for people and for programs, with the platforms asked too."""
    assert live.sandbox is not None
    settings = demo_settings(f"sqlite+aiosqlite:///{path}", str(live.sandbox.base_url).rstrip("/"))
    environment = {
        f"LEADWIRE_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if name.endswith(("_base_url", "_token_url")) and value
    } | {
        "LEADWIRE_DATABASE_URL": settings.database_url,
        "LEADWIRE_SECRET_KEY": SECRET_KEY,
        "LEADWIRE_ALERT_WEBHOOK_URL": "https://alerts.example.com",
        "LEADWIRE_ALERT_WEBHOOK_SECRET": ALERT_SECRET,
    }
    printed = ""
    for arguments in (["--probe"], ["--probe", "--json"]):
        async with started("doctor", *arguments, cwd=path.parent, **environment) as process:
            said = await process.communicate()
        printed += "".join(part.decode() for part in said)
    return printed
