from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent, Finding
from app.connectors.google_ads.requirements import assess
from app.connectors.google_ads.settings import GoogleAdsSettings
from app.values import ConsentState, DeliveryPlan, WarningCode
from tests.connectors.leads import CLICKED_AT, CREATED_AT, EVENT_AT, NOW, bare_lead, conversion, lead

SETTINGS = GoogleAdsSettings(customer_id="1234567890")
AT_THE_LATEST = "the lead came in or the conversion happened, whichever was first."
CLICK_ONLY = GoogleAdsSettings(customer_id="1234567890", user_data=False)


def only(assessment: Assessment) -> Finding:
    [finding] = assessment.findings
    return finding


def test_without_anything_to_match_by_google_is_skipped_with_words_for_a_marketer() -> None:
    finding = only(assess(bare_lead(), conversion(), SETTINGS, NOW))
    assert finding.code is WarningCode.MISSING_IDENTIFIER
    assert finding.field == "gclid"
    assert finding.will_skip
    assert finding.reason == (
        "No Google click id (gclid, gbraid, wbraid), e-mail, phone or full address is known for this lead, so Google "
        "cannot match it. Complete the lead and change its status again."
    )


@pytest.mark.parametrize(
    "known",
    [
        {"gclid": "g"},
        {"gbraid": "g"},
        {"wbraid": "w"},
    ],
)
def test_any_click_id_is_enough(known: dict[str, Any]) -> None:
    assert assess(bare_lead(**known), conversion(), CLICK_ONLY, NOW).findings == ()


@pytest.mark.parametrize(
    "known",
    [
        {"email": "alexz@example.com"},
        {"phone": "020 7946 0018", "phone_e164": "+442079460018"},
        {"first_name": "A", "last_name": "B", "country_code": "NL", "postal_code": "1011 AB"},
    ],
)
def test_personal_data_alone_is_enough_but_weaker(known: dict[str, Any]) -> None:
    assessment = assess(bare_lead(**known), conversion(), SETTINGS, NOW)
    finding = only(assessment)
    assert (finding.code, finding.field, finding.will_skip) == (
        WarningCode.MISSING_IDENTIFIER,
        "gclid",
        False,
    )
    assert assessment.plan is DeliveryPlan.SEND


def test_personal_data_does_not_help_where_it_is_not_sent() -> None:
    finding = only(assess(lead(gclid=None), conversion(), CLICK_ONLY, NOW))
    assert finding.will_skip
    assert "sends no personal data" in finding.reason


def test_a_phone_of_unknown_country_is_told_when_nothing_else_is_known_of_the_person() -> None:
    assessment = assess(bare_lead(gclid="g", phone="0612345678"), conversion(), SETTINGS, NOW)
    finding = only(assessment)
    assert (finding.code, finding.field, finding.will_skip) == (
        WarningCode.MISSING_FIELD,
        "countryCode",
        False,
    )


@pytest.mark.parametrize("target", ["", "abc", "12a", "١٢٣"])
def test_a_target_that_is_no_number_is_skipped(target: str) -> None:
    finding = only(assess(lead(), conversion(target=target), SETTINGS, NOW))
    assert (finding.code, finding.field, finding.will_skip) == (WarningCode.NOT_MAPPED, "target", True)


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ЕUR"])
def test_a_value_in_no_currency_is_skipped(currency: str) -> None:
    finding = only(assess(lead(), conversion(currency=currency), SETTINGS, NOW))
    assert (finding.code, finding.field, finding.will_skip) == (WarningCode.MISSING_FIELD, "currency", True)


def test_without_a_value_the_currency_does_not_matter() -> None:
    assert assess(lead(), conversion(currency="", value_cents=None), SETTINGS, NOW).findings == ()


def test_denied_consent_skips_even_with_a_click_id() -> None:
    finding = only(
        assess(lead(), conversion(consent=Consent(ad_user_data=ConsentState.DENIED)), SETTINGS, NOW)
    )
    assert (finding.code, finding.field, finding.will_skip) == (
        WarningCode.CONSENT_DENIED,
        "adUserData",
        True,
    )


def test_denied_personalization_alone_is_sent() -> None:
    consent = Consent(ad_user_data=ConsentState.GRANTED, ad_personalization=ConsentState.DENIED)
    assert assess(lead(), conversion(consent=consent), SETTINGS, NOW).findings == ()


@pytest.mark.parametrize(
    ("person", "expires_at"),
    [
        ({}, CLICKED_AT + timedelta(days=90)),
        ({"google_clicked_at": None}, CREATED_AT + timedelta(days=90)),
        ({"gclid": None, "google_clicked_at": None}, CREATED_AT + timedelta(days=63)),
        # A time without its click id belongs to nothing.
        ({"gclid": None}, CREATED_AT + timedelta(days=63)),
    ],
)
def test_the_window_counts_from_the_click_or_the_lead(person: dict[str, Any], expires_at: Any) -> None:
    assert assess(lead(**person), conversion(), SETTINGS, NOW).expires_at == expires_at


@pytest.mark.parametrize(
    ("person", "days"), [({"google_clicked_at": None}, 90), ({"gclid": None, "google_clicked_at": None}, 63)]
)
def test_of_what_happened_before_the_lead_the_click_is_older_still(person: dict[str, Any], days: int) -> None:
    happened_at = CREATED_AT - timedelta(days=80)
    assessment = assess(lead(**person), conversion(event_at=happened_at), SETTINGS, NOW)
    assert assessment.expires_at == happened_at + timedelta(days=days)


@pytest.mark.parametrize(
    ("person", "text"),
    [
        ({"google_clicked_at": NOW - timedelta(days=90)}, "90 days after the click on the ad."),
        (
            {"google_clicked_at": None, "created_at": NOW - timedelta(days=90)},
            f"90 days after {AT_THE_LATEST} The time of the click is not known.",
        ),
        (
            {"gclid": None, "created_at": NOW - timedelta(days=63)},
            f"63 days after {AT_THE_LATEST} Without a click id it takes no older.",
        ),
    ],
)
def test_what_is_too_late_says_from_when_the_days_count(person: dict[str, Any], text: str) -> None:
    [late] = [one for one in assess(lead(**person), conversion(), SETTINGS, NOW).findings if one.will_skip]
    assert late.code is WarningCode.OUTSIDE_TIME_WINDOW
    assert late.reason == f"It is too late: Google Ads took this until 2026-11-23, {text}"


@pytest.mark.parametrize(("ahead", "skipped"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_the_window_ends_to_the_second(ahead: timedelta, skipped: bool) -> None:
    now = CLICKED_AT + timedelta(days=90) - ahead
    assessment = assess(lead(), conversion(), SETTINGS, now)
    assert (assessment.plan is DeliveryPlan.SKIP) is skipped
    if skipped:
        assert only(assessment).code is WarningCode.OUTSIDE_TIME_WINDOW


@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=5, minutes=59, seconds=59)])
def test_a_young_click_makes_it_wait_until_google_knows_the_click(age: timedelta) -> None:
    clicked_at = NOW - age
    person = lead(google_clicked_at=clicked_at)
    assessment = assess(person, conversion(event_at=NOW), SETTINGS, NOW)
    assert assessment.plan is DeliveryPlan.WAIT
    assert assessment.send_at == clicked_at + timedelta(hours=6)
    assert assessment.findings == ()


def test_after_six_hours_it_is_sent_at_once() -> None:
    person = lead(google_clicked_at=NOW - timedelta(hours=6))
    assert assess(person, conversion(), SETTINGS, NOW).plan is DeliveryPlan.SEND


def test_a_click_of_unknown_time_does_not_wait() -> None:
    person = lead(google_clicked_at=None, google_captured_at=NOW)
    assert assess(person, conversion(), SETTINGS, NOW).plan is DeliveryPlan.SEND


@pytest.mark.parametrize(("early", "skipped"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_what_happened_before_a_known_click_is_skipped(early: timedelta, skipped: bool) -> None:
    # The click came in the middle of a second; event times are whole seconds.
    person = lead(google_clicked_at=EVENT_AT.replace(microsecond=700_000))
    assessment = assess(person, conversion(event_at=EVENT_AT - early), SETTINGS, NOW)
    assert (assessment.plan is DeliveryPlan.SKIP) is skipped
    if skipped:
        assert only(assessment).code is WarningCode.OUTSIDE_TIME_WINDOW
        assert only(assessment).field == "occurredAt"
