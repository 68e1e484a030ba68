import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.base import Outcome, OutcomeKind, Renewals
from app.connectors.http import Wire
from app.connectors.oauth import ERRORS, Grant, TokenCache
from tests.connectors.cases import QUICK
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up
from tests.connectors.leads import NOW

ONE, OTHER = UUID(int=1), UUID(int=2)


class Watch:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def tokens(watch: Watch) -> TokenCache:
    return TokenCache(title="Example Ads", wire=Wire(clock=watch))


def grant(server: HttpServer, refresh_token: str = "refresh-1") -> Grant:
    return Grant(
        token_url=f"{server.url}/token",
        client_id="client",
        client_secret=SecretStr("secret-1"),
        refresh_token=SecretStr(refresh_token),
    )


def issued(token: str, **more: Any) -> Reply:
    return answer(200, {"access_token": token, "expires_in": 3600, **more})


def shown(token: SecretStr | Outcome) -> str:
    assert isinstance(token, SecretStr)
    return token.get_secret_value()


async def test_a_token_is_asked_for_as_the_standard_says(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"))
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    [request] = server.received
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (
        request.body
        == b"grant_type=refresh_token&client_id=client&client_secret=secret-1&refresh_token=refresh-1"
    )


async def test_a_public_client_sends_no_secret_and_a_scope_is_sent_where_it_is_needed(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"))
    public = replace(grant(server), client_secret=None, scope="ads.manage offline_access")
    await tokens.token(ONE, public, http)
    [request] = server.received
    assert (
        request.body == b"grant_type=refresh_token&client_id=client&refresh_token=refresh-1"
        b"&scope=ads.manage+offline_access"
    )


async def test_a_token_is_kept_until_a_minute_before_its_end(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache, watch: Watch
) -> None:
    server.tell("/token", issued("first"), issued("second"))
    await tokens.token(ONE, grant(server), http)
    watch.now = NOW + timedelta(seconds=3539)
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    watch.now = NOW + timedelta(seconds=3540)
    assert shown(await tokens.token(ONE, grant(server), http)) == "second"


@pytest.mark.parametrize("life", [None, "3600", -1, 0, 10**9, [1]])
async def test_a_token_without_a_sensible_end_lives_shortly(
    life: Any, server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache, watch: Watch
) -> None:
    server.tell("/token", issued("first", expires_in=life), issued("second"))
    await tokens.token(ONE, grant(server), http)
    watch.now = NOW + timedelta(seconds=239)
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    watch.now = NOW + timedelta(seconds=240)
    assert shown(await tokens.token(ONE, grant(server), http)) == "second"


async def test_a_token_that_lives_for_months_is_kept_for_a_day(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache, watch: Watch
) -> None:
    server.tell("/token", issued("first", expires_in=5_184_000), issued("second"))
    await tokens.token(ONE, grant(server), http)
    watch.now = NOW + timedelta(days=1, seconds=-61)
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    watch.now = NOW + timedelta(days=1, seconds=-60)
    assert shown(await tokens.token(ONE, grant(server), http)) == "second"


async def test_many_at_once_ask_for_one_token(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"), issued("second"))
    found = await asyncio.gather(*(tokens.token(ONE, grant(server), http) for _ in range(10)))
    assert {shown(token) for token in found} == {"first"}
    assert len(server.received) == 1


async def test_a_refused_token_is_renewed_once_for_all_who_had_it(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"), issued("second"), issued("third"))
    first = await tokens.token(ONE, grant(server), http)
    assert isinstance(first, SecretStr)
    found = await asyncio.gather(*(tokens.token(ONE, grant(server), http, refused=first) for _ in range(5)))
    assert {shown(token) for token in found} == {"second"}


async def test_connections_and_new_credentials_have_tokens_of_their_own(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"), issued("second"), issued("third"))
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    assert shown(await tokens.token(OTHER, grant(server), http)) == "second"
    assert shown(await tokens.token(ONE, grant(server, "refresh-2"), http)) == "third"


@pytest.mark.parametrize("code", ERRORS)
async def test_every_error_of_the_endpoint_says_what_to_do(
    code: str, server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    said = {"error": code, "error_description": "Token refresh-1 of secret-1 is gone"}
    server.tell("/token", answer(400, said))
    outcome = await tokens.token(ONE, grant(server), http)
    assert isinstance(outcome, Outcome)
    assert outcome.kind is ERRORS[code].kind
    assert outcome.code == code
    assert outcome.known
    assert outcome.message
    assert "Example Ads" in outcome.message
    assert "refresh-1" not in repr(outcome)
    assert "secret-1" not in repr(outcome)


def test_a_revoked_grant_holds_the_integration() -> None:
    assert ERRORS["invalid_grant"].kind is OutcomeKind.AUTHENTICATION


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(500), (OutcomeKind.RETRY, True)),
        (answer(503, {"error": {"code": 503}}), (OutcomeKind.RETRY, True)),
        (answer(429, b"{}", Retry_After="9"), (OutcomeKind.RETRY, True)),
        (answer(401, b"{}"), (OutcomeKind.AUTHENTICATION, True)),
        (answer(404, b"{}"), (OutcomeKind.RETRY, False)),
        (answer(400, b"{}"), (OutcomeKind.RETRY, False)),
        (answer(400, {"error": "brand_new"}), (OutcomeKind.RETRY, False)),
        (answer(200, {}), (OutcomeKind.RETRY, False)),
        (answer(200, []), (OutcomeKind.RETRY, False)),
        (answer(200, {"access_token": 5}), (OutcomeKind.RETRY, False)),
        (answer(200, {"access_token": ""}), (OutcomeKind.RETRY, False)),
        (answer(200, {"access_token": "tökén"}), (OutcomeKind.RETRY, False)),
        (answer(200, {"access_token": "a\r\nb"}), (OutcomeKind.RETRY, False)),
        (answer(201, {"access_token": "early"}), (OutcomeKind.RETRY, False)),
        (answer(200, "<html>", Content_Type="text/html"), (OutcomeKind.RETRY, True)),
        (hang_up, (OutcomeKind.RETRY, True)),
    ],
)
async def test_without_a_token_nothing_was_sent_so_nothing_is_rejected_or_ambiguous(
    reply: Reply,
    expected: tuple[OutcomeKind, bool],
    server: HttpServer,
    http: httpx.AsyncClient,
    tokens: TokenCache,
) -> None:
    server.tell("/token", reply)
    outcome = await tokens.token(ONE, grant(server), http)
    assert isinstance(outcome, Outcome)
    assert (outcome.kind, outcome.known) == expected


async def test_a_silent_endpoint_is_asked_again(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("/token", server.silence)
    outcome = await TokenCache(title="X", wire=Wire(timeouts=QUICK)).token(ONE, grant(server), http)
    assert isinstance(outcome, Outcome)
    assert outcome.kind is OutcomeKind.RETRY
    assert outcome.code == "TIMEOUT"


async def test_a_failed_renewal_is_not_remembered(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", answer(500), issued("first"))
    assert isinstance(await tokens.token(ONE, grant(server), http), Outcome)
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"


async def test_another_token_is_fetched_when_that_is_wanted_and_serves_from_then_on(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"), issued("second"))
    assert shown(await tokens.token(ONE, grant(server), http)) == "first"
    assert shown(await tokens.token(ONE, grant(server), http, renew=True)) == "second"
    assert shown(await tokens.token(ONE, grant(server), http)) == "second"


async def test_a_grant_that_does_not_work_any_more_shows_when_another_token_is_wanted(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first"), answer(400, {"error": "invalid_grant"}))
    await tokens.token(ONE, grant(server), http)
    refused = await tokens.token(ONE, grant(server), http, renew=True)
    assert isinstance(refused, Outcome)
    assert refused.kind is OutcomeKind.AUTHENTICATION


async def test_a_refresh_token_that_is_replaced_is_told_and_used_from_then_on(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache, watch: Watch
) -> None:
    server.tell(
        "/token",
        issued("first", refresh_token="refresh-2"),
        issued("second", refresh_token="refresh-3"),
        issued("third"),
    )
    renewals = Renewals()
    for token in ("first", "second", "third"):
        assert shown(await tokens.token(ONE, grant(server), http, renewals=renewals)) == token
        watch.now += timedelta(hours=2)
    assert [
        b"refresh_token=refresh-%d" % number in request.body
        for number, request in zip((1, 2, 3), server.received, strict=True)
    ] == [True] * 3
    found = renewals.get(ONE)
    assert found is not None
    assert (found.old.get_secret_value(), found.new.get_secret_value()) == ("refresh-1", "refresh-3")
    renewals.stored(ONE, found)
    assert renewals.get(ONE) is None


async def test_a_second_replacement_takes_the_place_of_the_first_though_the_connection_is_as_it_was_opened(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell(
        "/token", issued("first", refresh_token="refresh-2"), issued("second", refresh_token="refresh-3")
    )
    renewals = Renewals()
    await tokens.token(ONE, grant(server), http, renewals=renewals)
    first = renewals.get(ONE)
    assert first is not None
    renewals.stored(ONE, first)
    await tokens.token(ONE, grant(server), http, renew=True, renewals=renewals)
    second = renewals.get(ONE)
    assert second is not None
    assert (second.old.get_secret_value(), second.new.get_secret_value()) == ("refresh-2", "refresh-3")


async def test_what_was_stored_meanwhile_is_known_as_the_same_connection(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell("/token", issued("first", refresh_token="refresh-2"), issued("second"))
    await tokens.token(ONE, grant(server), http)
    assert shown(await tokens.token(ONE, grant(server, "refresh-2"), http)) == "first"
    assert shown(await tokens.token(ONE, grant(server, "refresh-9"), http)) == "second"


async def test_a_replacement_that_does_not_work_gives_what_is_stored_another_chance(
    server: HttpServer, http: httpx.AsyncClient, tokens: TokenCache
) -> None:
    server.tell(
        "/token",
        issued("first", refresh_token="refresh-2"),
        answer(400, {"error": "invalid_grant"}),
        issued("third"),
    )
    await tokens.token(ONE, grant(server), http)
    assert isinstance(await tokens.token(ONE, grant(server), http, renew=True), Outcome)
    assert shown(await tokens.token(ONE, grant(server), http)) == "third"
    assert b"refresh_token=refresh-1" in server.received[-1].body
