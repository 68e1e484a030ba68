"""What every connector is, and the values that go in and come out. A connector never touches the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, SecretStr

from app.tables.leads import LeadRow
from app.values import ConsentState, DeliveryKind, DeliveryPlan, Platform, WarningCode

Body = dict[str, Any]
"""A request body: JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How several events go out in one request: as one list, everything else of their bodies being equal."""

    most: int
    """Events in one request."""
    keys: tuple[str, ...]
    """The top-level keys that hold a list of events; a body has one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFacts:
    """What is known of a platform's API, as data."""

    platform: Platform
    title: str
    """What people call it."""
    base_url: str
    """Without a slash at the end."""
    api_version: str
    """As it stands in the address or the header; empty when the API has none."""
    token_url: str | None
    """Where refresh tokens are exchanged; None: no OAuth."""
    docs_url: str
    read_on: date
    """When the documentation was read."""
    sunset_on: date | None
    """When this version stops answering; None: nothing announced."""
    resend_safe_for: timedelta
    """How long after the first copy the platform recognises another; zero: not at all."""
    can_restate: bool
    can_retract: bool
    max_concurrency: int
    """Requests of one lane in flight."""
    requests_per_minute: int | None
    """None: no limit published."""
    batch: Batch | None = None
    """None: one event a request, because the platform takes no more or says nothing of single ones."""
    verdict_after: tuple[timedelta, ...] = ()
    """When to ask what became of what it ACCEPTED, the last time included; empty: it answers at once."""
    probe_every: timedelta | None = timedelta(days=1)
    """How often an idle connection is tried; None: a probe would tell nothing, or be seen by somebody."""
    counts_tests: bool = True
    """Whether a conversion sent in test mode is counted, or may be."""
    settles: timedelta = timedelta(0)
    """How long after it took a conversion the platform finds it: what changes that is not sent before."""
    restates_unknown: bool = True
    """Whether a restatement of what the platform does not have counts like the conversion itself."""
    sunsets: Mapping[str, date] = field(default_factory=dict)
    """When other versions stop answering, or did, as far as that is known: one may have been set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where one installation finds a platform."""

    base_url: str
    api_version: str
    token_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's answers; None: not known."""

    ad_storage: ConsentState | None = None
    analytics_storage: ConsentState | None = None
    ad_user_data: ConsentState | None = None
    ad_personalization: ConsentState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The part of a delivery that is frozen when it is created, equal on every attempt."""

    kind: DeliveryKind
    delivery_id: UUID
    """The delivery's own id: every restatement and retraction of one event has another."""
    event_id: str
    event_at: datetime
    """When it happened in the CRM; aware UTC, whole seconds."""
    decided_at: datetime
    """When the delivery was created: for a restatement or a retraction the time of that; whole seconds."""
    value_cents: int | None
    """In minor units of `currency`; None: no value is sent."""
    currency: str
    target: str
    """The mapping's target: a conversion action id, an event name, ..."""
    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why a delivery is skipped, delayed or weaker than it could be."""

    code: WarningCode
    field: str | None
    """What is missing, in the words of the public schema (`gclid`, `gaClientId`, ...); None: nothing is."""
    reason: str
    """For a marketer: what is wrong and what would mend it."""
    will_skip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a connector makes of a conversion before anything is sent."""

    plan: DeliveryPlan
    """SEND now, WAIT until `send_at`, or SKIP; a connector never answers HOLD."""
    send_at: datetime
    expires_at: datetime
    """When the platform's time window closes."""
    findings: tuple[Finding, ...]
    """Everything that applies, those that skip first."""


class OutcomeKind(StrEnum):
    """What must happen next."""

    DELIVERED = "DELIVERED"
    """The platform has it; also when it says that it had it already."""
    ACCEPTED = "ACCEPTED"
    """The platform took it and gives its verdict later."""
    RETRY = "RETRY"
    """Nothing was taken; another attempt may help."""
    AMBIGUOUS = "AMBIGUOUS"
    """The request was written and no whole answer came: it may have been taken."""
    REJECTED = "REJECTED"
    """Refused for good."""
    AUTHENTICATION = "AUTHENTICATION"
    """The connection's credentials do not work: hold the integration."""
    CONFIGURATION = "CONFIGURATION"
    """The mapping's target does not work: hold the mapping."""
    API_SUNSET = "API_SUNSET"
    """The API version has ended: hold the integration until another one is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended."""

    kind: OutcomeKind
    http_status: int | None = None
    """None: no answer."""
    code: str | None = None
    """The platform's own code, or TIMEOUT, CONNECTION, ...; None when all went well."""
    message: str | None = None
    """For a marketer; without tokens and personal data."""
    request_id: str | None = None
    """What the platform calls this request."""
    response: Any = None
    """The platform's answer as JSON, bounded and redacted."""
    retry_after_s: float | None = None
    """With RETRY: not before; None: the usual back-off."""
    known: bool = True
    """False: the catalogue does not have this code, so attempts are capped lower."""
    events: "Mapping[int, Outcome]" = field(default_factory=dict)
    """Of a request with several events: what the platform says of single ones, by their index.

    For all others the outcome itself holds: taken, if it is DELIVERED or ACCEPTED; otherwise not one of them
    was, and they may be sent again without those that are named. Always empty for a request with one event.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a platform says later of something it accepted."""

    outcome: Outcome
    """What became of it; RETRY: to be sent again, not before `retry_after_s`."""
    is_final: bool
    """False: nothing is known yet; `outcome` is ACCEPTED, or says why the platform could not be asked."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """A refresh token that the platform has replaced."""

    old: SecretStr
    """The one that is stored."""
    new: SecretStr


class Renewals:
    """Replaced refresh tokens, by integration, until somebody has stored them."""

    def __init__(self) -> None:
        self._found: dict[UUID, Renewal] = {}

    def add(self, integration_id: UUID, renewal: Renewal) -> None:
        """Remember it; of several in a row the first one's `old` is what is stored."""
        earlier = self._found.get(integration_id)
        if earlier is not None and earlier.new == renewal.old:
            renewal = Renewal(earlier.old, renewal.new)
        self._found[integration_id] = renewal

    def get(self, integration_id: UUID) -> Renewal | None:
        """What is to be stored; None: nothing is."""
        return self._found.get(integration_id)

    def stored(self, integration_id: UUID, renewal: Renewal) -> None:
        """Forget it, unless there is another by now."""
        if self._found.get(integration_id) is renewal:
            del self._found[integration_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One integration, opened: what a connector needs to send."""

    integration_id: UUID
    settings: BaseModel
    """An instance of the connector's `settings_model`."""
    credentials: BaseModel
    """An instance of the connector's `credentials_model`."""
    endpoint: Endpoint
    test_mode: bool
    http: httpx.AsyncClient
    renewals: Renewals = field(default_factory=Renewals)
    """Where a replaced refresh token is told: a connector never touches the database."""


class Connector(Protocol):
    """One ad platform."""

    @property
    def facts(self) -> PlatformFacts:
        """What is known of its API."""
        ...

    @property
    def settings_model(self) -> type[BaseModel]:
        """What a person must configure."""
        ...

    @property
    def credentials_model(self) -> type[BaseModel]:
        """What a person must hand over; every secret a SecretStr."""
        ...

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """Say what would come of the conversion. Pure."""
        ...

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        """The request's body, without any token. Pure: the same arguments give the same bytes."""
        ...

    def redact(self, body: Body) -> Body:
        """A copy that may be kept and shown: hashed values stay, raw personal data is masked."""
        ...

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """One attempt. Never raises for what a platform or a network can do."""
        ...

    async def probe(self, connection: Connection, target: str | None) -> Outcome:
        """Find out whether the credentials work, and with a target whether that can be used; counts nothing.

        DELIVERED: yes, as far as the platform lets one find out; `message` then says what was not checked.
        Never raises for what a platform or a network can do.
        """
        ...


class VerdictConnector(Connector, Protocol):
    """A platform that accepts first and judges later: its facts say when to ask."""

    async def verdict(self, connection: Connection, request_id: str, kind: DeliveryKind) -> Verdict:
        """Ask what became of an accepted request of this kind.

        Never raises for what a platform or a network can do.
        """
        ...
