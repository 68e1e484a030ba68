from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.tiktok.requirements import assess
from app.connectors.tiktok.settings import TikTokSettings
from app.values import ConsentState, DeliveryPlan, WarningCode
from tests.connectors.leads import EVENT_AT, NOW, bare_lead, conversion, lead

WEB = TikTokSettings(mode="web", event_source_id="C17TA5JC77UDOT6CA5FG")
CRM = TikTokSettings(mode="crm", event_source_id="7000000000000000001", crm_name="Example CRM")
OFFLINE = TikTokSettings(mode="offline", event_source_id="7000000000000000002")
EVERY_MODE = pytest.mark.parametrize("settings", [WEB, CRM, OFFLINE], ids=lambda settings: settings.mode)

PAGE = {"landing_page_url": "https://www.example.com/"}
CLICK = {"ttclid": "E.C.P.x"}
EMAIL = {"email": "alexz@example.com"}
PHONE = {"phone_e164": "+442079460018"}
OWN_ID = {"unique_identifier": "crm-42"}
TTP = {"ttp": "ttp-1"}
ADDRESS = {"ip_address": "203.0.113.7"}
BROWSER = {"user_agent": "Mozilla/5.0"}
NAMES = {"first_name": "Alex", "last_name": "Zeta", "postal_code": "X1", "city": "London"}

Found = list[tuple[WarningCode, str | None, bool]]
NOBODY: Found = [(WarningCode.MISSING_IDENTIFIER, "ttclid", True)]
NO_CONTACT: Found = [(WarningCode.MISSING_IDENTIFIER, "email", True)]
WEAK: Found = [(WarningCode.MISSING_IDENTIFIER, "ttclid", False)]


def found(assessment: Assessment) -> Found:
    return [(finding.code, finding.field, finding.will_skip) for finding in assessment.findings]


@pytest.mark.parametrize(
    ("settings", "known", "expected"),
    [
        *((settings, known, []) for settings in (WEB, CRM) for known in (CLICK, EMAIL, PHONE)),
        *((settings, OWN_ID, WEAK) for settings in (WEB, CRM)),
        (WEB, TTP, WEAK),
        (WEB, ADDRESS | BROWSER, WEAK),
        (WEB, ADDRESS, NOBODY),
        (WEB, BROWSER, NOBODY),
        *((CRM, known, NOBODY) for known in (TTP, ADDRESS | BROWSER)),
        *((OFFLINE, known, []) for known in (EMAIL, PHONE)),
        *((OFFLINE, known, NO_CONTACT) for known in (CLICK, OWN_ID, TTP, ADDRESS | BROWSER)),
        (WEB, NAMES, NOBODY),
        (CRM, NAMES, NOBODY),
        (OFFLINE, NAMES, NO_CONTACT),
        (WEB, {}, NOBODY),
        (CRM, {}, NOBODY),
        (OFFLINE, {}, NO_CONTACT),
    ],
)
def test_what_is_enough_to_recognise_a_person(
    settings: TikTokSettings, known: dict[str, Any], expected: Found
) -> None:
    assert found(assess(bare_lead(**PAGE, **known), conversion(), settings, NOW)) == expected


def test_a_website_needs_a_page() -> None:
    person = lead(landing_page_url=None)
    assert found(assess(person, conversion(), WEB, NOW)) == [
        (WarningCode.MISSING_FIELD, "landingPageUrl", True)
    ]
    configured = WEB.model_copy(update={"event_source_url": "https://www.example.com"})
    for settings in (configured, CRM, OFFLINE):
        assert found(assess(person, conversion(), settings, NOW)) == []


@EVERY_MODE
def test_a_label_that_is_not_mapped_is_skipped(settings: TikTokSettings) -> None:
    assert found(assess(lead(), conversion(target=" "), settings, NOW)) == [
        (WarningCode.NOT_MAPPED, "target", True)
    ]


@EVERY_MODE
@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"ad_user_data": ConsentState.DENIED}, "adUserData"),
        ({"ad_storage": ConsentState.DENIED, "ad_user_data": ConsentState.GRANTED}, "adStorage"),
    ],
)
def test_denied_consent_skips(settings: TikTokSettings, answers: dict[str, ConsentState], field: str) -> None:
    assessment = assess(lead(), conversion(consent=Consent(**answers)), settings, NOW)
    assert found(assessment) == [(WarningCode.CONSENT_DENIED, field, True)]


def test_one_answer_is_enough_to_know_of_consent() -> None:
    consent = Consent(ad_storage=ConsentState.GRANTED)
    assert found(assess(lead(), conversion(consent=consent), CRM, NOW)) == []


@pytest.mark.parametrize(("settings", "days"), [(WEB, 7), (CRM, 28), (OFFLINE, 28)])
@pytest.mark.parametrize(("ahead", "skipped"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_the_window_begins_with_the_event(
    settings: TikTokSettings, days: int, ahead: timedelta, skipped: bool
) -> None:
    assessment = assess(lead(), conversion(), settings, EVENT_AT + timedelta(days=days) - ahead)
    assert assessment.expires_at == EVENT_AT + timedelta(days=days)
    assert assessment.plan is (DeliveryPlan.SKIP if skipped else DeliveryPlan.SEND)
    assert found(assessment) == ([(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", True)] if skipped else [])
    assert all(str(days) in finding.reason for finding in assessment.findings)
