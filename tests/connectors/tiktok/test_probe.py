from typing import Any

import httpx
import pytest

from app.connectors.base import OutcomeKind
from tests.connectors.cases import CASES, Case
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import sandboxed

TIKTOK = [case for case in CASES if case.name.startswith("tiktok")]
each_mode = pytest.mark.parametrize("case", TIKTOK, ids=lambda case: case.name)
[CRM] = [case for case in TIKTOK if case.name == "tiktok_crm"]


@each_mode
async def test_a_probe_sends_no_event_and_no_test_code(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http, test_mode=True)
    server.tell("", answer(200, {"code": 40002, "message": "data: Shorter than minimum length 1."}))
    outcome = await connector.probe(connection, case.target)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert outcome.code is None
    assert server.received[0].json == {
        "event_source": case.settings["mode"],
        "event_source_id": case.settings["event_source_id"],
        "data": [],
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"code": 0, "message": "OK"}, OutcomeKind.DELIVERED),
        ({"code": 40000, "message": "The parameters are invalid."}, OutcomeKind.DELIVERED),
        ({"code": 40002, "message": "event_source_id: not a valid string."}, OutcomeKind.CONFIGURATION),
        ({"code": 40001, "message": "No permission."}, OutcomeKind.CONFIGURATION),
        ({"code": 40102, "message": "Expired."}, OutcomeKind.AUTHENTICATION),
        ({"code": 40051, "message": "Invalid API version."}, OutcomeKind.API_SUNSET),
        ({"code": 20001, "message": "Partially successful."}, OutcomeKind.RETRY),
        ({"code": 60001, "message": "Maintenance."}, OutcomeKind.RETRY),
        ({"code": 49999, "message": "?"}, OutcomeKind.RETRY),
        ({}, OutcomeKind.RETRY),
    ],
)
async def test_what_an_answer_says_of_the_connection(
    said: Any, kind: OutcomeKind, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CRM.connector()
    server.tell("", answer(200, said))
    outcome = await connector.probe(CRM.connection(connector, server, http), None)
    assert outcome.kind is kind
    assert outcome.message


async def test_a_refusal_without_a_code_of_tiktoks_proves_nothing(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CRM.connector()
    server.tell("", answer(400, b"{}"))
    outcome = await connector.probe(CRM.connection(connector, server, http), None)
    assert outcome.kind is OutcomeKind.RETRY


async def test_an_event_source_without_rights_is_found() -> None:
    async with sandboxed(CRM, event_source_id="7000000000000000404") as stage:
        outcome = await stage.connector.probe(stage.connection, CRM.target)
        assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "40001")
