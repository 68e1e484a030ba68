"""Connectors, time and a database that do what a test tells them, and tell a test what happens."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr
from sqlmodel import Session

from app.connectors.base import (
    Assessment,
    Body,
    Connection,
    Conversion,
    Outcome,
    OutcomeKind,
    PlatformFacts,
    Verdict,
)
from app.database.database import Database, Waiting
from app.tables.leads import LeadRow
from app.values import DeliveryKind, Platform

T = TypeVar("T")

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PATIENCE_S = 20
"""A test that waits for something that never comes fails instead of hanging."""

DELIVERED = Outcome(kind=OutcomeKind.DELIVERED, http_status=200, response={"ok": True}, request_id="r-1")


class News:
    """Lets tests wait for a condition that something else makes true."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self._event.wait()


class FakeTime:
    """A clock and its timers: time passes only when a test says so."""

    def __init__(self) -> None:
        self.now = START
        self._order = count()
        self._timers: list[tuple[datetime, int, FakeTimer]] = []
        self._news = News()

    def __call__(self) -> datetime:
        return self.now

    def later(self, delay_s: float, call: Callable[[], None]) -> "FakeTimer":
        timer = FakeTimer(call)
        if delay_s <= 0:
            asyncio.get_running_loop().call_soon(timer.ring)
        else:
            heapq.heappush(self._timers, (self.now + timedelta(seconds=delay_s), next(self._order), timer))
            self._news.tell()
        return timer

    async def advance(self, **span: float) -> None:
        end = self.now + timedelta(**span)
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._timers)
            timer.ring()
            await asyncio.sleep(0)
        self.now = end

    async def awaited(self) -> None:
        """Return once somebody waits for time to pass."""
        await self._news.until(lambda: any(not timer.over for _, _, timer in self._timers))


@dataclass(eq=False)
class FakeTimer:
    call: Callable[[], None]
    over: bool = False

    def cancel(self) -> None:
        self.over = True

    def ring(self) -> None:
        if not self.over:
            self.over = True
            self.call()


class WatchedDatabase:
    """The database it is given, telling about every write; it can refuse some of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dialect = database.dialect
        self.refusals: list[Exception] = []
        """Raised by the next writes instead of writing."""
        self.refuse_when: Callable[[], Exception | None] = lambda: None
        self._event = asyncio.Event()
        self.writes = 0

    @property
    def waiting(self) -> Waiting:
        return self._database.waiting

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        return await self._database.read(work, within_s=within_s)

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        try:
            refusal = self.refusals.pop(0) if self.refusals else self.refuse_when()
            if refusal is not None:
                raise refusal
            return await self._database.write(work, within_s=within_s)
        finally:
            self.writes += 1
            self._event.set()
            self._event = asyncio.Event()

    async def close(self) -> None:
        await self._database.close()

    async def until(self, condition: Callable[[Session], bool]) -> None:
        """Return once `condition` holds for what is committed."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = self._event
                if await self._database.read(condition):
                    return
                await event.wait()


class PlainSettings(BaseModel):
    account: str


class PlainCredentials(BaseModel):
    token: SecretStr
    refresh_token: SecretStr | None = None


@dataclass(eq=False)
class Call:
    """One request that a connector was asked to send."""

    connection: Connection
    body: Body
    answer: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])


Script = Callable[[Call], Outcome | Exception | None]


class ScriptedConnector:
    """A connector that answers as it is told; None: when the test answers the call by hand."""

    def __init__(
        self,
        platform: Platform = Platform.META,
        *,
        resend_safe_for: timedelta = timedelta(hours=48),
        max_concurrency: int = 8,
        requests_per_minute: int | None = None,
        **facts: Any,
    ) -> None:
        self._facts = PlatformFacts(
            platform=platform,
            title="Example",
            base_url="http://127.0.0.1",
            api_version="v1",
            token_url=None,
            docs_url="http://127.0.0.1/docs",
            read_on=date(2026, 11, 23),
            sunset_on=None,
            resend_safe_for=resend_safe_for,
            can_restate=True,
            can_retract=True,
            max_concurrency=max_concurrency,
            requests_per_minute=requests_per_minute,
            **({"probe_every": None} | facts),
        )
        self.probe_outcome = DELIVERED
        self.probes: list[str | None] = []
        """The targets it was asked to try, None for the connection alone."""
        self.verdict_of: Callable[[str], Verdict] = lambda _request_id: Verdict(
            outcome=DELIVERED, is_final=True
        )
        self.asked: list[str] = []
        self.script: Script = lambda _call: DELIVERED
        self.build_fails: Exception | None = None
        self.calls: list[Call] = []
        self.sending = 0
        self.most_sending = 0
        self._news = News()

    @property
    def facts(self) -> PlatformFacts:
        return self._facts

    @property
    def settings_model(self) -> type[BaseModel]:
        return PlainSettings

    @property
    def credentials_model(self) -> type[BaseModel]:
        return PlainCredentials

    def assess(self, *_: object, **__: object) -> Assessment:
        raise AssertionError("whether a delivery may be sent was decided when it was created")

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        if self.build_fails is not None:
            raise self.build_fails
        assert isinstance(settings, PlainSettings)
        return {
            "event_id": conversion.event_id,
            "email": lead.email,
            "target": conversion.target,
            "account": settings.account,
            "test": test_mode,
            "kind": conversion.kind.value,
        }

    def redact(self, body: Body) -> Body:
        return body | {"email": "***"}

    async def send(self, connection: Connection, body: Body) -> Outcome:
        call = Call(connection, body)
        self.calls.append(call)
        self.sending += 1
        self.most_sending = max(self.most_sending, self.sending)
        self._news.tell()
        try:
            answer = self.script(call)
            if isinstance(answer, Exception):
                raise answer
            return answer if answer is not None else await call.answer
        finally:
            self.sending -= 1
            self._news.tell()

    async def probe(self, _connection: Connection, target: str | None) -> Outcome:
        self.probes.append(target)
        self._news.tell()
        return self.probe_outcome

    async def verdict(self, _connection: Connection, request_id: str, _kind: DeliveryKind) -> Verdict:
        self.asked.append(request_id)
        self._news.tell()
        return self.verdict_of(request_id)

    async def called(self, times: int) -> Call:
        """The call with that number, from 1, once it has been made."""
        await self._news.until(lambda: len(self.calls) >= times)
        return self.calls[times - 1]

    def by_hand(self) -> None:
        self.script = lambda _call: None

    def always(self, outcome: Outcome | Exception) -> None:
        self.script = lambda _call: outcome

    def in_turn(self, *outcomes: Outcome | Exception) -> None:
        """These answers, then DELIVERED."""
        left = list(outcomes)
        self.script = lambda _call: left.pop(0) if left else DELIVERED


def outcome(kind: OutcomeKind, **fields: Any) -> Outcome:
    return Outcome(kind=kind, **({"http_status": 500, "code": "E", "message": "It failed."} | fields))
