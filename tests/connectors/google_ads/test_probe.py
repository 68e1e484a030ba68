import warnings
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from google.protobuf import json_format

from app.connectors.base import OutcomeKind
from app.sandbox.google_ads.catalogue import CASES as FAILURES
from app.sandbox.google_ads.tokens import LIFE_S
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import Sandboxed, sandboxed

with warnings.catch_warnings():
    # Google's generated code warns of what newer releases of Python will do.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    from google.ads.datamanager_v1 import IngestEventsRequest

[CASE] = [case for case in CASES if case.name == "google_ads"]
ABOUT_THE_EVENT = [
    "EVENT_TIME_INVALID",
    "INVALID_AD_IDENTIFIER_FOR_ACCOUNT",
    "NO_IDENTIFIERS_PROVIDED",
    "INVALID_SHA256_FORMAT",
    "INVALID_HEX_ENCODING",
    "REQUIRED_FIELD_MISSING",
]
ABOUT_THE_TARGET = [
    "INVALID_CONVERSION_ACTION_ID",
    "INVALID_CONVERSION_ACTION_TYPE",
    "INVALID_DESTINATION",
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
    "NOT_ALLOWLISTED",
    "TERMS_AND_CONDITIONS_NOT_SIGNED",
    "PERMISSION_DENIED",
    "SERVICE_DISABLED",
]


@pytest.fixture
async def stage() -> AsyncIterator[Sandboxed]:
    async with sandboxed(CASE) as played:
        yield played


@pytest.mark.parametrize("user_data", [True, False])
async def test_the_made_up_event_is_whole_and_only_validated(user_data: bool) -> None:
    async with sandboxed(CASE, user_data=user_data) as stage:
        outcome = await stage.connector.probe(stage.connection, CASE.target)
        [received] = (await stage.book())["requests"]
    assert outcome.kind is OutcomeKind.DELIVERED
    assert "problems" not in received
    assert received["body"]["validateOnly"] is True
    assert ("userData" in received["body"]["events"][0]) == user_data
    json_format.ParseDict(received["body"], IngestEventsRequest.pb()())


@pytest.mark.parametrize("name", ABOUT_THE_EVENT)
async def test_a_reason_that_lies_in_the_made_up_event_says_that_the_target_works(
    stage: Sandboxed, name: str
) -> None:
    await stage.order(fail=name)
    outcome = await stage.connector.probe(stage.connection, CASE.target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.DELIVERED, None)


@pytest.mark.parametrize("name", ABOUT_THE_TARGET)
async def test_a_target_that_cannot_be_used_is_found(stage: Sandboxed, name: str) -> None:
    await stage.order(fail=name)
    outcome = await stage.connector.probe(stage.connection, CASE.target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, name)


async def test_an_unknown_conversion_action_is_found(stage: Sandboxed) -> None:
    outcome = await stage.connector.probe(stage.connection, "987404")
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "INVALID_CONVERSION_ACTION_ID")


async def test_a_target_that_is_no_number_is_found(stage: Sandboxed) -> None:
    outcome = await stage.connector.probe(stage.connection, "Qualified lead")
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "INVALID_NUMBER_FORMAT")


async def test_a_conversion_action_that_is_too_young_is_tried_later(stage: Sandboxed) -> None:
    await stage.order(fail="CONVERSION_ACTION_TOO_RECENTLY_CREATED")
    outcome = await stage.connector.probe(stage.connection, CASE.target)
    assert (outcome.kind, outcome.retry_after_s) == (OutcomeKind.RETRY, 6 * 3600)


@pytest.mark.parametrize("body", [{"error": {"status": "INVALID_ARGUMENT", "message": "No"}}, {}])
async def test_a_refusal_without_a_reason_tells_nothing(
    body: Any, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell("/v1", answer(400, body))
    outcome = await connector.probe(connection, CASE.target)
    assert outcome.kind is OutcomeKind.RETRY


async def test_a_held_access_token_does_not_hide_that_the_grant_was_revoked(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    granted = answer(200, {"access_token": "ya29.still-good", "expires_in": LIFE_S})
    server.tell("/token", granted, answer(400, {"error": "invalid_grant"}))
    server.tell("/v1", answer(200, {"requestId": "r"}))
    assert (await connector.send(connection, {"validateOnly": True})).kind is OutcomeKind.DELIVERED
    outcome = await connector.probe(connection, CASE.target)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, "invalid_grant")


async def test_without_a_target_a_request_nobody_sent_is_asked_after(stage: Sandboxed) -> None:
    outcome = await stage.connector.probe(stage.connection, None)
    assert outcome.kind is OutcomeKind.DELIVERED
    status, token = (await stage.book())["otherCalls"]
    assert (status["endpoint"], status["status"], token["endpoint"]) == ("status", 400, "token")
    assert (await stage.book())["received"] == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SERVICE_DISABLED", OutcomeKind.CONFIGURATION),
        ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", OutcomeKind.AUTHENTICATION),
        ("UNAUTHENTICATED", OutcomeKind.AUTHENTICATION),
        ("UNAVAILABLE", OutcomeKind.RETRY),
        # About a request that belongs to nobody, so nothing is learned of the account.
        ("PERMISSION_DENIED", OutcomeKind.DELIVERED),
    ],
)
async def test_without_a_target_only_the_access_is_judged(
    stage: Sandboxed, name: str, kind: OutcomeKind
) -> None:
    assert "status" in FAILURES[name].endpoints
    await stage.order(fail=name, endpoint="status")
    assert (await stage.connector.probe(stage.connection, None)).kind is kind
