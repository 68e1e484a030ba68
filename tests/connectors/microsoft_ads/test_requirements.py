from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.microsoft_ads.requirements import assess
from app.connectors.microsoft_ads.settings import MicrosoftAdsSettings
from app.values import ConsentState, DeliveryKind, DeliveryPlan, WarningCode
from tests.connectors.leads import CLICKED_AT, CREATED_AT, EVENT_AT, NOW, bare_lead, conversion, lead

SETTINGS = MicrosoftAdsSettings(customer_id="250000001", account_id="180000001")
CLICKS_ONLY = SETTINGS.model_copy(update={"user_data": False})


def assessed(person: Any = None, settings: Any = SETTINGS, **overrides: Any) -> Assessment:
    return assess(person or lead(), conversion(**{"target": "Won lead", **overrides}), settings, NOW)


def told(assessment: Assessment) -> list[tuple[WarningCode, str | None, bool]]:
    return [(finding.code, finding.field, finding.will_skip) for finding in assessment.findings]


def test_a_label_without_a_goal_is_not_sent() -> None:
    assert told(assessed(target="  ")) == [(WarningCode.NOT_MAPPED, "target", True)]


@pytest.mark.parametrize("known", [{"msclkid": "abc"}, {"msclkid": "abc", "email": "alexz@example.com"}])
def test_a_click_id_is_enough(known: dict[str, str]) -> None:
    assert told(assessed(bare_lead(**known))) == []


@pytest.mark.parametrize("known", [{"email": "alexz@example.com"}, {"phone_e164": "+442079460018"}])
def test_personal_data_alone_is_sent_with_a_warning(known: dict[str, str]) -> None:
    assessment = assessed(bare_lead(**known))
    assert assessment.plan is DeliveryPlan.SEND
    assert told(assessment) == [(WarningCode.MISSING_IDENTIFIER, "msclkid", False)]


@pytest.mark.parametrize(
    ("person", "settings"),
    [
        (bare_lead(), SETTINGS),
        (bare_lead(msclkid=" "), SETTINGS),
        (bare_lead(email="nobody"), SETTINGS),
        (bare_lead(email="alexz@example.com"), CLICKS_ONLY),
    ],
)
def test_nobody_to_recognise_is_not_sent(person: Any, settings: Any) -> None:
    assert told(assessed(person, settings)) == [(WarningCode.MISSING_IDENTIFIER, "msclkid", True)]


def test_a_phone_without_a_country_is_told() -> None:
    assert (WarningCode.MISSING_FIELD, "countryCode", False) in told(
        assessed(bare_lead(phone="020 7946 0018"))
    )


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"ad_user_data": ConsentState.DENIED}, "adUserData"),
        ({"ad_storage": ConsentState.DENIED, "ad_user_data": ConsentState.GRANTED}, "adStorage"),
    ],
)
def test_denied_consent_blocks(answers: dict[str, ConsentState], field: str) -> None:
    assert told(assessed(consent=Consent(**answers))) == [(WarningCode.CONSENT_DENIED, field, True)]


def test_one_answer_is_enough_to_know_of_consent() -> None:
    assert told(assessed(consent=Consent(ad_storage=ConsentState.GRANTED))) == []


def test_a_value_without_a_currency_is_not_sent_and_none_needs_none() -> None:
    assert told(assessed(currency="")) == [(WarningCode.MISSING_FIELD, "currency", True)]
    assert told(assessed(currency="", value_cents=None)) == []


def test_a_retraction_needs_no_currency() -> None:
    assert told(assessed(kind=DeliveryKind.RETRACT, currency="", value_cents=0)) == []


def test_a_restatement_needs_a_value() -> None:
    restated = assessed(kind=DeliveryKind.RESTATE, value_cents=None)
    assert told(restated) == [(WarningCode.MISSING_FIELD, "price", True)]


class TestTimes:
    def test_a_conversion_waits_until_an_hour_after_the_click(self) -> None:
        clicked_at = NOW - timedelta(minutes=20)
        assessment = assessed(lead(microsoft_clicked_at=clicked_at), event_at=NOW - timedelta(minutes=5))
        assert (assessment.plan, assessment.send_at) == (DeliveryPlan.WAIT, clicked_at + timedelta(hours=1))

    @pytest.mark.parametrize(
        "person", [lead(microsoft_clicked_at=None), lead(msclkid=None, microsoft_clicked_at=NOW)]
    )
    def test_without_a_known_click_it_waits_for_nothing(self, person: Any) -> None:
        assert assessed(person, event_at=NOW).send_at == NOW

    @pytest.mark.parametrize("kind", [DeliveryKind.RESTATE, DeliveryKind.RETRACT])
    def test_an_adjustment_waits_until_microsoft_knows_the_conversion(self, kind: DeliveryKind) -> None:
        assessment = assessed(kind=kind)
        assert (assessment.plan, assessment.send_at) == (DeliveryPlan.WAIT, EVENT_AT + timedelta(hours=6))
        assert assessed(kind=kind, event_at=NOW - timedelta(days=1)).plan is DeliveryPlan.SEND

    def test_the_window_closes_90_days_after_the_click(self) -> None:
        assert assessed().expires_at == CLICKED_AT + timedelta(days=90)

    @pytest.mark.parametrize(
        "person", [lead(microsoft_clicked_at=None), lead(msclkid=None), lead(msclkid=None, email=None)]
    )
    def test_without_a_known_click_it_counts_from_the_lead(self, person: Any) -> None:
        assert assessed(person).expires_at == CREATED_AT + timedelta(days=90)

    def test_what_happened_before_the_lead_expires_by_its_own_time(self) -> None:
        happened_at = CREATED_AT - timedelta(days=2)
        assessment = assessed(lead(microsoft_clicked_at=None), event_at=happened_at)
        assert assessment.expires_at == happened_at + timedelta(days=90)

    def test_an_adjustment_is_taken_for_90_days_after_the_conversion(self) -> None:
        assert assessed(kind=DeliveryKind.RETRACT).expires_at == EVENT_AT + timedelta(days=90)

    def test_what_is_too_old_is_not_sent(self) -> None:
        clicked_at = NOW - timedelta(days=90)
        assessment = assessed(lead(microsoft_clicked_at=clicked_at))
        assert told(assessment) == [(WarningCode.OUTSIDE_TIME_WINDOW, None, True)]

    @pytest.mark.parametrize(
        ("person", "event_at", "since"),
        [
            (lead(microsoft_clicked_at=NOW - timedelta(days=90)), EVENT_AT, "the click on the ad."),
            (
                lead(microsoft_clicked_at=None, created_at=NOW - timedelta(days=90)),
                EVENT_AT,
                "the lead came in. The time of the click is not known.",
            ),
            (lead(microsoft_clicked_at=None), NOW - timedelta(days=90), "it happened."),
        ],
    )
    def test_what_is_too_late_says_from_when_the_days_count(
        self, person: Any, event_at: Any, since: str
    ) -> None:
        [late] = assessed(person, event_at=event_at).findings
        assert (
            late.reason == f"It is too late: Microsoft Ads took this until 2026-11-23, 90 days after {since}"
        )

    def test_what_happened_before_the_click_is_not_sent(self) -> None:
        assessment = assessed(lead(microsoft_clicked_at=EVENT_AT + timedelta(seconds=1)))
        assert told(assessment) == [(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", True)]

    def test_the_second_of_the_click_is_not_before_it(self) -> None:
        assert told(assessed(lead(microsoft_clicked_at=EVENT_AT + timedelta(milliseconds=900)))) == []
