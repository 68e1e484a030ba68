"""What every connector must do, whatever its platform."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from app.connectors.base import Consent, OutcomeKind
from app.connectors.http import json_bytes
from app.connectors.registry import build_connectors
from app.values import ConsentState, DeliveryKind, DeliveryPlan, Platform, WarningCode
from tests.connectors.cases import (
    A_YEAR_AGO,
    CASES,
    Case,
    every_connector,
    every_connector_with_tests,
    every_connector_without_tests,
)
from tests.connectors.http_server import HttpServer
from tests.connectors.leads import COMPLETE, NOW, bare_lead, lead

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


# ---- facts, settings, credentials ----


def test_every_connector_is_held_to_the_contract() -> None:
    assert {case.platform for case in CASES} == set(build_connectors())


@every_connector
def test_facts_say_what_is_known_and_where_it_was_read(case: Case) -> None:
    facts = case.connector().facts
    assert facts.platform is case.platform
    assert facts.title
    assert facts.base_url.startswith("https://") is case.has_base_url
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
    assert (case.conversion().event_id in set(texts(body))) is case.has_event_id
    assert not any(secret in json.dumps(body) for secret in case.secrets)


@every_connector
def test_a_conversion_without_a_value_carries_neither_value_nor_currency(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    body = json.dumps(connector.build(lead(), case.conversion(value_cents=None), settings_, test_mode=False))
    assert "urrency" not in body
    assert '"value"' not in body
    assert "conversionValue" not in body


@every_connector_with_tests
def test_test_mode_shows_in_the_body(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    assert connector.build(lead(), case.conversion(), settings_, test_mode=True) != connector.build(
        lead(), case.conversion(), settings_, test_mode=False
    )


@every_connector_without_tests
async def test_a_platform_that_knows_no_tests_gets_nothing_in_test_mode(
    case: Case, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http, test_mode=True)
    body = connector.build(lead(), case.conversion(), connection.settings, test_mode=True)
    outcome = await connector.send(connection, body)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "NO_TEST_MODE")
    assert server.received == []


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
    assert bool(hashes) is case.hashes
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
@pytest.mark.parametrize("code", ["", "eur", "EURO", "ЕUR", "EUE", "XXX"])
def test_a_value_in_no_currency_there_is_is_not_sent(case: Case, code: str) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    assessment = connector.assess(lead(), case.conversion(currency=code), settings_, NOW)
    [finding] = assessment.findings
    assert (finding.code, finding.field, finding.will_skip) == (WarningCode.MISSING_FIELD, "currency", True)


@pytest.mark.parametrize(
    # Analytics knows visitors, and webhooks are told of anybody.
    "case",
    [case for case in CASES if case.platform not in {Platform.GA4, Platform.WEBHOOK}],
    ids=lambda case: case.name,
)
def test_a_contact_that_is_stored_and_cannot_be_used_is_named(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    person = bare_lead(
        email="nobody", phone="call me", user_agent="Mozilla/5.0", landing_page_url="https://x.example"
    )
    [finding] = connector.assess(person, case.conversion(), settings_, NOW).findings[:1]
    assert (finding.code, finding.will_skip) == (WarningCode.MISSING_IDENTIFIER, True)
    assert "What is stored as e-mail is no address." in finding.reason
    # LinkedIn takes no phone at all.
    assert ("What is stored as phone cannot be dialled" in finding.reason) is (
        case.platform is not Platform.LINKEDIN
    )


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
    assert (
        codes
        >= {
            WarningCode.NOT_MAPPED,
            WarningCode.MISSING_IDENTIFIER,
            WarningCode.MISSING_FIELD,
            WarningCode.CONSENT_DENIED,
            WarningCode.OUTSIDE_TIME_WINDOW,
        }
        - case.never_skips_for
    )
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


@every_connector
def test_who_decides_about_unknown_consent_is_told_as_it_is(case: Case) -> None:
    connector = case.connector()
    settings_ = connector.settings_model.model_validate(case.settings)
    [finding] = connector.assess(lead(), case.conversion(consent=Consent()), settings_, NOW).findings
    # A request to the others can say what the person answered, so that they know when it does not.
    has_no_field = case.platform in {
        Platform.META,
        Platform.MICROSOFT_ADS,
        Platform.LINKEDIN,
        Platform.TIKTOK,
    }
    assert ("this integration sends all the same" in finding.reason) is has_no_field
