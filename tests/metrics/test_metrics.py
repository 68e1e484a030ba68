"""What Prometheus reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlmodel import Session, col, select

from app.asgi import build_app, build_watched
from app.connectors.base import OutcomeKind
from app.database.database import Database
from app.limits import Load
from app.metrics.access import Access, read_access
from app.metrics.instruments import Instruments
from app.metrics.loop_lag import measured_lag
from app.metrics.page import MetricsPage, read_page
from app.settings import Settings, SettingsError
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, PauseReason, Platform
from schema.context import Services
from schema.examples import blank_examples
from tests.api import Api
from tests.world import FakeClock

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def sample(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def samples_of(text: str) -> Samples:
    """Every sample, as Prometheus' own library reads them."""
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def page_over(api: Api, instruments: Instruments | None = None, load: Load | None = None) -> MetricsPage:
    return MetricsPage(
        instruments=instruments or Instruments(),
        load=load or Load(9),
        database=api.world.database,
        clock=api.world.clock,
        access=Access(token=None),
    )


@asynccontextmanager
async def client_of(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://leadwire.test") as client:
        yield client


async def scrape(page: MetricsPage) -> Samples:
    async with client_of(build_watched(page.database, page)) as client:
        response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return samples_of(response.text)


async def queue_one(api: Api) -> dict[Platform, IntegrationRow]:
    """A status change for two platforms."""
    label = await api.world.label()
    integrations = {}
    for platform in (Platform.META, Platform.GA4):
        integrations[platform] = await api.world.integration(platform)
        await api.world.map(label.id, integrations[platform])
    lead = await api.world.complete_lead()
    await api.update({"leadId": str(lead.id)}, label.id)
    return integrations


def clock_of(api: Api) -> FakeClock:
    assert isinstance(api.world.clock, FakeClock)
    return api.world.clock


async def alter(api: Api, work: Any) -> None:
    await api.world.database.write(work)


async def test_what_is_open_is_counted_by_lane_and_state(api: Api) -> None:
    integrations = await queue_one(api)

    def hold(session: Session) -> None:
        of_meta = select(DeliveryRow).where(col(DeliveryRow.platform) == Platform.META)
        session.exec(of_meta).one().state = DeliveryState.HELD

    await alter(api, hold)
    seen = await scrape(page_over(api))

    counts = {
        (dict(labels)["integration"], dict(labels)["platform"], dict(labels)["state"]): number
        for (name, labels), number in seen.items()
        if name == "leadwire_deliveries"
    }
    assert counts == {
        (str(integrations[Platform.META].id), "META", "HELD"): 1,
        (str(integrations[Platform.GA4].id), "GA4", "SCHEDULED"): 1,
    }
    assert sample(seen, "leadwire_jobs_active") == 1
    assert sample(seen, "leadwire_database_up") == 1


async def test_a_lane_s_oldest_due_delivery_has_an_age(api: Api) -> None:
    integrations = await queue_one(api)
    clock_of(api).advance(seconds=90)

    def not_yet(session: Session) -> None:
        of_meta = select(DeliveryRow).where(col(DeliveryRow.platform) == Platform.META)
        session.exec(of_meta).one().next_attempt_at = api.world.clock() + timedelta(seconds=1)

    await alter(api, not_yet)
    seen = await scrape(page_over(api))

    ages = {
        platform: sample(
            seen, "leadwire_oldest_due_seconds", integration=str(integrations[platform].id), platform=platform
        )
        for platform in integrations
    }
    assert ages == {Platform.META: 0, Platform.GA4: 90}


async def test_what_holds_something_is_told_with_the_reason(api: Api) -> None:
    integrations = await queue_one(api)

    def hold(session: Session) -> None:
        paused = session.get_one(IntegrationRow, integrations[Platform.META].id)
        paused.paused_at, paused.pause_reason = api.world.clock(), PauseReason.AUTHENTICATION
        of_ga4 = select(LabelMappingRow).where(
            col(LabelMappingRow.integration_id) == integrations[Platform.GA4].id
        )
        session.exec(of_ga4).one().held_at = api.world.clock()

    await alter(api, hold)
    seen = await scrape(page_over(api))

    lane = str(integrations[Platform.META].id)
    assert (
        sample(seen, "leadwire_integration_held", integration=lane, platform="META", reason="AUTHENTICATION")
        == 1
    )
    assert [name for name, _ in seen].count("leadwire_integration_held") == 1
    assert sample(seen, "leadwire_mappings_held", platform="GA4") == 1


async def test_what_ended_unsent_is_told_for_a_day(api: Api) -> None:
    await queue_one(api)

    def end(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)):
            row.state, row.finished_at = DeliveryState.EXPIRED, api.world.clock()

    await alter(api, end)
    seen = await scrape(page_over(api))
    clock_of(api).advance(days=1)
    later = await scrape(page_over(api))

    name = "leadwire_deliveries_unsent_last_day"
    assert sample(seen, name, platform="META", state="EXPIRED") == 1
    assert sample(later, name, platform="META", state="EXPIRED") is None


async def test_the_database_is_not_asked_at_each_scrape(sqlite_api: Api) -> None:
    page = page_over(sqlite_api)
    before = await scrape(page)
    await queue_one(sqlite_api)

    assert sample(await scrape(page), "leadwire_jobs_active") == sample(before, "leadwire_jobs_active") == 0


async def test_without_a_database_the_process_still_tells_of_itself(
    sqlite_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        waiting = sqlite_api.world.database.waiting

        async def read(self, _work: Any, **_more: Any) -> Any:
            raise RuntimeError("secret")

    page = page_over(sqlite_api)
    page.database = cast("Database", Broken())
    seen = await scrape(page)

    assert sample(seen, "leadwire_database_up") == 0
    assert sample(seen, "leadwire_jobs_active") is None
    assert sample(seen, "leadwire_requests_in_flight_limit") == 9
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_requests_are_counted_by_what_was_answered_and_not_by_path(sqlite_api: Api) -> None:
    instruments, load = Instruments(), Load(2)
    page = page_over(sqlite_api, instruments, load)
    app = build_app(
        cast("Services", None),
        database=sqlite_api.world.database,
        examples=blank_examples(),
        load=load,
        metrics=page,
    )
    async with client_of(app) as client:
        await client.get("/graphql")
        await client.get("/nothing/of/ours")
        load.in_flight = 2
        await client.post("/graphql")
        text = (await client.get("/metrics")).text

    seen = samples_of(text)
    assert sample(seen, "leadwire_requests_total", endpoint="graphql", status="406") == 1
    assert sample(seen, "leadwire_requests_total", endpoint="graphql", status="503") == 1
    assert sample(seen, "leadwire_requests_total", endpoint="other", status="404") == 1
    assert sample(seen, "leadwire_request_duration_seconds_count", endpoint="graphql") == 2
    assert sample(seen, "leadwire_requests_refused_total") == 1
    assert sample(seen, "leadwire_requests_in_flight") == 2
    assert "/of/ours" not in text


async def test_attempts_are_counted_by_platform_and_outcome(sqlite_api: Api) -> None:
    instruments = Instruments()
    instruments.attempted(Platform.META, OutcomeKind.DELIVERED, 0.2)
    instruments.attempted(Platform.META, OutcomeKind.RETRY, 0.2)
    instruments.stepped(0.01, claimed=2)
    instruments.lagged(0.3)
    seen = await scrape(page_over(sqlite_api, instruments))

    assert sample(seen, "leadwire_attempts_total", platform="META", outcome="DELIVERED") == 1
    assert sample(seen, "leadwire_attempts_total", platform="META", outcome="RETRY") == 1
    assert sample(seen, "leadwire_attempt_duration_seconds_sum", platform="META") == pytest.approx(0.4)
    assert sample(seen, "leadwire_claimed_deliveries_total") == 2
    assert sample(seen, "leadwire_step_duration_seconds_count") == 1
    assert sample(seen, "leadwire_event_loop_lag_seconds_sum") == 0.3
    assert sample(seen, "process_resident_memory_bytes")


async def test_the_loop_s_lag_is_told_while_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.metrics.loop_lag.EVERY_S", 0)
    lags: list[float] = []
    twice = asyncio.Event()

    def keep(seconds: float) -> None:
        lags.append(seconds)
        if len(lags) == 2:
            twice.set()

    async with measured_lag(keep):
        await twice.wait()

    assert min(lags) >= 0


SECRET = SecretStr("a-long-token")


@pytest.mark.parametrize(
    ("settings", "header", "status"),
    [
        ({"metrics": "open"}, None, 200),
        ({"metrics": "token", "metrics_token": SECRET}, "Bearer a-long-token", 200),
        ({"metrics": "token", "metrics_token": SECRET}, "Bearer a-long-tokem", 401),
        ({"metrics": "token", "metrics_token": SECRET}, "Basic a-long-token", 401),
        ({"metrics": "token", "metrics_token": SECRET}, None, 401),
        ({}, "Bearer a-long-token", 404),
    ],
)
async def test_who_may_read(
    sqlite_api: Api, settings: dict[str, Any], header: str | None, status: int
) -> None:
    database = sqlite_api.world.database
    page = read_page(
        Settings(**settings),
        instruments=Instruments(),
        load=Load(1),
        database=database,
        clock=sqlite_api.world.clock,
    )
    headers = {} if header is None else {"authorization": header}
    async with client_of(build_watched(database, page)) as client:
        response = await client.get("/metrics", headers=headers)

    assert response.status_code == status
    assert (response.headers.get("www-authenticate") == "Bearer") is (status == 401)


@pytest.mark.parametrize("token", [None, "", "  ", "tökén"])
def test_a_token_that_is_demanded_must_be_there(token: str | None) -> None:
    given = None if token is None else SecretStr(token)

    with pytest.raises(SettingsError, match="LEADWIRE_METRICS_TOKEN"):
        read_access(Settings(metrics="token", metrics_token=given))
