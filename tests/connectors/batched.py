"""A platform that takes several events in one request, made up: it refuses in each way a real one does."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from app.connectors.base import (
    Assessment,
    Batch,
    Body,
    Connection,
    Conversion,
    Endpoint,
    Outcome,
    OutcomeKind,
    PlatformFacts,
)
from app.connectors.catalogue import of_events
from app.tables.leads import LeadRow
from app.values import Platform

GOOD = "good"


class Manner(StrEnum):
    """How a platform speaks of bad events."""

    NAMED = "all or nothing, every bad event is named"
    FIRST_NAMED = "all or nothing, the first bad event is named"
    UNNAMED = "all or nothing, no event is named"
    EACH = "the good events are taken, the bad ones are named"


BAD = {
    "rejected": Outcome(kind=OutcomeKind.REJECTED, http_status=400, code="BAD_EVENT", message="Bad."),
    "target": Outcome(kind=OutcomeKind.CONFIGURATION, http_status=400, code="NO_TARGET", message="None."),
    "strange": Outcome(kind=OutcomeKind.RETRY, http_status=400, code="STRANGE", known=False),
}
"""What is wrong with an event, and what the platform says of it when it is sent alone."""
TAKEN = Outcome(kind=OutcomeKind.DELIVERED, http_status=200, response={"ok": True})


def body(name: str, kind: str = GOOD, envelope: str = "") -> Body:
    """A request with one event. `envelope`: what must be equal for events that share a request."""
    return {"envelope": envelope, "events": [{"name": name, "kind": kind}]}


@dataclass
class BatchingPlatform:
    """Implements `Connector` by keeping what it takes."""

    manner: Manner
    most: int = 1000
    taken: Counter[str] = field(default_factory=Counter)
    """How often, by the events' names."""
    requests: list[Body] = field(default_factory=list)
    always: Outcome | None = None
    """What it answers whatever comes."""
    settings_model = BaseModel
    credentials_model = BaseModel

    @property
    def facts(self) -> PlatformFacts:
        return PlatformFacts(
            platform=Platform.META,
            title="Example Ads",
            base_url="https://ads.example.com",
            api_version="v1",
            token_url=None,
            docs_url="https://ads.example.com/docs",
            read_on=date(2026, 11, 23),
            sunset_on=None,
            resend_safe_for=timedelta(0),
            can_restate=False,
            can_retract=False,
            max_concurrency=1,
            requests_per_minute=None,
            batch=Batch(most=self.most, keys=("events", "adjustments")),
        )

    async def send(self, _connection: Connection, sent: Body) -> Outcome:
        self.requests.append(sent)
        events = sent.get("events", sent.get("adjustments"))
        assert events
        if self.always is not None:
            return self.always
        bad = {index: BAD[event["kind"]] for index, event in enumerate(events) if event["kind"] != GOOD}
        if not bad or self.manner is Manner.EACH:
            self.taken.update(event["name"] for index, event in enumerate(events) if index not in bad)
        return self._answer(bad, count=len(events))

    def _answer(self, bad: dict[int, Outcome], *, count: int) -> Outcome:
        if not bad:
            return TAKEN
        first = min(bad)
        if self.manner is Manner.EACH:
            return of_events(TAKEN, bad, count=count)
        named = {Manner.NAMED: bad, Manner.FIRST_NAMED: {first: bad[first]}}
        return of_events(bad[first], named.get(self.manner, {}), count=count)

    def assess(self, _l: LeadRow, _c: Conversion, _s: BaseModel, _n: Any) -> Assessment:
        raise NotImplementedError

    def build(self, _l: LeadRow, _c: Conversion, _s: BaseModel, *, test_mode: bool) -> Body:
        raise NotImplementedError(test_mode)

    def redact(self, shown: Body) -> Body:
        return shown

    async def probe(self, _connection: Connection, _target: str | None) -> Outcome:
        return TAKEN


class Nothing(BaseModel):
    """Neither settings nor credentials."""


def connection(http: httpx.AsyncClient) -> Connection:
    """A connection that nothing is read from."""
    return Connection(
        integration_id=UUID(int=1),
        settings=Nothing(),
        credentials=Nothing(),
        endpoint=Endpoint(base_url="", api_version="", token_url=None),
        test_mode=False,
        http=http,
    )
