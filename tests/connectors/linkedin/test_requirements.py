from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.linkedin.requirements import assess
from app.connectors.linkedin.settings import LinkedInSettings
from app.values import ConsentState, DeliveryPlan, WarningCode
from tests.connectors.leads import EVENT_AT, NOW, bare_lead, conversion, lead

SETTINGS = LinkedInSettings(ad_account_id="512345678")
WITHOUT_NAMES = LinkedInSettings(ad_account_id="512345678", user_data=False)
NAMES = {"first_name": "Alex", "last_name": "Zeta"}


def found(assessment: Assessment) -> list[tuple[WarningCode, str | None, bool]]:
    return [(finding.code, finding.field, finding.will_skip) for finding in assessment.findings]


@pytest.mark.parametrize("known", [{"email": "alexz@example.com"}, {"li_fat_id": "0f1e2d3c"}])
@pytest.mark.parametrize("settings", [SETTINGS, WITHOUT_NAMES])
def test_an_email_or_a_click_id_is_enough(known: dict[str, Any], settings: LinkedInSettings) -> None:
    assert assess(bare_lead(**known), conversion(), settings, NOW).findings == ()


def test_a_name_alone_is_sent_but_weak() -> None:
    assessment = assess(bare_lead(**NAMES), conversion(), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.MISSING_IDENTIFIER, "liFatId", False)]
    assert assessment.plan is DeliveryPlan.SEND


@pytest.mark.parametrize(
    ("known", "settings"),
    [
        ({}, SETTINGS),
        ({"first_name": "Alex"}, SETTINGS),
        ({"phone_e164": "+442079460018", "ip_address": "203.0.113.7"}, SETTINGS),
        ({"email": "nobody"}, SETTINGS),
        (NAMES, WITHOUT_NAMES),
    ],
)
def test_without_anything_linkedin_matches_by_it_is_skipped(
    known: dict[str, Any], settings: LinkedInSettings
) -> None:
    assessment = assess(bare_lead(**known), conversion(), settings, NOW)
    assert found(assessment) == [(WarningCode.MISSING_IDENTIFIER, "liFatId", True)]
    assert ("first and last name" in assessment.findings[0].reason) is settings.user_data


@pytest.mark.parametrize("target", ["", "Lead", "urn:li:sponsoredAccount:1", "104012x"])
def test_a_target_that_is_no_rule_is_not_mapped(target: str) -> None:
    assessment = assess(lead(), conversion(target=target), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.NOT_MAPPED, "target", True)]


@pytest.mark.parametrize("target", ["104012", "urn:lla:llaPartnerConversion:104012"])
def test_a_rule_by_number_or_urn_is_mapped(target: str) -> None:
    assert assess(lead(), conversion(target=target), SETTINGS, NOW).findings == ()


def test_a_currency_linkedin_would_take_without_a_word_is_found_here() -> None:
    assessment = assess(lead(), conversion(currency="euro"), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.MISSING_FIELD, "currency", True)]


@pytest.mark.parametrize(("answer", "field"), [("ad_user_data", "adUserData"), ("ad_storage", "adStorage")])
def test_nothing_is_sent_of_somebody_who_refused(answer: str, field: str) -> None:
    consent = Consent(**{answer: ConsentState.DENIED})
    assessment = assess(lead(), conversion(consent=consent), SETTINGS, NOW)
    assert found(assessment) == [(WarningCode.CONSENT_DENIED, field, True)]


@pytest.mark.parametrize(
    ("age", "plan"),
    [
        (timedelta(days=90) - timedelta(seconds=1), DeliveryPlan.SEND),
        (timedelta(days=90), DeliveryPlan.SKIP),
    ],
)
def test_the_window_is_90_days_after_the_event(age: timedelta, plan: DeliveryPlan) -> None:
    assert assess(lead(), conversion(event_at=NOW - age), SETTINGS, NOW).plan is plan


def test_it_expires_when_the_window_closes() -> None:
    assert assess(lead(), conversion(), SETTINGS, NOW).expires_at == EVENT_AT + timedelta(days=90)
