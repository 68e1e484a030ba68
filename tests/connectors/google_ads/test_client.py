import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.google_ads.settings import GoogleAdsSettings
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up
from tests.connectors.leads import conversion, lead

[CASE] = [case for case in CASES if case.name == "google_ads"]


async def sent(
    server: HttpServer, http: httpx.AsyncClient, *, test_mode: bool = False, times: int = 1
) -> Outcome:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    settings = GoogleAdsSettings.model_validate(CASE.settings)
    body = connector.build(lead(), conversion(), settings, test_mode=test_mode)
    for _ in range(times):
        outcome = await connector.send(connection, body)
    return outcome


async def test_the_event_goes_out_with_the_token_in_a_header(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("/v1", answer(200, {"requestId": "r"}))
    await sent(server, http)
    [request] = server.requests("/v1/events:ingest")
    assert request.headers["authorization"].startswith("bearer ya29.")
    assert request.json["events"][0]["transactionId"] == conversion().event_id


async def test_one_token_serves_many_events(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("/v1", answer(200, {"requestId": "r"}))
    await sent(server, http, times=3)
    assert len(server.requests("/token")) == 1
    assert len(server.requests("/v1")) == 3


async def test_a_refused_token_is_renewed_and_the_event_sent_once_more(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("/v1", answer(401, b"{}"), answer(200, {"requestId": "r"}))
    outcome = await sent(server, http)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert len(server.requests("/token")) == 2
    first, second = server.requests("/v1")
    assert first.body == second.body


async def test_two_refused_tokens_hold_the_integration(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("/v1", answer(401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "No"}}))
    outcome = await sent(server, http)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "UNAUTHENTICATED")
    assert len(server.requests("/v1")) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(400, {"error": "invalid_grant"}), OutcomeKind.AUTHENTICATION),
        (answer(503), OutcomeKind.RETRY),
        (hang_up, OutcomeKind.RETRY),
    ],
)
@pytest.mark.parametrize("first", [True, False])
async def test_without_a_token_nothing_is_sent(
    reply: Reply, kind: OutcomeKind, first: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    body = connector.build(lead(), conversion(), connection.settings, test_mode=False)
    granted = answer(200, {"access_token": "old", "expires_in": 3600})
    server.tell("/token", *([reply] if first else [granted, reply]))
    server.tell("/v1", answer(401, b"{}"))
    outcome = await connector.send(connection, body)
    assert outcome.kind is kind
    assert len(server.requests("/v1")) == (0 if first else 1)


async def test_in_test_mode_google_only_checks(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("/v1", answer(200, {}))
    outcome = await sent(server, http, test_mode=True)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert server.requests("/v1")[0].json["validateOnly"] is True
