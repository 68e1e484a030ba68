import httpx
import pytest

from app.connectors.base import OutcomeKind
from app.connectors.batching import group, send_together
from app.connectors.tiktok.settings import TikTokSettings
from tests.connectors.cases import CASES, Case
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import lead
from tests.connectors.sandboxed import sandboxed

TIKTOK = [case for case in CASES if case.name.startswith("tiktok")]
each_mode = pytest.mark.parametrize("case", TIKTOK, ids=lambda case: case.name)
EVENT_IDS = ("lw-1", "lw-2", "lw-3", "lw-4")


@each_mode
async def test_the_token_goes_into_its_header_alone(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", answer(200, case.success))
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    await connector.send(connection, body)
    [request] = server.received
    assert request.target == "/open_api/v1.3/event/track/"
    assert request.headers["access-token"] == case.credentials["access_token"]
    assert "authorization" not in request.headers
    assert request.json == body


@each_mode
async def test_in_test_mode_without_a_code_nothing_is_sent(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http, test_mode=True)
    settings = TikTokSettings.model_validate({**case.settings, "test_event_code": None})
    body = connector.build(lead(), case.conversion(), settings, test_mode=True)
    outcome = await connector.send(connection, body)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "NO_TEST_EVENT_CODE")
    assert server.received == []


@each_mode
async def test_in_test_mode_the_code_is_sent(case: Case, server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http, test_mode=True)
    server.tell("", answer(200, case.success))
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=True)
    assert (await connector.send(connection, body)).kind is OutcomeKind.DELIVERED
    assert server.received[0].json["test_event_code"] == "TEST123"


@each_mode
async def test_the_sandbox_takes_what_is_built_and_counts_it_once(case: Case) -> None:
    async with sandboxed(case) as stage:
        body = stage.connector.build(lead(), case.conversion(), stage.connection.settings, test_mode=False)
        for _ in range(2):
            assert (await stage.connector.send(stage.connection, body)).kind is OutcomeKind.DELIVERED
        book = await stage.book()
        assert (book["received"], book["conversions"]) == (2, 1)
        assert "problems" not in book["requests"][0]


@each_mode
@pytest.mark.parametrize("scripted", [None, "20001_UNNAMED"])
async def test_a_bad_event_takes_no_good_one_with_it(case: Case, scripted: str | None) -> None:
    async with sandboxed(case) as stage:
        connector, connection = stage.connector, stage.connection
        bodies = [
            connector.build(lead(), case.conversion(event_id=name), connection.settings, test_mode=False)
            for name in EVENT_IDS
        ]
        bodies[2]["data"][0]["event_time"] = 1_000_000_000
        assert group(bodies, connector.facts.batch) == [[0, 1, 2, 3]]
        if scripted:
            await stage.order(fail=scripted)
        sent = await send_together(connector, connection, bodies)
        delivered, rejected = OutcomeKind.DELIVERED, OutcomeKind.REJECTED
        assert [one.kind for one in sent.outcomes] == [delivered, delivered, rejected, delivered]
        assert (await stage.book())["conversions"] == 3


@each_mode
async def test_a_malformed_event_that_refuses_the_whole_request_is_found_by_halves(case: Case) -> None:
    async with sandboxed(case) as stage:
        connector, connection = stage.connector, stage.connection
        bodies = [
            connector.build(lead(), case.conversion(event_id=name), connection.settings, test_mode=False)
            for name in EVENT_IDS
        ]
        bodies[1]["data"][0]["user"]["email"] = "not a hash"
        sent = await send_together(connector, connection, bodies)
        delivered, rejected = OutcomeKind.DELIVERED, OutcomeKind.REJECTED
        assert [one.kind for one in sent.outcomes] == [delivered, rejected, delivered, delivered]
        assert (await stage.book())["conversions"] == 3
