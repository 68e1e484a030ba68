"""`leadwire demo`: everything in one process on a throw-away file, connected to the built-in sandbox."""

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import Session
from starlette.routing import Mount

from app.asgi import build_app, build_services
from app.clock import Clock, utc_now
from app.database.migrating import upgrade
from app.demo_leads import demo_leads
from app.encryption import new_secret_key
from app.limits import Load
from app.metrics.instruments import Instruments
from app.metrics.loop_lag import measured_lag
from app.metrics.page import read_page
from app.runtime import Runtime, open_runtime
from app.sandbox.application import sandbox_app
from app.sandbox.webhook.signatures import SECRET as WEBHOOK_SECRET
from app.services.connections import add_integration, add_mapping
from app.services.gatekeeper import RateLimits
from app.services.key_uses import written_uses
from app.services.lead_merge import merge
from app.services.projects import add_project
from app.services.viewer import key_row
from app.serving import answer, bind
from app.settings import Settings
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.tables.projects import ProjectRow
from app.values import LeadStatus, Platform, Scope
from schema.examples import demo_examples

HOST: Final = "127.0.0.1"
"""The demo's key is known to everybody: it must not answer to other machines."""
KEY: Final = "demo-key"
REQUESTS_PER_MINUTE: Final = 600_000
"""More than one machine answers: whoever measures how fast the demo is must not measure a limit."""

LOST_ID: Final = UUID("01900000-0000-7000-8000-000000000001")
QUALIFIED_ID: Final = UUID("01900000-0000-7000-8000-000000000002")
WON_ID: Final = UUID("01900000-0000-7000-8000-000000000003")
REPEAT_ID: Final = UUID("01900000-0000-7000-8000-000000000004")
"""The same in every demo, so that what is written about it can be copied."""

_LABELS: Final[dict[UUID, dict[str, Any]]] = {
    QUALIFIED_ID: {"name": "Qualified", "default_price_cents": 10_000},
    WON_ID: {"name": "Won", "mark_as_done": True, "undo_on_lost": True},
    REPEAT_ID: {"name": "Repeat order", "convert_once": False},
}
CONNECTIONS: Final[dict[Platform, tuple[str, dict[str, Any], dict[str, Any]]]] = {
    Platform.GOOGLE_ADS: (
        "Google Ads",
        {"customer_id": "123-456-7890"},
        {
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh-token",
        },
    ),
    Platform.META: (
        "Meta",
        {"dataset_id": "1234567890123456", "mode": "crm", "crm_name": "Leadwire demo"},
        {"access_token": "sandbox-access-token"},
    ),
    Platform.GA4: ("Google Analytics", {"measurement_id": "G-DEMO000001"}, {"api_secret": "sandbox-secret"}),
    Platform.LINKEDIN: ("LinkedIn", {"ad_account_id": "512345678"}, {"access_token": "sandbox-access-token"}),
    Platform.MICROSOFT_ADS: (
        "Microsoft Ads",
        {"customer_id": "250000001", "account_id": "180000001"},
        {
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh-token",
            "developer_token": "sandbox-developer-token",
        },
    ),
    Platform.TIKTOK: (
        "TikTok",
        {"mode": "crm", "event_source_id": "7000000000000000001", "crm_name": "Leadwire demo"},
        {"access_token": "sandbox-access-token"},
    ),
    Platform.WEBHOOK: (
        "Webhook",
        {"url": "https://crm.example.com/conversions"},
        {"signing_secret": WEBHOOK_SECRET},
    ),
}
"""Every platform the sandbox plays: name, settings and credentials that it accepts."""
TARGETS: Final[dict[Platform, dict[UUID, str]]] = {
    Platform.GOOGLE_ADS: {
        LOST_ID: "700000001",
        QUALIFIED_ID: "700000002",
        WON_ID: "700000003",
        REPEAT_ID: "700000004",
    },
    Platform.META: {LOST_ID: "Lost", QUALIFIED_ID: "Qualified", WON_ID: "Purchase", REPEAT_ID: "RepeatOrder"},
    Platform.GA4: {
        LOST_ID: "disqualify_lead",
        QUALIFIED_ID: "qualify_lead",
        WON_ID: "close_convert_lead",
        REPEAT_ID: "repeat_order",
    },
    Platform.LINKEDIN: {
        LOST_ID: "104001",
        QUALIFIED_ID: "104002",
        WON_ID: "104003",
        REPEAT_ID: "104004",
    },
    Platform.MICROSOFT_ADS: {
        LOST_ID: "Lost lead",
        QUALIFIED_ID: "Qualified lead",
        WON_ID: "Won lead",
        REPEAT_ID: "Repeat order",
    },
    Platform.TIKTOK: {
        LOST_ID: "Lost",
        QUALIFIED_ID: "Qualified",
        WON_ID: "CompletePayment",
        REPEAT_ID: "RepeatOrder",
    },
    Platform.WEBHOOK: {
        LOST_ID: "lead.lost",
        QUALIFIED_ID: "lead.qualified",
        WON_ID: "lead.won",
        REPEAT_ID: "lead.repeat_order",
    },
}
"""What each label is mapped to."""


async def run_demo(port: int, say: Callable[[str], None]) -> None:
    """Run until the process is told to stop; `say` prints where to go. OSError when the port is taken."""
    listening = bind(HOST, port)
    origin = f"http://{HOST}:{listening.getsockname()[1]}"
    with TemporaryDirectory(prefix="leadwire-demo-") as folder, listening:
        settings = demo_settings(f"sqlite+aiosqlite:///{Path(folder) / 'demo.sqlite3'}", origin)
        await upgrade(settings.database_url)
        instruments, load = Instruments(), Load(settings.max_requests)
        async with (
            open_runtime(settings, clock=utc_now, watch=instruments) as runtime,
            measured_lag(instruments.lagged),
        ):
            await fill(runtime)
            services = build_services(
                database=runtime.database,
                opener=runtime.opener,
                wake=runtime.wake,
                clock=runtime.clock,
                limits=RateLimits(per_key=REQUESTS_PER_MINUTE),
            )
            examples = demo_examples(
                api_key=KEY,
                unique_identifier="crm-1001",
                conversion_id=str(WON_ID),
                price_cents=125_000,
                signing_secret=WEBHOOK_SECRET,
            )
            app = build_app(
                services,
                database=runtime.database,
                examples=examples,
                load=load,
                metrics=read_page(
                    settings, instruments=instruments, load=load, database=runtime.database, clock=utc_now
                ),
                more_routes=[Mount("/sandbox", sandbox_app())],
            )
            say(welcome(origin))
            async with written_uses(services.gatekeeper.uses):
                await answer(app, listening, stopping=services.streams.stop)


def demo_settings(database_url: str, origin: str) -> Settings:
    """Settings that take nothing from the environment and send everything to the sandbox at `origin`."""
    # Not Settings(): that reads from the environment, and judges, whatever it is not given.
    return Settings.model_construct(
        database_url=database_url,
        secret_key=SecretStr(new_secret_key()),
        worker="embedded",
        metrics="open",
        **dict(_places(origin)),
    )


def _places(origin: str) -> Iterator[tuple[str, Any]]:
    """The settings that name an address of a platform; versions stay the connectors' own."""
    for platform in Platform:
        name = platform.value.lower()
        yield f"{name}_base_url", f"{origin}/sandbox/{name}"
        if f"{name}_token_url" in Settings.model_fields:
            yield f"{name}_token_url", f"{origin}/sandbox/{name}/token"


async def fill(runtime: Runtime) -> None:
    """Create the project, its key, labels, integrations and leads, in one transaction."""

    def work(session: Session) -> None:
        project = add_project(
            session,
            runtime.clock,
            name="Demo",
            country_code="NL",
            currency="EUR",
            lost_label_id=LOST_ID,
        )
        session.add(_key(project, runtime.clock))
        _add_labels(session, project, runtime.clock())
        for platform in CONNECTIONS:
            integration = _connect(session, runtime, project, platform)
            for label_id, target in TARGETS[platform].items():
                add_mapping(session, label_id=label_id, integration_id=integration.id, target=target)
        _add_leads(session, project, runtime.clock())

    await runtime.database.write(work)


def _key(project: ProjectRow, clock: Clock) -> Any:
    return key_row(project_id=project.id, name="demo", key=KEY, scopes=frozenset({Scope.ADMIN}), clock=clock)


def _add_labels(session: Session, project: ProjectRow, now: datetime) -> None:
    for label_id, columns in _LABELS.items():
        session.add(LabelRow(id=label_id, project_id=project.id, created_at=now, **columns))
    session.flush()


def _connect(session: Session, runtime: Runtime, project: ProjectRow, platform: Platform) -> IntegrationRow:
    name, settings, credentials = CONNECTIONS[platform]
    return add_integration(
        session,
        project_id=project.id,
        platform=platform,
        name=name,
        settings=settings,
        credentials=credentials,
        connectors=runtime.connectors,
        cipher=runtime.cipher,
        now=runtime.clock(),
    )


def _add_leads(session: Session, project: ProjectRow, now: datetime) -> None:
    for values in demo_leads(now):
        lead = LeadRow(
            project_id=project.id,
            status=LeadStatus.OPEN,
            currency=project.currency,
            created_at=now,
            updated_at=now,
        )
        merge(lead, values, default_country=project.country_code, now=now)
        session.add(lead)


def welcome(origin: str) -> str:
    """Where to go, and a line that works when it is pasted into another terminal."""
    change = (
        'mutation { updateLeadStatus(input: {lead: {uniqueIdentifier: "crm-1002"},'
        f' conversionId: "{QUALIFIED_ID}", price: 48000}}) {{ __typename'
        " ... on QueuedResult { job { id } warnings { integration code reason } }"
        " ... on UserError { code message } } }"
    )
    body = json.dumps({"query": change})
    return f"""
Leadwire is running with demo data that is gone when it stops.

  Explorer   {origin}/graphiql   (click on Run: it queues a conversion)
  GraphQL    {origin}/graphql    (X-API-Key: {KEY})
  Sandbox    {origin}/sandbox    (the platforms; what they received: {origin}/sandbox/meta/requests)

Queue a conversion from another terminal:

  curl -s {origin}/graphql -H 'X-API-Key: {KEY}' -H 'Content-Type: application/json' \\
    -d {shlex.quote(body)}

Ctrl-C stops it.
"""
