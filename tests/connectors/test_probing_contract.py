"""What every connector's probe must do: find out, count nothing, and never raise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from tests.connectors.cases import CASES, QUICK, Case, every_connector
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up
from tests.connectors.leads import lead
from tests.connectors.sandboxed import is_played, sandboxed
from tests.connectors.test_sending_contract import FUZZ, PERSONAL

PLAYED = [case for case in CASES if is_played(case)]
CAN_TELL = [case for case in CASES if case.connector().facts.probe_every is not None]
MEANINGFUL = {
    OutcomeKind.DELIVERED,
    OutcomeKind.RETRY,
    OutcomeKind.AUTHENTICATION,
    OutcomeKind.CONFIGURATION,
    OutcomeKind.API_SUNSET,
}
"""A probe sends nothing that could be rejected, accepted for later or taken unnoticed."""

every_played: Callable[..., Any] = pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.name)
that_can_tell: Callable[..., Any] = pytest.mark.parametrize("case", CAN_TELL, ids=lambda case: case.name)
with_and_without_a_target: Callable[..., Any] = pytest.mark.parametrize("has_target", [True, False])


async def probed(
    case: Case,
    server: HttpServer,
    http: httpx.AsyncClient,
    *replies: Reply,
    has_target: bool = True,
    **wire: Any,
) -> Outcome:
    connector = case.connector(**wire)
    connection = case.connection(connector, server, http)
    server.tell("", *replies)
    return await connector.probe(connection, case.target if has_target else None)


@every_connector
@with_and_without_a_target
@pytest.mark.parametrize("reply", FUZZ.values(), ids=FUZZ.keys())
async def test_no_answer_makes_a_probe_raise(
    case: Case, reply: Reply, has_target: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(case, server, http, reply, has_target=has_target)
    assert outcome.kind in MEANINGFUL
    assert outcome.message


@every_connector
async def test_an_answer_that_never_comes_tells_nothing(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(case, server, http, server.silence, timeouts=QUICK)
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "TIMEOUT")


@every_connector
@with_and_without_a_target
async def test_a_platform_that_cannot_be_reached_tells_nothing(
    case: Case, has_target: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", hang_up)
    unreachable = replace(connection.endpoint, base_url="http://127.0.0.1:1")
    outcome = await connector.probe(
        replace(connection, endpoint=unreachable), case.target if has_target else None
    )
    assert outcome.kind in {OutcomeKind.RETRY, OutcomeKind.DELIVERED}


@every_connector
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_outage_tells_nothing_and_names_its_pause(
    case: Case, status: int, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(case, server, http, answer(status, b"{}", Retry_After="120"))
    assert (outcome.kind, outcome.retry_after_s) == (OutcomeKind.RETRY, 120)


@that_can_tell
@with_and_without_a_target
async def test_credentials_that_are_refused_are_found(
    case: Case, has_target: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(case, server, http, answer(401, b"{}"), has_target=has_target)
    assert outcome.kind is OutcomeKind.AUTHENTICATION
    assert outcome.message


@every_connector
async def test_a_probe_shows_no_secret_that_a_platform_repeats(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    echo = " ".join([*case.secrets, *PERSONAL[:4]])
    error = {"code": 100, "status": "INVALID_ARGUMENT", "message": echo, "error_user_msg": echo, echo: [echo]}
    outcome = await probed(case, server, http, answer(400, {"error": error, "access_token": echo}))
    kept = repr(outcome)
    assert not [text for text in (*case.secrets, *PERSONAL[:4]) if text in kept]


@every_played
@with_and_without_a_target
async def test_a_connection_that_works_is_found_to_and_nothing_is_counted(
    case: Case, has_target: bool
) -> None:
    async with sandboxed(case) as stage:
        outcome = await stage.connector.probe(stage.connection, case.target if has_target else None)
        assert outcome.kind is OutcomeKind.DELIVERED
        assert outcome.message
        book = await stage.book()
        assert book["conversions"] == 0
        assert book["counted"] == []


@pytest.mark.parametrize("case", [case for case in PLAYED if case in CAN_TELL], ids=lambda case: case.name)
@with_and_without_a_target
async def test_a_connection_that_was_revoked_is_found_out(case: Case, has_target: bool) -> None:
    async with sandboxed(case, in_force=False) as stage:
        outcome = await stage.connector.probe(stage.connection, case.target if has_target else None)
        assert outcome.kind is OutcomeKind.AUTHENTICATION
        assert outcome.message
        assert (await stage.book())["conversions"] == 0


NEEDS_A_CODE = [case for case in CASES if "test_event_code" in case.settings]
NOT_IN_TEST_MODE = [case for case in PLAYED if not case.has_test_mode]


@pytest.mark.parametrize(
    ("case", "left_out"),
    [
        *((case, {"test_event_code": None}) for case in NEEDS_A_CODE),
        *((case, {}) for case in NOT_IN_TEST_MODE),
    ],
    ids=lambda value: getattr(value, "name", None),
)
@with_and_without_a_target
async def test_a_connection_whose_test_mode_sends_nothing_is_found(
    case: Case, left_out: dict[str, Any], has_target: bool
) -> None:
    async with sandboxed(case, **left_out) as stage:
        in_test_mode = replace(stage.connection, test_mode=True)
        probed_ = await stage.connector.probe(in_test_mode, case.target if has_target else None)
        body = stage.connector.build(lead(), case.conversion(), in_test_mode.settings, test_mode=True)
        sent = await stage.connector.send(in_test_mode, body)
        assert (probed_.kind, probed_.code) == (OutcomeKind.CONFIGURATION, sent.code)
        assert (await stage.book())["conversions"] == 0
