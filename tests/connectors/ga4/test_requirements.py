from datetime import timedelta

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.ga4.api import RESERVED_EVENTS
from app.connectors.ga4.requirements import assess
from app.connectors.ga4.settings import Ga4Settings
from app.values import ConsentState, WarningCode
from tests.connectors.leads import EVENT_AT, NOW, conversion, lead

SETTINGS = Ga4Settings(measurement_id="G-TEST123456")
GRANTED, DENIED = ConsentState.GRANTED, ConsentState.DENIED


def found(assessment: Assessment) -> list[tuple[WarningCode, str | None, bool]]:
    return [(finding.code, finding.field, finding.will_skip) for finding in assessment.findings]


def of(target: str = "close_convert_lead", consent: Consent | None = None) -> Assessment:
    frozen = conversion(target=target) if consent is None else conversion(target=target, consent=consent)
    return assess(lead(), frozen, SETTINGS, NOW)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "1st_sale",
        "close-convert",
        "verkauf_für",
        "a" * 41,
        "ga_sale",
        "Google_sale",
        "firebase_x",
        "_private",
        *sorted(RESERVED_EVENTS),
    ],
)
def test_a_name_that_analytics_would_drop_is_skipped(target: str) -> None:
    assert found(of(target)) == [(WarningCode.NOT_MAPPED, "target", True)]


@pytest.mark.parametrize(
    "target",
    [
        "qualify_lead",
        "disqualify_lead",
        "working_lead",
        "close_convert_lead",
        "close_unconvert_lead",
        "A" * 40,
    ],
)
def test_names_of_the_lead_lifecycle_and_own_ones_are_sent(target: str) -> None:
    assert found(of(target)) == []


@pytest.mark.parametrize("client_id", [None, "", "  "])
def test_without_a_client_id_it_is_skipped(client_id: str | None) -> None:
    assessment = assess(lead(ga_client_id=client_id), conversion(target="sale"), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.MISSING_IDENTIFIER, "gaClientId", True)]


def test_a_client_id_of_another_form_is_sent_with_a_warning() -> None:
    assessment = assess(lead(ga_client_id="own-id"), conversion(target="sale"), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.MISSING_IDENTIFIER, "gaClientId", False)]


@pytest.mark.parametrize("session_id", [None, " "])
def test_without_a_session_it_is_weaker(session_id: str | None) -> None:
    assessment = assess(lead(ga_session_id=session_id), conversion(target="sale"), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.MISSING_FIELD, "gaSessionId", False)]


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        (
            Consent(analytics_storage=DENIED, ad_user_data=GRANTED),
            [(WarningCode.CONSENT_DENIED, "analyticsStorage", True)],
        ),
        (
            Consent(ad_user_data=DENIED, ad_personalization=DENIED),
            [(WarningCode.CONSENT_DENIED, "adUserData", True)],
        ),
        (Consent(analytics_storage=GRANTED, ad_user_data=DENIED, ad_personalization=DENIED), []),
        (Consent(ad_user_data=DENIED), []),
        (Consent(ad_user_data=GRANTED), []),
        (Consent(ad_storage=GRANTED), [(WarningCode.CONSENT_UNKNOWN, "analyticsStorage", False)]),
    ],
)
def test_being_measured_and_being_advertised_to_are_two_questions(
    consent: Consent, expected: list[tuple[WarningCode, str, bool]]
) -> None:
    assert found(of(consent=consent)) == expected


@pytest.mark.parametrize(("ahead", "skipped"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_the_window_is_72_hours_after_the_event(ahead: timedelta, skipped: bool) -> None:
    now = EVENT_AT + timedelta(hours=72) - ahead
    assessment = assess(lead(), conversion(target="sale"), SETTINGS, now)
    assert assessment.expires_at == EVENT_AT + timedelta(hours=72)
    assert found(assessment) == ([(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", True)] if skipped else [])
