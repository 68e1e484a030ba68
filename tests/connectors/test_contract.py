"""What every connector must do, whatever its platform."""

import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from app.connectors.base import Consent, Outcome, OutcomeKind
from app.connectors.http import MAX_ANSWER_BYTES, json_bytes
from app.values import ConsentState, DeliveryKind, DeliveryPlan, Platform, WarningCode
from tests.connectors.cases import A_YEAR_AGO, CASES, QUICK, Case, every_connector
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up, raw
from tests.connectors.leads import COMPLETE, EVENT_AT, NOW, bare_lead, lead

PERSONAL = (
    "alexz@example.com",
    "+442079460018",
    "442079460018",
    "203.0.113.7",
    "Example/1.0",
    "SW1A",
    "Zeta",
)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


async def attempt(
    case: Case, server: HttpServer, http: httpx.AsyncClient, *replies: Reply, **wire: Any
) -> Outcome:
    connector = case.connector(**wire)
    connection = case.connection(connector, server, http)
    server.tell("", *replies)
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=False)
    return await connector.send(connection, body)


# ---- facts, settings, credentials ----


def test_every_platform_with_a_base_url_setting_has_a_connector() -> None:
    assert {case.platform for case in CASES} == {Platform.GOOGLE_ADS, Platform.META, Platform.GA4}


@every_connector
def test_facts_say_what_is_known_and_where_it_was_read(case: Case) -> None:
    facts = case.connector().facts
    assert facts.platform is case.platform
    assert facts.title
    assert facts.base_url.startswith("https://")
    assert not facts.base_url.endswith("/")
    assert facts.docs_url.startswith("https://")
    assert facts.read_on.year >= 2026
    assert facts.resend_safe_for >= timedelta(0)
    assert facts.max_concurrency > 0


@every_connector
def test_every_setting_and_credential_is_described_for_people(case: Case) -> None:
    connector = case.connector()
    for model in (connector.settings_model, connector.credentials_model):
        assert model.__doc__
        for name, field in model.model_fields.items():
            assert field.description, name


@every_connector
def test_settings_survive_being_stored_as_json(case: Case) -> None:
    model = case.connector().settings_model
    first = model.model_validate(case.settings)
    assert model.model_validate(json.loads(json.dumps(first.model_dump(mode="json")))) == first


@every_connector
def test_unknown_and_missing_fields_are_refused_without_repeating_the_input(case: Case) -> None:
    connector = case.connector()
    for model, good in (
        (connector.settings_model, case.settings),
        (connector.credentials_model, case.credentials),
    ):
        with pytest.raises(ValidationError) as unknown:
            model.model_validate({**good, "no_such_field": "a-very-secret-value"})
        assert "a-very-secret-value" not in str(unknown.value)
        with pytest.raises(ValidationError):
            model.model_validate({})


@every_connector
def test_credentials_hide_their_secrets(case: Case) -> None:
    credentials = case.connector().credentials_model.model_validate(case.credentials)
    hidden = {name for name, value in credentials if isinstance(value, SecretStr)}
    assert hidden
    for name in hidden:
        assert case.credentials[name] not in repr(credentials)
        assert case.credentials[name] not in credentials.model_dump_json()


@every_connector
@pytest.mark.parametrize("secret", ["", "   ", "two words", "line\nbreak", "schlüssel", "nul\x00"])
def test_a_secret_that_cannot_be_sent_is_refused_without_being_shown(case: Case, secret: str) -> None:
    model = case.connector().credentials_model
    field = next(name for name in case.credentials if case.credentials[name] in case.secrets)
    with pytest.raises(ValidationError, match="must not be empty") as refused:
        model.model_validate({**case.credentials, field: secret})
    assert not secret.strip() or secret not in str(refused.value)


@every_connector
def test_pasted_space_around_a_secret_is_dropped(case: Case) -> None:
    model = case.connector().credentials_model
    padded = {name: f" {value}\n" for name, value in case.credentials.items()}
    assert model.model_validate(padded) == model.model_validate(case.credentials)


@every_connector
async def test_models_of_another_connector_are_a_mistake_of_the_caller(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    class Foreign(BaseModel):
        pass

    connector = case.connector()
    with pytest.raises(TypeError, match="Foreign"):
        connector.assess(lead(), case.conversion(), Foreign(), NOW)
    with pytest.raises(TypeError, match="Foreign"):
        connector.build(lead(), case.conversion(), Foreign(), test_mode=False)
    connection = replace(case.connection(connector, server, http), credentials=Foreign())
    with pytest.raises(TypeError, match="Foreign"):
        await connector.send(connection, {})


# ---- building and redacting ----


@every_connector
@pytest.mark.parametrize("kind", DeliveryKind)
def test_the_same_arguments_build_the_same_bytes_and_change_nothing(case: Case, kind: DeliveryKind) -> None:
    connector, other = case.connector(), case.connector()
    person = lead()
    before = person.model_dump()
    settings_ = connector.settings_model.model_validate(case.settings)
    first = connector.build(person, case.conversion(kind=kind), settings_, test_mode=False)
    second = other.build(lead(), case.conversion(kind=kind), settings_, test_mode=False)
    assert json_bytes(first) == json_bytes(second)
    assert person.model_dump() == before


@every_connector
def test_the_body_carries_the_frozen_event_id_and_no_credentials(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    body = connector.build(lead(), case.conversion(), settings_, test_mode=False)
    assert case.conversion().event_id in set(texts(body))
    assert not any(secret in json.dumps(body) for secret in case.secrets)


@every_connector
def test_a_conversion_without_a_value_carries_neither_value_nor_currency(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    body = json.dumps(connector.build(lead(), case.conversion(value_cents=None), settings_, test_mode=False))
    assert "urrency" not in body
    assert '"value"' not in body
    assert "conversionValue" not in body


@every_connector
def test_test_mode_shows_in_the_body(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    assert connector.build(lead(), case.conversion(), settings_, test_mode=True) != connector.build(
        lead(), case.conversion(), settings_, test_mode=False
    )


@every_connector
def test_a_redacted_body_shows_no_raw_personal_data_and_keeps_the_hashes(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    person = lead(
        landing_page_url="https://www.example.com/thanks?email=alexz@example.com&phone=442079460018"
    )
    body = connector.build(person, case.conversion(), settings_, test_mode=False)
    before = json_bytes(body)
    kept = json.dumps(connector.redact(body))
    assert json_bytes(body) == before
    assert not [raw_ for raw_ in PERSONAL if raw_ in kept]
    hashes = {text for text in texts(body) if len(text) == 64}
    assert hashes
    assert all(hash_ in kept for hash_ in hashes)


@every_connector
@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            name: st.text(max_size=30)
            for name, value in COMPLETE.items()
            if isinstance(value, str) and name not in ("status", "currency")
        },
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_in_a_lead_makes_a_connector_raise(case: Case, values: dict[str, str]) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    person = lead(**values)
    connector.assess(person, case.conversion(), settings_, NOW)
    assert json_bytes(
        connector.redact(connector.build(person, case.conversion(), settings_, test_mode=False))
    )


# ---- assessing ----


@every_connector
def test_a_complete_lead_gives_no_findings(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    assessment = connector.assess(lead(), case.conversion(), settings_, NOW)
    assert assessment.findings == ()
    assert assessment.plan is DeliveryPlan.SEND
    assert assessment.send_at == NOW
    assert assessment.expires_at > NOW


@every_connector
def test_everything_that_is_wrong_is_collected_and_what_skips_comes_first(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    worst = case.conversion(
        target=" ",
        currency="euro",
        event_at=A_YEAR_AGO,
        consent=Consent(
            **dict.fromkeys(("ad_storage", "analytics_storage", "ad_user_data"), ConsentState.DENIED)
        ),
    )
    person = bare_lead(created_at=A_YEAR_AGO)
    assessment = connector.assess(person, worst, settings_, NOW)
    assert assessment.plan is DeliveryPlan.SKIP
    codes = {finding.code for finding in assessment.findings if finding.will_skip}
    assert codes >= {
        WarningCode.NOT_MAPPED,
        WarningCode.MISSING_IDENTIFIER,
        WarningCode.MISSING_FIELD,
        WarningCode.CONSENT_DENIED,
        WarningCode.OUTSIDE_TIME_WINDOW,
    }
    order = [finding.will_skip for finding in assessment.findings]
    assert order == sorted(order, reverse=True)
    for finding in assessment.findings:
        assert finding.reason.endswith(".")
        assert "{" not in finding.reason
    assert connector.assess(person, worst, settings_, NOW) == assessment


@every_connector
def test_an_event_a_little_ahead_of_our_clock_waits_for_its_time(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    ahead = case.conversion(event_at=NOW + timedelta(minutes=4))
    assessment = connector.assess(lead(), ahead, settings_, NOW)
    assert assessment.plan is DeliveryPlan.WAIT
    assert assessment.send_at == NOW + timedelta(minutes=4)


@every_connector
@pytest.mark.parametrize(("policy", "plan"), [("send", DeliveryPlan.SEND), ("skip", DeliveryPlan.SKIP)])
def test_unknown_consent_is_told_and_skips_only_where_that_was_chosen(
    case: Case, policy: str, plan: DeliveryPlan
) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate({**case.settings, "unknown_consent": policy})
    assessment = connector.assess(lead(), case.conversion(consent=Consent()), settings_, NOW)
    assert assessment.plan is plan
    assert [finding.code for finding in assessment.findings] == [WarningCode.CONSENT_UNKNOWN]


# ---- sending ----


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
    assert outcome.kind is kind
    assert outcome.known
    assert outcome.code == f"HTTP_{status}"
    assert outcome.retry_after_s == (120 if kind is OutcomeKind.RETRY else None)
    assert outcome.message


@every_connector
async def test_what_is_too_large_is_refused_even_by_a_page(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    page = answer(413, "<html>Too large</html>", Content_Type="text/html")
    assert (await attempt(case, server, http, page)).kind is OutcomeKind.REJECTED


@every_connector
async def test_a_redirect_is_not_followed(case: Case, server: HttpServer, http: httpx.AsyncClient) -> None:
    moved = answer(307, "<html>Moved</html>", Content_Type="text/html", Location=f"{server.url}/elsewhere")
    outcome = await attempt(case, server, http, moved)
    assert outcome.kind is OutcomeKind.RETRY
    assert not outcome.known
    assert server.requests("/elsewhere") == []


@every_connector
async def test_a_status_nobody_knows_is_tried_a_few_times(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await attempt(case, server, http, answer(418, b"{}"))
    assert outcome.kind is OutcomeKind.RETRY
    assert not outcome.known


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
async def test_nothing_of_a_request_reaches_a_log(
    case: Case, server: HttpServer, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "httpx", "httpcore", "httpcore.connection", "httpcore.http11", "app"):
        caplog.set_level(logging.DEBUG, logger=name)
    await attempt(case, server, http, answer(302, Location=f"{server.url}{case.path}&again"))
    assert [record for record in caplog.records if record.name.startswith("http")] == []
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
