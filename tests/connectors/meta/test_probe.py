from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from app.connectors.base import OutcomeKind
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import Sandboxed, sandboxed

[CASE] = [case for case in CASES if case.name == "meta_crm"]


@pytest.fixture
async def stage() -> AsyncIterator[Sandboxed]:
    async with sandboxed(CASE) as played:
        yield played


async def test_no_event_is_sent(stage: Sandboxed) -> None:
    await stage.connector.probe(stage.connection, CASE.target)
    [received] = (await stage.book())["requests"]
    assert received["body"] == {"data": [], "access_token": "***"}
    assert received["status"] == 400


async def test_in_test_mode_it_works_as_well(stage: Sandboxed) -> None:
    outcome = await stage.connector.probe(replace(stage.connection, test_mode=True), CASE.target)
    assert outcome.kind is OutcomeKind.DELIVERED


async def test_a_dataset_that_is_not_there_is_found() -> None:
    async with sandboxed(CASE, dataset_id="1234567890404") as stage:
        outcome = await stage.connector.probe(stage.connection, None)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "100/33")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("190/463", OutcomeKind.AUTHENTICATION),
        ("102", OutcomeKind.AUTHENTICATION),
        ("200", OutcomeKind.CONFIGURATION),
        ("10", OutcomeKind.CONFIGURATION),
        ("4", OutcomeKind.RETRY),
        ("2", OutcomeKind.RETRY),
        ("100", OutcomeKind.DELIVERED),
        ("100/2804019", OutcomeKind.DELIVERED),
    ],
)
async def test_every_other_refusal_means_what_it_means_for_events(
    stage: Sandboxed, name: str, kind: OutcomeKind
) -> None:
    await stage.order(fail=name)
    assert (await stage.connector.probe(stage.connection, CASE.target)).kind is kind


@pytest.mark.parametrize("received", [0, 1])
async def test_a_success_works_too(received: int, server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(200, {"events_received": received}))
    assert (await connector.probe(connection, None)).kind is OutcomeKind.DELIVERED
