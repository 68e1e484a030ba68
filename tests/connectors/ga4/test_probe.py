from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.connectors.base import OutcomeKind
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import Sandboxed, sandboxed

[CASE] = [case for case in CASES if case.name == "ga4"]


@pytest.fixture
async def stage() -> AsyncIterator[Sandboxed]:
    async with sandboxed(CASE) as played:
        yield played


async def test_only_the_validation_server_is_asked(stage: Sandboxed) -> None:
    outcome = await stage.connector.probe(stage.connection, CASE.target)
    assert outcome.message
    assert "never says whether the measurement id and the API secret are right" in outcome.message
    [received] = (await stage.book())["otherCalls"]
    assert (received["endpoint"], received["body"]["events"][0]["name"]) == ("debug", CASE.target)
    assert (await stage.book())["received"] == 0


@pytest.mark.parametrize("target", ["session_start", "won lead", "1st", ""])
async def test_a_name_that_would_be_dropped_is_found(stage: Sandboxed, target: str) -> None:
    outcome = await stage.connector.probe(stage.connection, target)
    assert outcome.kind is OutcomeKind.CONFIGURATION
    assert outcome.message
    assert outcome.message.startswith("Google Analytics would drop the event this label is mapped to.")


@pytest.mark.parametrize(
    "found", [{"fieldPath": "events", "validationCode": "NAME_INVALID"}, {"fieldPath": "events[0].name"}]
)
async def test_the_name_is_known_by_the_path_or_by_the_code(
    found: dict[str, str], server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(200, {"validationMessages": [found]}))
    assert (await connector.probe(connection, "x")).kind is OutcomeKind.CONFIGURATION


async def test_another_problem_is_told_and_holds_nothing(stage: Sandboxed) -> None:
    await stage.order(fail="VALIDATION")
    outcome = await stage.connector.probe(stage.connection, CASE.target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "VALUE_INVALID")
    assert outcome.message
    assert "was told to find something" in outcome.message


@pytest.mark.parametrize("body", [None, {}, [], {"validationMessages": "none"}])
async def test_what_cannot_be_read_tells_nothing(
    body: Any, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(200, body))
    assert (await connector.probe(connection, CASE.target)).kind is OutcomeKind.RETRY


async def test_a_message_of_an_unknown_shape_is_a_problem(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(200, {"validationMessages": ["?"]}))
    outcome = await connector.probe(connection, CASE.target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "UNKNOWN")


@pytest.mark.parametrize("status", [403, 404])
async def test_an_address_without_a_validation_server_holds_nothing(
    status: int, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(status, "<html>No</html>", Content_Type="text/html"))
    assert (await connector.probe(connection, CASE.target)).kind is OutcomeKind.RETRY
    server.tell("", answer(status, b"{}"))
    assert (await connector.probe(connection, CASE.target)).kind is OutcomeKind.RETRY
