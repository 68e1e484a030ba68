"""What every connector does with a request and with whatever comes back, over real HTTP."""

import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.http import MAX_ANSWER_BYTES
from tests.connectors.cases import QUICK, Case, every_connector
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up, raw
from tests.connectors.leads import EVENT_AT, lead

PERSONAL = (
    "alexz@example.com",
    "+442079460018",
    "442079460018",
    "203.0.113.7",
    "Example/1.0",
    "SW1A",
    "Zeta",
)


async def attempt(
    case: Case, server: HttpServer, http: httpx.AsyncClient, *replies: Reply, **wire: Any
) -> Outcome:
    connector = case.connector(**wire)
    connection = case.connection(connector, server, http)
    server.tell("", *replies)
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    return await connector.send(connection, body)


@every_connector
async def test_a_success_is_understood(case: Case, server: HttpServer, http: httpx.AsyncClient) -> None:
    outcome = await attempt(case, server, http, answer(200, case.success))
    assert outcome.kind is case.success_kind
    assert outcome.http_status == 200
    assert outcome.code is None
    assert outcome.known
    [request] = server.requests(case.path)
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"


FUZZ: dict[str, Reply] = {
    "empty 200": answer(200),
    "204": answer(204),
    "html 200": answer(200, "<html><body>Welcome</body></html>", Content_Type="text/html"),
    "html 502": answer(502, "<html>Bad gateway</html>", Content_Type="text/html"),
    "truncated json": answer(200, b'{"requestId": "abc'),
    "null": answer(200, b"null"),
    "number": answer(200, b"5"),
    "list": answer(200, b"[1, [2, {}]]"),
    "error is a text": answer(400, {"error": "no"}),
    "error is a list": answer(400, {"error": [1]}),
    "error is empty": answer(400, {"error": {}}),
    "wrong types": answer(
        400,
        {
            "error": {
                "code": {"a": 1},
                "status": 7,
                "message": ["x"],
                "error_subcode": "?",
                "details": {"a": 1},
            }
        },
    ),
    "wrong details": answer(
        400,
        {
            "error": {
                "code": True,
                "details": [None, 5, {"reason": 5, "fieldViolations": [None, 5, {"reason": 5}]}],
            }
        },
    ),
    "wrong success": answer(200, {"requestId": 5, "events_received": "1", "fbtrace_id": []}),
    "infinite": answer(200, b'{"events_received": 1e999, "requestId": "\\ud800\\u0000"}'),
    "constants": answer(200, b'{"events_received": NaN}'),
    "deep": answer(200, b"[" * 60_000),
    "deep but whole": answer(400, b'{"error": ' + b'{"a": ' * 900 + b"1" + b"}" * 900 + b"}"),
    "long number": answer(400, b'{"error": {"code": ' + b"9" * 5_000 + b"}}"),
    "invalid utf-8": answer(200, b'{"requestId": "\xff\xfe"}'),
    "20 MB": answer(200, b" " * 20_000_000),
    "20 MB unpacked": answer(200, gzip.compress(b" " * 20_000_000), Content_Encoding="gzip"),
    "endless headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 20_000 + b"\r\n"),
    "no http": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "strange status": answer(299, b"{}"),
    "teapot": answer(418, b"{}"),
    "redirect": answer(302, Location="http://127.0.0.1:9/elsewhere"),
    "retry-after nonsense": answer(429, Retry_After="soon"),
    "hang up": hang_up,
}


@every_connector
@pytest.mark.parametrize("reply", FUZZ.values(), ids=FUZZ.keys())
async def test_no_answer_makes_a_connector_raise(
    case: Case, reply: Reply, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, reply)
    assert isinstance(outcome.kind, OutcomeKind)
    kept = json.dumps([outcome.response, outcome.message, outcome.code, outcome.request_id], allow_nan=False)
    assert len(kept) < 2 * MAX_ANSWER_BYTES
    assert "\\u0000" not in kept
    assert "\\ud800" not in kept


@every_connector
async def test_an_answer_that_never_comes_is_ambiguous(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, server.silence, timeouts=QUICK)
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert outcome.code == "TIMEOUT"
    assert outcome.http_status is None


@every_connector
@pytest.mark.parametrize(
    "reply", [hang_up, raw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"requestId"')]
)
async def test_an_answer_that_breaks_off_is_ambiguous(
    case: Case, reply: Reply, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, reply)
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert outcome.code == "CONNECTION"


@every_connector
async def test_a_platform_that_cannot_be_reached_got_nothing(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", hang_up)
    unreachable = replace(connection.endpoint, base_url="http://127.0.0.1:1")
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    outcome = await connector.send(replace(connection, endpoint=unreachable), body)
    assert outcome.kind is OutcomeKind.RETRY
    assert outcome.code == "CONNECTION"


STATUSES = {
    400: OutcomeKind.REJECTED,
    401: OutcomeKind.AUTHENTICATION,
    403: OutcomeKind.CONFIGURATION,
    404: OutcomeKind.CONFIGURATION,
    408: OutcomeKind.RETRY,
    413: OutcomeKind.REJECTED,
    422: OutcomeKind.REJECTED,
    425: OutcomeKind.RETRY,
    429: OutcomeKind.RETRY,
    500: OutcomeKind.RETRY,
    503: OutcomeKind.RETRY,
    599: OutcomeKind.RETRY,
}


@every_connector
@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
async def test_a_status_without_a_code_decides_alone(
    case: Case, status: int, kind: OutcomeKind, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, answer(status, b"{}", Retry_After="120"))
    assert outcome.kind is case.statuses.get(status, kind)
    assert outcome.known
    assert outcome.code == f"HTTP_{status}"
    assert outcome.retry_after_s == (120 if outcome.kind is OutcomeKind.RETRY else None)
    assert outcome.message


@every_connector
async def test_what_is_too_large_is_refused_even_by_a_page(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    page = answer(413, "<html>Too large</html>", Content_Type="text/html")
    assert (await attempt(case, server, http, page)).kind is case.statuses.get(413, OutcomeKind.REJECTED)


@every_connector
async def test_a_redirect_is_not_followed(case: Case, server: HttpServer, http: httpx.AsyncClient) -> None:
    moved = answer(307, "<html>Moved</html>", Content_Type="text/html", Location=f"{server.url}/elsewhere")
    outcome = await attempt(case, server, http, moved)
    assert outcome.kind is case.statuses.get(307, OutcomeKind.RETRY)
    assert outcome.known is (307 in case.statuses)
    assert server.requests("/elsewhere") == []


@every_connector
async def test_a_status_nobody_knows_is_tried_a_few_times(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, answer(418, b"{}"))
    assert outcome.kind is OutcomeKind.RETRY
    assert outcome.known is (418 in case.statuses)


@every_connector
async def test_secrets_and_personal_data_that_a_platform_repeats_are_not_kept(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    echo = " ".join([*case.secrets, *PERSONAL[:4]])
    error = {"code": 100, "status": "INVALID_ARGUMENT", "message": echo, "error_user_msg": echo, echo: [echo]}
    outcome = await attempt(case, server, http, answer(400, {"error": error, "access_token": echo}))
    kept = repr(outcome)
    assert not [text for text in (*case.secrets, *PERSONAL[:4]) if text in kept]


@every_connector
async def test_what_is_masked_in_the_request_does_not_come_back_with_the_answer(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    settings = connector.settings_model.model_validate(case.settings)
    body = connector.build(lead(), case.conversion(), settings, test_mode=False)
    sent, kept = set(texts(body)), set(texts(connector.redact(body)))
    masked = {text for text in sent - kept if len(text) > 2}
    for echo in masked:
        error = {"code": 100, "status": "INVALID_ARGUMENT", "message": f"No {echo}.", echo: [echo]}
        outcome = await attempt(case, server, http, answer(400, {"error": error, "message": f"No {echo}."}))
        assert echo not in repr(outcome)


def texts(value: Any) -> Iterator[str]:
    """All that stand in a body."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from texts(item)
    if isinstance(value, str):
        yield value


@every_connector
async def test_nothing_of_a_request_reaches_a_log(
    case: Case, server: HttpServer, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "httpx", "aiohttp", "aiohttp.client", "asyncio", "app"):
        caplog.set_level(logging.DEBUG, logger=name)
    await attempt(case, server, http, answer(302, Location=f"{server.url}{case.path}&again"))
    assert [record for record in caplog.records if record.name.startswith(("http", "aiohttp"))] == []
    assert not [text for text in (*case.secrets, *PERSONAL) if text in caplog.text]


@every_connector
async def test_attempts_write_the_same_bytes(case: Case, server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", answer(503))
    for _ in range(2):
        body = connector.build(
            lead(), case.conversion(event_at=EVENT_AT), connection.settings, test_mode=False
        )
        await connector.send(connection, body)
    first, second = server.requests(case.path)
    assert first.body == second.body
