"""jobUpdated over server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlmodel import col, update
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as Scope_

from app.services import watching
from app.services.viewer import ViewerService
from app.tables.projects import ApiKeyRow
from app.values import Scope
from schema.conversions import ConversionJob
from schema.events import EventStream
from schema.execution import Piece
from tests.api import process
from tests.end_to_end.live import PATIENCE_S, serving
from tests.streaming.stage import WATCH, Stage, all_events, next_event, open_stage
from tests.world import START

SECRET = "ada@example.com"
EVENTS = "text/event-stream"
UPDATE = 'mutation { updateLeadStatus(input: {lead: {leadId: "1"}, conversionId: "open"}) { __typename } }'


async def test_it_tells_the_present_state_then_each_change_and_completes(stage: Stage) -> None:
    job_id = await stage.queued()
    async with stage.events(WATCH, {"id": job_id}) as response:
        lines = response.aiter_lines()
        first = await next_event(lines)
        await process(stage)
        second, complete = await next_event(lines), await next_event(lines)
        with pytest.raises(EOFError):
            await next_event(lines)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-accel-buffering"] == "no"
    assert "no-store" in response.headers["cache-control"]
    assert (first[0], first[1]["data"]["jobUpdated"]["state"]) == ("next", "PENDING")
    assert (second[0], second[1]["data"]["jobUpdated"]["state"]) == ("next", "COMPLETED")
    assert complete == ("complete", None)
    await stage.nothing_left()


async def test_nothing_is_left_of_a_caller_who_is_gone(stage: Stage) -> None:
    job_id = await stage.queued()
    async with stage.events(WATCH, {"id": job_id}) as response:
        await next_event(response.aiter_lines())
        assert stage.services.watching.watching == 1
    await stage.nothing_left()


@pytest.mark.parametrize("job_id", ["x", "01a00000-0000-7000-8000-000000000001"])
async def test_an_unknown_job_is_said_and_that_is_all(sqlite_stage: Stage, job_id: str) -> None:
    async with sqlite_stage.events(WATCH, {"id": job_id}) as response:
        (kind, refused), complete = await all_events(response)

    assert (kind, complete) == ("next", ("complete", None))
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in refused or refused["data"] is None


async def test_it_needs_the_scopes_that_reading_the_job_needs(sqlite_stage: Stage) -> None:
    job_id = await sqlite_stage.queued()
    await sqlite_stage.world.key("writer", Scope.LEADS_WRITE)
    async with sqlite_stage.events(WATCH, {"id": job_id}, key="writer") as response:
        (_, refused), _ = await all_events(response)

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-api-key": "wrong"}, 401),
        ({"content-type": "text/plain"}, 415),
        ({"query": WATCH + " " * 70_000}, 413),
    ],
    ids=["key", "content type", "size"],
)
async def test_what_http_refuses_is_refused_in_json(
    sqlite_stage: Stage, change: dict[str, str], status: int
) -> None:
    async with sqlite_stage.events(**({"query": WATCH, "variables": {"id": "x"}} | change)) as response:
        body = json.loads(await response.aread())

    assert (response.status_code, list(body)) == (status, ["errors"])


@pytest.mark.parametrize("body", ["", "null", "{}", '{"query": 5}', '{"query": ""}'])
async def test_a_body_that_is_no_operation_is_400_in_json(sqlite_stage: Stage, body: str) -> None:
    response = await sqlite_stage.post(body, accept=EVENTS)

    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/event-stream;q=0, */*"])
async def test_a_subscription_to_plain_post_is_told_where_to_go(sqlite_stage: Stage, accept: str) -> None:
    response = await sqlite_stage.post(json.dumps({"query": WATCH, "variables": {"id": "x"}}), accept=accept)

    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "graphql-transport-ws" in error["message"]
    assert "text/event-stream" in error["message"]


@pytest.mark.parametrize(
    ("query", "accept", "media"),
    [
        ("{ __typename }", EVENTS, EVENTS),
        ("{ __typename }", f"application/json, {EVENTS}", "application/json"),
        ("{ __typename }", f"{EVENTS}, */*", "application/json"),
        (UPDATE, f"application/graphql-response+json, {EVENTS}", "application/graphql-response+json"),
        (UPDATE, EVENTS, EVENTS),
        ("{ broken", f"application/json, {EVENTS}", "application/json"),
        (WATCH, f"application/json, {EVENTS}", EVENTS),
    ],
)
async def test_what_is_no_subscription_comes_as_json_to_callers_who_take_both(
    sqlite_stage: Stage, query: str, accept: str, media: str
) -> None:
    async with sqlite_stage.events(query, {"id": "x"}, accept=accept) as response:
        text = (await response.aread()).decode()

    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert ("event: complete" in text) == (media == EVENTS)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_that_cannot_be_run_is_one_event_with_a_code(
    sqlite_stage: Stage, query: Any, code: str
) -> None:
    async with sqlite_stage.events(query) as response:
        (_, refused), _ = await all_events(response)

    assert [error["extensions"]["code"] for error in refused["errors"]] == [code]
    assert "data" not in refused


async def test_a_key_that_is_revoked_ends_what_it_opened_and_says_so(stage: Stage) -> None:
    job_id = await stage.queued()
    await stage.world.key("short", Scope.LEADS_READ)
    async with stage.events(WATCH, {"id": job_id}, key="short") as response:
        lines = response.aiter_lines()
        await next_event(lines)
        revoked = update(ApiKeyRow).where(col(ApiKeyRow.name) == "short").values(revoked_at=START)
        await stage.world.database.write(lambda session: session.execute(revoked))
        kind, said = await next_event(lines)
        complete = await next_event(lines)

    assert (kind, complete) == ("next", ("complete", None))
    assert said == {"errors": [{"message": "Invalid API key", "extensions": {"code": "UNAUTHENTICATED"}}]}


@pytest.mark.parametrize("where", ["subscribe", "event"])
async def test_a_bug_is_masked_and_logged_with_its_request_id(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    job_id = await sqlite_stage.queued()
    if where == "subscribe":
        monkeypatch.setattr(watching, "find_job_mark", fail)
    else:
        monkeypatch.setattr(ConversionJob, "of", fail)
    async with sqlite_stage.events(WATCH, {"id": job_id}) as response:
        (_, refused), complete = await all_events(response)

    [error] = refused["errors"]
    assert complete == ("complete", None)
    assert set(error["extensions"]) == {"code", "requestId"}
    assert SECRET not in str(refused) + caplog.text
    assert error["extensions"]["requestId"] in caplog.text


@asynccontextmanager
async def served(stage: Stage, pieces: Any, **limits: float) -> AsyncIterator[httpx.AsyncClient]:
    """These pieces as events at /, without GraphQL."""
    viewer = await ViewerService(stage.world.database, stage.world.clock).authenticate("admin-key")

    class Answer:
        async def __call__(self, scope: Scope_, receive: Receive, send: Send) -> None:
            stream = EventStream(
                pieces=pieces(),
                viewer=viewer,
                request_id="the-request",
                media="application/json",
                streams=stage.services.streams,
                **limits,
            )
            await stream(scope, receive, send)

    async with (
        serving(Starlette(routes=[Route("/", Answer())])) as origin,
        httpx.AsyncClient(base_url=origin) as http,
    ):
        yield http


async def test_a_stream_that_is_silent_says_now_and_then_that_it_is_alive(sqlite_stage: Stage) -> None:
    async def silent() -> AsyncIterator[Piece]:
        await asyncio.Event().wait()
        yield Piece({})

    alive = served(sqlite_stage, silent, keep_alive_s=0.01)
    async with alive as http, http.stream("GET", "/") as response, asyncio.timeout(PATIENCE_S):
        lines = response.aiter_lines()
        heard = [await anext(lines) for _ in range(4)]

    assert heard == [":", "", ":", ""]
    await sqlite_stage.nothing_left()


async def test_a_bug_of_the_stream_itself_is_masked_and_logged(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing() -> AsyncIterator[Piece]:
        yield Piece({"data": 1})
        raise RuntimeError(SECRET)

    async with served(sqlite_stage, failing) as http, http.stream("GET", "/") as response:
        _, (_, failed), complete = await all_events(response)

    assert failed["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "the-request"}
    assert complete == ("complete", None)
    assert "the-request" in caplog.text
    assert SECRET not in caplog.text


async def test_a_caller_who_takes_nothing_any_more_is_let_go(sqlite_stage: Stage) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[Piece]:
        try:
            while True:
                yield Piece({"data": "x" * 1_000_000})
        finally:
            closed.set()

    async with served(sqlite_stage, endless, send_within_s=0.1) as http, http.stream("GET", "/"):
        async with asyncio.timeout(PATIENCE_S):
            await closed.wait()
        await sqlite_stage.nothing_left()


async def test_a_process_that_stops_ends_the_answer_without_saying_that_it_is_complete(
    sqlite_stage: Stage,
) -> None:
    job_id = await sqlite_stage.queued()
    async with sqlite_stage.events(WATCH, {"id": job_id}) as response:
        lines = response.aiter_lines()
        await next_event(lines)
        await sqlite_stage.services.streams.stop()
        with pytest.raises(EOFError):
            await next_event(lines)
        async with sqlite_stage.events(WATCH, {"id": job_id}) as refused:
            await refused.aread()

    assert refused.status_code == 503


async def test_streams_do_not_take_the_places_of_requests(sqlite_database: Any) -> None:
    async with open_stage(sqlite_database, requests=1) as stage:
        job_id = await stage.queued()
        async with stage.events(WATCH, {"id": job_id}) as response:
            await next_event(response.aiter_lines())
            assert await stage.ask("{ __typename }") == {"__typename": "Query"}
