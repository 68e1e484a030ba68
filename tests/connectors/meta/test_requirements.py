from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.meta.requirements import assess
from app.connectors.meta.settings import MetaSettings
from app.values import ConsentState, DeliveryPlan, WarningCode
from tests.connectors.leads import CLICKED_AT, EVENT_AT, NOW, bare_lead, conversion, lead

WEBSITE = MetaSettings(dataset_id="1234567890", mode="website")
CRM = MetaSettings(dataset_id="1234567890", mode="crm", crm_name="Example CRM")
PAGE = {"user_agent": "Mozilla/5.0", "landing_page_url": "https://www.example.com/"}
CLICK = {"fbclid": "IwAR", "meta_captured_at": CLICKED_AT}


def found(assessment: Assessment) -> list[tuple[WarningCode, str | None, bool]]:
    return [(finding.code, finding.field, finding.will_skip) for finding in assessment.findings]


@pytest.mark.parametrize(
    ("known", "weaker"),
    [
        (CLICK, False),
        ({"email": "alexz@example.com"}, False),
        ({"fbp": "fb.1.1795100000000.1"}, True),
        ({"phone_e164": "+442079460018"}, True),
        ({"unique_identifier": "crm-42"}, True),
        ({"ip_address": "203.0.113.7"}, True),
    ],
)
def test_on_a_website_one_identifier_is_enough(known: dict[str, Any], weaker: bool) -> None:
    assessment = assess(bare_lead(**PAGE, **known), conversion(), WEBSITE, NOW)
    assert assessment.plan is DeliveryPlan.SEND
    assert found(assessment) == ([(WarningCode.MISSING_IDENTIFIER, "fbc", False)] if weaker else [])


def test_names_and_places_alone_are_nothing_meta_would_take() -> None:
    person = bare_lead(
        **PAGE, first_name="Alex", last_name="Zeta", city="London", country_code="GB", postal_code="X1"
    )
    assert found(assess(person, conversion(), WEBSITE, NOW)) == [
        (WarningCode.MISSING_IDENTIFIER, "user_data", True)
    ]


def test_a_website_needs_browser_and_page() -> None:
    person = lead(user_agent=None, landing_page_url=None)
    assert found(assess(person, conversion(), WEBSITE, NOW)) == [
        (WarningCode.MISSING_FIELD, "userAgent", True),
        (WarningCode.MISSING_FIELD, "landingPageUrl", True),
    ]
    configured = WEBSITE.model_copy(update={"event_source_url": "https://www.example.com"})
    assert found(assess(person, conversion(), configured, NOW)) == [
        (WarningCode.MISSING_FIELD, "userAgent", True)
    ]


@pytest.mark.parametrize(
    ("known", "weaker"),
    [
        ({"meta_lead_id": "123456789012345"}, False),
        ({"email": "alexz@example.com"}, True),
        ({"phone_e164": "+442079460018"}, True),
        (CLICK, True),
    ],
)
def test_in_a_crm_one_identifier_is_enough(known: dict[str, Any], weaker: bool) -> None:
    assessment = assess(bare_lead(**known), conversion(), CRM, NOW)
    assert assessment.plan is DeliveryPlan.SEND
    assert found(assessment) == ([(WarningCode.MISSING_IDENTIFIER, "metaLeadId", False)] if weaker else [])


@pytest.mark.parametrize("known", [{}, {"fbp": "fb.1.1795100000000.1"}, {"ip_address": "203.0.113.7"}])
def test_in_a_crm_a_browser_is_not_enough(known: dict[str, Any]) -> None:
    assert found(assess(bare_lead(**known), conversion(), CRM, NOW)) == [
        (WarningCode.MISSING_IDENTIFIER, "metaLeadId", True)
    ]


@pytest.mark.parametrize("known", [{}, {"email": "alexz@example.com"}])
def test_a_lead_id_of_a_wrong_form_is_named(known: dict[str, Any]) -> None:
    [finding] = assess(bare_lead(meta_lead_id="12", **known), conversion(), CRM, NOW).findings
    assert "not a number of 15 to 17 digits" in finding.reason


def test_a_purchase_needs_a_value() -> None:
    purchase = conversion(target="Purchase", value_cents=None)
    assert found(assess(lead(), purchase, WEBSITE, NOW)) == [(WarningCode.MISSING_FIELD, "price", True)]
    assert found(assess(lead(), conversion(target="Lead", value_cents=None), WEBSITE, NOW)) == []


def test_a_label_that_is_not_mapped_is_skipped() -> None:
    assert found(assess(lead(), conversion(target=" "), CRM, NOW)) == [
        (WarningCode.NOT_MAPPED, "target", True)
    ]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"ad_user_data": ConsentState.DENIED}, "adUserData"),
        ({"ad_storage": ConsentState.DENIED, "ad_user_data": ConsentState.GRANTED}, "adStorage"),
    ],
)
def test_denied_consent_skips(answers: dict[str, ConsentState], field: str) -> None:
    assessment = assess(lead(), conversion(consent=Consent(**answers)), CRM, NOW)
    assert found(assessment) == [(WarningCode.CONSENT_DENIED, field, True)]


def test_one_answer_is_enough_to_know_of_consent() -> None:
    consent = Consent(ad_storage=ConsentState.GRANTED)
    assert found(assess(lead(), conversion(consent=consent), CRM, NOW)) == []


@pytest.mark.parametrize(("ahead", "skipped"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_the_window_is_seven_days_after_the_event(ahead: timedelta, skipped: bool) -> None:
    assessment = assess(lead(), conversion(), WEBSITE, EVENT_AT + timedelta(days=7) - ahead)
    assert assessment.expires_at == EVENT_AT + timedelta(days=7)
    assert found(assessment) == ([(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", True)] if skipped else [])


@pytest.mark.parametrize(("early", "skipped"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_a_stage_before_the_lead_is_skipped_in_a_crm(early: timedelta, skipped: bool) -> None:
    person = lead(created_at=EVENT_AT.replace(microsecond=900_000))
    before = conversion(event_at=EVENT_AT - early)
    expected = [(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", True)] if skipped else []
    assert found(assess(person, before, CRM, NOW)) == expected
    assert found(assess(person, before, WEBSITE, NOW)) == []
