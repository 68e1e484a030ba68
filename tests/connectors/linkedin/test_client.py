import httpx
import pytest

from app.connectors.base import OutcomeKind
from app.connectors.batching import group, join, send_together
from tests.connectors.cases import CASES, Case
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import lead
from tests.connectors.sandboxed import sandboxed

[STATIC, REFRESHING] = [case for case in CASES if case.name.startswith("linkedin")]
each_way = pytest.mark.parametrize("case", [STATIC, REFRESHING], ids=lambda case: case.name)


@each_way
async def test_a_request_carries_token_versions_and_the_method_in_its_headers(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("/rest", answer(200, case.success))
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    await connector.send(connection, body)
    [request] = server.requests("/rest/conversionEvents")
    assert request.headers["authorization"].startswith("bearer ")
    assert request.headers["linkedin-version"] == "202607"
    assert request.headers["x-restli-protocol-version"] == "2.0.0"
    assert request.headers["x-restli-method"] == "batch_create"
    assert request.json == body


async def test_a_refused_token_that_cannot_be_renewed_holds_the_integration_at_once(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = STATIC.connector()
    connection = STATIC.connection(connector, server, http)
    server.tell("/rest", answer(401, {"serviceErrorCode": 65601, "status": 401, "message": "No"}))
    body = connector.build(lead(), STATIC.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(connection, body)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "REVOKED_ACCESS_TOKEN")
    assert len(server.received) == 1


async def test_a_refused_token_is_renewed_and_the_event_sent_once_more(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = REFRESHING.connector()
    connection = REFRESHING.connection(connector, server, http)
    server.tell("/rest", answer(401, b"{}"), answer(200, REFRESHING.success))
    body = connector.build(lead(), REFRESHING.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(connection, body)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert len(server.requests("/token")) == 2
    first, second = server.requests("/rest")
    assert first.body == second.body


@pytest.mark.parametrize("first", [True, False])
async def test_without_a_token_nothing_is_sent(
    first: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = REFRESHING.connector()
    connection = REFRESHING.connection(connector, server, http)
    granted = answer(200, {"access_token": "old", "expires_in": 5_184_000})
    ended = answer(400, {"error": "invalid_grant", "error_description": "expired"})
    server.tell("/token", *([ended] if first else [granted, ended]))
    server.tell("/rest", answer(401, b"{}"))
    body = connector.build(lead(), REFRESHING.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(connection, body)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "invalid_grant")
    assert len(server.requests("/rest")) == (0 if first else 1)


async def test_of_a_batch_with_bad_events_the_good_ones_are_counted_and_each_bad_one_is_told_why() -> None:
    async with sandboxed(STATIC) as stage:
        connector, connection = stage.connector, stage.connection
        targets = ["104012", "104404", "104012", "104405", "104012"]
        bodies = [
            connector.build(
                lead(),
                STATIC.conversion(target=target, event_id=f"lw-{index}"),
                connection.settings,
                test_mode=False,
            )
            for index, target in enumerate(targets)
        ]
        bodies[2]["elements"][0]["conversionHappenedAt"] = 1
        assert group(bodies, connector.facts.batch) == [[0, 1, 2, 3, 4]]
        sent = await send_together(connector, connection, bodies)
        assert [(one.kind, one.code) for one in sent.outcomes] == [
            (OutcomeKind.DELIVERED, None),
            (OutcomeKind.CONFIGURATION, "NO_AD_ACCOUNTS"),
            (OutcomeKind.REJECTED, "INVALID_TIME"),
            (OutcomeKind.CONFIGURATION, "WRONG_CONVERSION_METHOD"),
            (OutcomeKind.DELIVERED, None),
        ]
        assert (await stage.book())["conversions"] == 2


async def test_a_batch_whose_elements_are_refused_one_by_one_is_told_so_for_each() -> None:
    async with sandboxed(STATIC) as stage:
        connector, connection = stage.connector, stage.connection
        bodies = [
            connector.build(lead(), STATIC.conversion(event_id=name), connection.settings, test_mode=False)
            for name in ("lw-a", "lw-b")
        ]
        await stage.order(fail="ELEMENTS_REFUSED")
        outcome = await connector.send(connection, join(bodies, connector.facts.batch))
        assert [one.kind for one in outcome.events.values()] == [OutcomeKind.REJECTED] * 2
