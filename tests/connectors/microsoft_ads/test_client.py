from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.batching import join, send_together
from app.values import DeliveryKind
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import lead

[CASE] = [case for case in CASES if case.name == "microsoft_ads"]
API = "/CampaignManagement/v13"
EXPIRED = {"Errors": [{"Code": 109, "ErrorCode": "AuthenticationTokenExpired", "Message": "Expired."}]}


async def sent(
    server: HttpServer, http: httpx.AsyncClient, *, kind: DeliveryKind = DeliveryKind.SEND, **credentials: Any
) -> Outcome:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    changed = connection.credentials.model_copy(update=credentials)
    body = connector.build(lead(), CASE.conversion(kind=kind), connection.settings, test_mode=False)
    return await connector.send(replace(connection, credentials=changed), body)


async def test_a_conversion_goes_out_with_all_headers(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell(API, answer(200, CASE.success))
    await sent(server, http)
    [request] = server.requests(API)
    assert request.target == f"{API}/OfflineConversions/Apply"
    assert request.headers["authorization"].startswith("bearer ya29.")
    named = ("developertoken", "customerid", "customeraccountid")
    assert [request.headers[name] for name in named] == ["devtoken0003", "250000001", "180000001"]


@pytest.mark.parametrize("kind", [DeliveryKind.RESTATE, DeliveryKind.RETRACT])
async def test_an_adjustment_goes_to_its_own_address(
    kind: DeliveryKind, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell(API, answer(200, CASE.success))
    assert (await sent(server, http, kind=kind)).kind is OutcomeKind.DELIVERED
    [request] = server.requests(API)
    assert request.target == f"{API}/OfflineConversionAdjustments/Apply"


async def test_a_token_is_asked_for_with_the_scope_of_microsoft_advertising(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell(API, answer(200, CASE.success))
    await sent(server, http)
    form = parse_qs(server.requests("/token")[0].body.decode())
    assert form["scope"] == ["https://ads.microsoft.com/msads.manage offline_access"]
    assert form["client_secret"] == ["client-secret-0003"]


async def test_a_public_client_sends_no_secret(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell(API, answer(200, CASE.success))
    await sent(server, http, client_secret=None)
    assert b"client_secret" not in server.requests("/token")[0].body


@pytest.mark.parametrize("refusal", [answer(401, b"{}"), answer(401, EXPIRED), answer(500, EXPIRED)])
async def test_an_expired_token_is_renewed_and_the_conversion_sent_once_more(
    refusal: Any, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell(API, refusal, answer(200, CASE.success))
    assert (await sent(server, http)).kind is OutcomeKind.DELIVERED
    assert len(server.requests("/token")) == 2
    first, second = server.requests(API)
    assert first.body == second.body


async def test_a_token_that_expires_again_holds_the_integration(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell(API, answer(401, EXPIRED))
    outcome = await sent(server, http)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "109")
    assert len(server.requests(API)) == 2


async def test_a_connection_that_ended_between_two_tokens_holds_it_too(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell(
        "/token",
        answer(200, {"access_token": "first", "expires_in": 3600}),
        answer(400, {"error": "invalid_grant", "error_description": "AADSTS700082: The token has expired."}),
    )
    server.tell(API, answer(401, EXPIRED))
    body = connector.build(lead(), CASE.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(connection, body)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "invalid_grant")


async def test_without_a_token_nothing_is_sent(server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("/token", answer(503, b""))
    body = connector.build(lead(), CASE.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(connection, body)
    assert outcome.kind is OutcomeKind.RETRY
    assert server.requests(API) == []


async def test_of_a_batch_only_what_microsoft_names_is_refused(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell(API, answer(200, {"PartialErrors": [{"Code": 5604, "Index": 1, "Message": "Bad."}]}))
    bodies = [
        connector.build(lead(), CASE.conversion(target=name), connection.settings, test_mode=False)
        for name in ("Won lead", "Lost lead", "Repeat order")
    ]
    done = await send_together(connector, connection, bodies)
    assert [(one.kind, one.code) for one in done.outcomes] == [
        (OutcomeKind.DELIVERED, None),
        (OutcomeKind.REJECTED, "5604"),
        (OutcomeKind.DELIVERED, None),
    ]
    [request] = server.requests(API)
    assert request.json == join(bodies, connector.facts.batch)
