import httpx
import pytest

from app.connectors.base import OutcomeKind
from app.connectors.meta.settings import MetaSettings
from tests.connectors.cases import CASES, Case
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import lead

META = [case for case in CASES if case.name.startswith("meta")]
each_mode = pytest.mark.parametrize("case", META, ids=lambda case: case.name)


@each_mode
async def test_the_token_goes_into_the_body_alone(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", answer(200, case.success))
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    before = dict(body)
    await connector.send(connection, body)
    [request] = server.received
    assert request.target == "/v26.0/1234567890123456/events"
    assert "authorization" not in request.headers
    assert request.json == {**body, "access_token": "EAAtest0access0token"}
    assert body == before


@each_mode
async def test_in_test_mode_without_a_code_nothing_is_sent(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http, test_mode=True)
    settings = MetaSettings.model_validate({**case.settings, "test_event_code": None})
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
    outcome = await connector.send(connection, body)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert server.received[0].json["test_event_code"] == "TEST123"
