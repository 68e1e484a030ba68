"""graphql-transport-ws as its protocol says, its limits, and who may connect at all."""

import asyncio
import json
import socket
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, update
from websockets.exceptions import InvalidStatus

from app.database.database import Database
from app.database.errors import DatabaseBusyError
from app.services.viewer import ViewerService
from app.tables.jobs import DeliveryRow
from app.values import Platform, Scope
from schema.documents import MAX_TOKENS
from schema.execution import Executor
from schema.socket_connection import SocketLimits
from tests.end_to_end.live import PATIENCE_S
from tests.streaming.stage import WATCH, Caller, Stage, open_stage
from tests.world import START

SECRET = "ada@example.com"


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key", "X-Api-KEY"])
async def test_the_key_is_found_whatever_the_case_of_its_name(sqlite_stage: Stage, name: str) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", payload={"other": 1, name: "admin-key"})
        assert await caller.hear() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"payload": {"X-API-Key": "wrong"}}, "Invalid API key"),
        ({"payload": {"X-API-Key": "expired"}}, "Invalid API key"),
        ({"payload": {"X-API-Key": ""}}, "Invalid API key"),
        ({"payload": {"X-API-Key": 5}}, "Invalid API key"),
        ({"payload": {}}, "Missing X-API-Key header"),
        ({"payload": None}, "Missing X-API-Key header"),
        ({}, "Missing X-API-Key header"),
    ],
)
async def test_without_a_key_in_force_the_socket_is_closed(
    sqlite_stage: Stage, payload: dict[str, Any], reason: str
) -> None:
    await sqlite_stage.world.key("expired", Scope.ADMIN, expires_at=START)
    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", **payload)
        assert await caller.closed() == (4403, reason)


async def test_nothing_is_run_before_the_key_was_shown(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.watch("x")
        assert await caller.closed() == (4401, "Unauthorized")


async def test_a_second_init_closes_the_socket(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.say(type="connection_init", payload={"X-API-Key": "admin-key"})
        assert await caller.closed() == (4429, "Too many initialisation requests")


async def test_an_id_that_is_in_use_closes_the_socket(sqlite_stage: Stage) -> None:
    job_id = await sqlite_stage.queued()
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.watch(job_id)
        code, _ = await caller.closed()
    assert code == 4409


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "{}",
        '{"type": 5}',
        '{"type": ["ping"]}',
        '{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "x"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "x"}}',
        '{"type": "subscribe", "id": "' + "x" * 129 + '", "payload": {"query": "x"}}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "x", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "x", "operationName": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "x", "variables": {"a": NaN}}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "x", "variables": {"a": "\\ud800"}}}',
        '{"type": "complete"}',
        '{"type": "connection_init", "payload": "x"}',
        "[" * 20_000,
        b"{}",
    ],
    ids=lambda value: str(value)[:70],
)
async def test_what_is_no_message_closes_the_socket(sqlite_stage: Stage, message: str | bytes) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.socket.send(message)
        code, reason = await caller.closed()
    assert code == 4400
    assert reason is not None
    assert " must " in reason


async def test_a_message_over_the_cap_closes_the_socket(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.socket.send(
            json.dumps({"type": "ping", "payload": {"x": "é" * 33_000}}, ensure_ascii=False)
        )
        code, _ = await caller.closed()
    assert code == 1009


@pytest.mark.parametrize("begun", [True, False])
async def test_a_ping_is_answered_and_a_pong_is_not(sqlite_stage: Stage, begun: bool) -> None:
    async with sqlite_stage.socket() as caller:
        if begun:
            await caller.begin()
        await caller.say(type="pong")
        await caller.say(type="ping", payload={"x": 1})
        assert await caller.hear() == {"type": "pong"}


async def test_enough_of_what_is_unknown_is_no_mistake(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.say(type="complete", id="never-begun")
        await caller.say(type="ping")
        assert await caller.hear() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("graphql-ws", "unknown"), ()])
async def test_the_legacy_protocol_and_no_protocol_are_refused(
    sqlite_stage: Stage, protocols: tuple[str, ...]
) -> None:
    async with sqlite_stage.socket(protocols=protocols) as caller:
        code, reason = await caller.closed()
    assert (code, caller.socket.subprotocol) == (4406, None)
    assert "graphql-transport-ws" in str(reason)


async def test_of_two_protocols_the_one_that_is_spoken_is_chosen(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket(protocols=("graphql-ws", "graphql-transport-ws")) as caller:
        await caller.begin()
    assert caller.socket.subprotocol == "graphql-transport-ws"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("{own}", True),
        ("https://crm.example.com", True),
        ("HTTPS://CRM.example.com:443", True),
        ("https://evil.example.com", False),
        ("http://crm.example.com", False),
        ("null", False),
        ("http://[", False),
    ],
)
async def test_pages_of_other_sites_may_not_connect_unless_they_are_named(
    sqlite_database: Database, origin: str | None, allowed: bool
) -> None:
    async with open_stage(sqlite_database, origins=("https://crm.example.com",)) as stage:
        headers = {} if origin is None else {"Origin": origin.format(own=stage.origin)}
        if allowed:
            async with stage.socket("/limited", additional_headers=headers) as caller:
                await caller.begin()
        else:
            with pytest.raises(InvalidStatus) as refused:
                async with stage.socket("/limited", additional_headers=headers):
                    pass
            assert refused.value.response.status_code == 403
            assert b"FORBIDDEN" in (refused.value.response.body or b"")


@pytest.mark.parametrize(
    "query",
    ["{ __typename }", 'mutation { pauseIntegration(id: "x") { __typename } }'],
    ids=["query", "mutation"],
)
async def test_queries_and_mutations_are_refused_and_told_where_to_go(
    sqlite_stage: Stage, query: str
) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.say(id="1", type="subscribe", payload={"query": query})
        heard = await caller.hear()
    assert heard["type"] == "error"
    assert "POST" in heard["payload"][0]["message"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "BAD_USER_INPUT"),
        ({"query": ""}, "BAD_USER_INPUT"),
        ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "fragment F on Query { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": WATCH, "operationName": "Other"}, "BAD_USER_INPUT"),
        ({"query": WATCH + WATCH.replace("Watch", "Two")}, "BAD_USER_INPUT"),
        ({"query": WATCH}, "BAD_USER_INPUT"),
        ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { a: __typename b: __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { " + "x " * MAX_TOKENS + "}"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": 'subscription { jobUpdated(jobId: "x") { ' + "id " * 600 + "} }"}, "QUERY_TOO_COMPLEX"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_document_that_cannot_be_run_is_an_error_with_a_code_and_the_socket_stays_open(
    sqlite_stage: Stage, payload: dict[str, Any], code: str
) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.say(id="1", type="subscribe", payload=payload)
        heard = await caller.hear()
        await caller.say(type="ping")
        assert await caller.hear() == {"type": "pong"}
    assert (heard["id"], heard["type"]) == ("1", "error")
    assert {error["extensions"]["code"] for error in heard["payload"]} == {code}


async def test_a_socket_that_shows_no_key_is_closed(sqlite_database: Database) -> None:
    limits = SocketLimits(init_within_s=0.02)
    async with open_stage(sqlite_database, limits=limits) as stage, stage.socket("/limited") as caller:
        assert await caller.closed() == (4408, "Connection initialisation timeout")


async def test_a_socket_without_a_subscription_is_closed_some_time_after_its_last_message(
    sqlite_database: Database,
) -> None:
    async with open_stage(sqlite_database, limits=SocketLimits(idle_s=0.1)) as stage:
        job_id = await stage.queued()
        async with stage.socket("/limited") as watching, stage.socket("/limited") as idle:
            await watching.begin()
            await watching.watch(job_id)
            await watching.state()
            await idle.begin()
            assert await idle.closed() == (1000, "Nothing was asked for")
            await asyncio.sleep(0)
            assert stage.services.watching.watching == 1
            await watching.say(id="1", type="complete")
            assert (await watching.closed())[0] == 1000


async def test_one_connection_carries_so_many_subscriptions_and_no_more(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database, limits=SocketLimits(subscriptions=2)) as stage:
        job_id = await stage.queued()
        async with stage.socket("/limited") as caller:
            await caller.begin()
            for number in ("1", "2"):
                await caller.watch(job_id, named=number)
                await caller.state()
            await caller.watch(job_id, named="3")
            refused = await caller.hear()
            await caller.say(id="1", type="complete")
            await caller.watch(job_id, named="3")
            assert (await caller.state())["id"] == job_id
    assert (refused["id"], refused["type"]) == ("3", "error")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_one_key_opens_so_many_connections_and_no_more(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database, most_per_key=1) as stage:
        await stage.world.key("other", Scope.LEADS_READ)
        async with stage.socket() as caller, stage.socket() as second, stage.socket() as other:
            await caller.begin()
            await second.say(type="connection_init", payload={"X-API-Key": "admin-key"})
            assert (await second.closed())[0] == 1013
            await other.begin("other")
            async with stage.events(WATCH, {"id": "x"}) as response:
                refused = json.loads(await response.aread())
    assert (response.status_code, response.headers["retry-after"]) == (429, "10")
    assert refused["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_the_process_holds_so_many_connections_and_no_more(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database, most=1) as stage, stage.socket() as caller:
        await caller.begin()
        with pytest.raises(InvalidStatus) as refused:
            async with stage.socket():
                pass
        async with stage.events(WATCH, {"id": "x"}) as response:
            await response.aread()
    assert (refused.value.response.status_code, response.status_code) == (503, 503)


async def test_a_bug_outside_of_any_operation_closes_the_socket_and_tells_nothing_but_its_id(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(ViewerService, "authenticate", fail)
    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", payload={"X-API-Key": "admin-key"})
        code, reason = await caller.closed()
    assert code == 4500
    assert SECRET not in str(reason) + caplog.text
    assert str(reason).split("request ")[1].rstrip(")") in caplog.text


async def test_a_bug_of_the_stream_itself_ends_that_subscription_alone(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Executor, "find", fail)
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.watch("x")
        heard = await caller.hear()
        await caller.say(type="ping")
        assert await caller.hear() == {"type": "pong"}
    [error] = heard["payload"]
    assert (heard["type"], error["extensions"]["code"]) == ("error", "INTERNAL_SERVER_ERROR")
    assert error["extensions"]["requestId"] in caplog.text
    assert SECRET not in str(heard) + caplog.text


async def test_a_database_with_too_much_to_do_asks_to_come_later(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseBusyError

    monkeypatch.setattr(ViewerService, "authenticate", fail)
    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", payload={"X-API-Key": "admin-key"})
        assert (await caller.closed())[0] == 1013


async def test_a_caller_who_takes_nothing_any_more_is_let_go(sqlite_database: Database) -> None:
    aliases = " ".join(f"a{number}: deliveries {{ request }}" for number in range(40))
    large = f"subscription($id: ID!) {{ jobUpdated(jobId: $id) {{ {aliases} }} }}"
    async with open_stage(sqlite_database, limits=SocketLimits(send_within_s=0.2)) as stage:
        job_id = await stage.queued()
        with small_window(stage) as connected:
            async with stage.socket("/limited", sock=connected, max_size=None, compression=None) as caller:
                await caller.begin()
                await caller.watch(job_id, query=large)
                await caller.state()
                caller.socket.transport.pause_reading()
                await move_until_let_go(stage)
                caller.socket.transport.abort()


def small_window(stage: Stage) -> socket.socket:
    """A connection whose far end soon can write no more."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = stage.origin.removeprefix("http://").split(":")
    connected.connect((host, int(port)))
    connected.setblocking(False)
    return connected


async def move_until_let_go(stage: Stage) -> None:
    attempts = 0
    async with asyncio.timeout(PATIENCE_S):
        while stage.services.streams.open:
            attempts += 1
            statement = update(DeliveryRow).where(col(DeliveryRow.platform) == Platform.META)
            changed = statement.values(attempts=attempts, request="x" * 50_000)
            await stage.world.database.write(partial(Session.execute, statement=changed))
    await stage.nothing_left()


@pytest.mark.parametrize("path", ["/", "/nowhere", "/graphiql", "/graphql/"])
async def test_a_socket_elsewhere_is_refused(sqlite_stage: Stage, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with sqlite_stage.socket(path):
            pass
    assert refused.value.response.status_code == 403


async def test_a_message_in_pieces_is_one_message(sqlite_stage: Stage) -> None:
    async with sqlite_stage.socket() as caller:
        await caller.socket.send(['{"type": ', '"ping"}'])
        assert await Caller(caller.socket).hear() == {"type": "pong"}
