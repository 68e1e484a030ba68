"""Whole lives of jobs as those hear of them who watch, with real workers and platforms that are played."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.clock import utc_now
from app.database.database import Database
from app.encryption import Cipher, new_secret_key
from app.sandbox.application import sandbox_app
from app.values import Platform
from tests.end_to_end.live import PATIENCE_S, Live, open_live, serving
from tests.streaming.stage import WATCH, Stage, all_events, next_event, open_stage
from tests.test_demo import read_until, started


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    """Everything, with the worker in this process."""
    async with open_live(database) as opened:
        yield opened


async def watched(http: httpx.AsyncClient, job_id: str) -> list[tuple[str, Any]]:
    body = {"query": WATCH, "variables": {"id": job_id}}
    headers = {"x-api-key": "admin-key", "accept": "text/event-stream"}
    async with (
        asyncio.timeout(PATIENCE_S),
        http.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        return await all_events(answer)


def states_of(events: list[tuple[str, Any]]) -> list[str]:
    return [event["data"]["jobUpdated"]["state"] for kind, event in events if kind == "next"]


async def test_two_who_watch_see_a_job_from_its_queueing_to_its_end(live: Live) -> None:
    lead, label = await live.lead_now(), await live.world.label()
    for platform in (Platform.META, Platform.GA4, Platform.TIKTOK):
        await live.world.map(label.id, await live.world.integration(platform))
    await live.script("meta", delayS=0.6)
    async with (
        serving(live.http._transport.app) as origin,  # type: ignore[attr-defined]
        httpx.AsyncClient(base_url=origin) as http,
    ):
        job_id = (await live.update({"leadId": lead}, label.id))["job"]["id"]
        both = await asyncio.gather(watched(http, job_id), watched(http, job_id))

    for events in both:
        states = states_of(events)
        assert states[-1] == "COMPLETED"
        assert len(states) >= 2
        last = events[-2][1]["data"]["jobUpdated"]
        assert last["active"] is False
        assert {delivery["state"] for delivery in last["deliveries"]} == {"DELIVERED"}
        assert events[-1] == ("complete", None)


async def test_a_job_that_is_held_stays_open_until_it_was_let_go_and_delivered(live: Live) -> None:
    lead, label = await live.lead_now(), await live.world.label()
    await live.world.map(label.id, await live.world.integration(Platform.META))
    await live.script("meta", fail="190", times=1)
    async with (
        serving(live.http._transport.app) as origin,  # type: ignore[attr-defined]
        httpx.AsyncClient(base_url=origin) as http,
    ):
        job_id = (await live.update({"leadId": lead}, label.id))["job"]["id"]
        body = {"query": WATCH, "variables": {"id": job_id}}
        headers = {"x-api-key": "admin-key", "accept": "text/event-stream"}
        async with http.stream("POST", "/graphql", json=body, headers=headers) as answer:
            lines = answer.aiter_lines()
            while await next_delivery(lines) != "HELD":
                pass
            [integration] = (await live.ask("{ integrations { id paused } }"))["integrations"]
            assert integration["paused"]
            resume = "mutation ($id: ID!) { resumeIntegration(id: $id) { __typename } }"
            await live.ask(resume, {"id": integration["id"]})
            after = [state async for state in deliveries_until_the_end(lines)]

    assert after[-1] == "DELIVERED"


async def next_delivery(lines: AsyncIterator[str]) -> str | None:
    """The state of the one delivery in the next event; None: it was `complete`."""
    kind, event = await next_event(lines)
    state: str = event["data"]["jobUpdated"]["deliveries"][0]["state"] if kind == "next" else ""
    return state or None


async def deliveries_until_the_end(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    while (state := await next_delivery(lines)) is not None:
        yield state


async def test_what_a_worker_in_another_process_does_is_told_too(
    postgres_database: Database, postgres_database_url: str, tmp_path: Path
) -> None:
    secret = new_secret_key()
    sandbox = Starlette(routes=[Mount("/sandbox", sandbox_app())])
    async with (
        serving(sandbox) as platforms,
        open_stage(postgres_database, clock=utc_now, cipher=Cipher(secret)) as stage,
    ):
        job_id = await queued_now(stage)
        environment = {
            "LEADWIRE_DATABASE_URL": postgres_database_url,
            "LEADWIRE_SECRET_KEY": secret,
            "LEADWIRE_META_BASE_URL": f"{platforms}/sandbox/meta",
            "LEADWIRE_PORT": "0",
        }
        async with stage.events(WATCH, {"id": job_id}) as response:
            lines = response.aiter_lines()
            _, first = await next_event(lines)
            async with started("worker", cwd=tmp_path, **environment) as worker:
                await read_until(worker, "sends what is queued")
                events = []
                while not events or events[-1][0] == "next":
                    events.append(await next_event(lines))

    assert first["data"]["jobUpdated"]["state"] == "PENDING"
    assert states_of(events)[-1] == "COMPLETED"
    assert events[-1] == ("complete", None)


async def queued_now(stage: Stage) -> str:
    now = utc_now()
    lead = await stage.world.complete_lead(
        clicked_at=now - timedelta(days=2), created_at=now - timedelta(days=1)
    )
    label = await stage.world.label()
    await stage.world.map(label.id, await stage.world.integration(Platform.META))
    job_id: str = (await stage.update({"leadId": str(lead.id)}, label.id))["job"]["id"]
    return job_id
