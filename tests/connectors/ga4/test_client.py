import httpx
import pytest

from app.connectors.base import OutcomeKind
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import lead

[CASE] = [case for case in CASES if case.name == "ga4"]


async def test_id_and_secret_are_quoted_into_the_address(server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    strange = connector.credentials_model.model_validate({"api_secret": "a&b=c#d?e%f+g"})
    server.tell("", answer(204))
    body = connector.build(lead(), CASE.conversion(), connection.settings, test_mode=False)
    object.__setattr__(connection, "credentials", strange)
    await connector.send(connection, body)
    [request] = server.received
    query = httpx.QueryParams(request.target.partition("?")[2])
    assert dict(query) == {"measurement_id": "G-TEST123456", "api_secret": "a&b=c#d?e%f+g"}
    assert request.json == body


@pytest.mark.parametrize("status", [200, 202, 204, 299])
async def test_any_2xx_is_delivered_whatever_it_says(
    status: int, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(status, b"" if status == 204 else b"<html>ok</html>"))
    outcome = await connector.send(connection, {})
    assert (outcome.kind, outcome.http_status, outcome.message) == (OutcomeKind.DELIVERED, status, None)


async def test_a_page_says_no_less_than_its_status(server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(404, "<html>Not found</html>", Content_Type="text/html"))
    assert (await connector.send(connection, {})).kind is OutcomeKind.CONFIGURATION
