from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from tests.connectors.cases import CASES, Case
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import sandboxed

[STATIC, REFRESHING] = [case for case in CASES if case.name.startswith("linkedin")]


async def tried(
    target: str | None, *, case: Case = STATIC, test_mode: bool = False, **settings: Any
) -> Outcome:
    """What the probe finds in the sandbox."""
    async with sandboxed(case, **settings) as stage:
        connection = replace(stage.connection, test_mode=test_mode)
        return await stage.connector.probe(connection, target)


@pytest.mark.parametrize(
    ("target", "kind", "code"),
    [
        ("104012", OutcomeKind.DELIVERED, None),
        ("urn:lla:llaPartnerConversion:104012", OutcomeKind.DELIVERED, None),
        ("104404", OutcomeKind.CONFIGURATION, "HTTP_404"),
        ("104405", OutcomeKind.CONFIGURATION, "WRONG_CONVERSION_METHOD"),
        ("104406", OutcomeKind.CONFIGURATION, "RULE_SWITCHED_OFF"),
        ("Lead", OutcomeKind.CONFIGURATION, "INVALID_TARGET"),
        (None, OutcomeKind.DELIVERED, None),
    ],
)
async def test_a_rule_is_found_usable_or_not(target: str | None, kind: OutcomeKind, code: str | None) -> None:
    outcome = await tried(target)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert outcome.message


@pytest.mark.parametrize("target", ["104012", None])
async def test_an_ad_account_that_does_not_exist_is_found_out(target: str | None) -> None:
    outcome = await tried(target, ad_account_id="1404")
    assert outcome.kind is OutcomeKind.CONFIGURATION


@pytest.mark.parametrize("target", ["104012", None])
async def test_in_test_mode_it_says_that_nothing_could_be_sent(target: str | None) -> None:
    outcome = await tried(target, test_mode=True)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "NO_TEST_MODE")


async def test_what_is_wrong_comes_before_the_test_mode() -> None:
    assert (await tried("104405", test_mode=True)).code == "WRONG_CONVERSION_METHOD"


async def test_a_probe_fetches_a_new_token_where_it_can() -> None:
    async with sandboxed(REFRESHING) as stage:
        for _ in range(2):
            await stage.connector.probe(stage.connection, None)
        calls = [call["endpoint"] for call in (await stage.book())["otherCalls"]]
    assert calls.count("token") == 2


async def test_an_ended_version_is_found_out() -> None:
    async with sandboxed(STATIC) as stage:
        endpoint = replace(stage.connection.endpoint, api_version="202507")
        outcome = await stage.connector.probe(replace(stage.connection, endpoint=endpoint), None)
    assert (outcome.kind, outcome.code) == (OutcomeKind.API_SUNSET, "NONEXISTENT_VERSION")


@pytest.mark.parametrize("target", ["104012", None])
async def test_the_account_is_named_in_the_address(
    target: str | None, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = STATIC.connector()
    connection = STATIC.connection(connector, server, http)
    server.tell("", answer(200, {"id": 104012, "elements": []}))
    assert (await connector.probe(connection, target)).kind is OutcomeKind.DELIVERED
    [request] = server.received
    assert request.method == "GET"
    assert "account=urn%3Ali%3AsponsoredAccount%3A512345678" in request.target
    assert request.headers["linkedin-version"] == "202607"


@pytest.mark.parametrize("target", ["104012", None])
@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'{"id": 5, "elements": 5}', b"{"])
async def test_an_answer_about_something_else_tells_nothing(
    target: str | None, body: bytes, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = STATIC.connector()
    connection = STATIC.connection(connector, server, http)
    server.tell("", answer(200, body))
    outcome = await connector.probe(connection, target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "UNREADABLE")
