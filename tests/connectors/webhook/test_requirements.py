from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import Assessment, Consent
from app.connectors.webhook.api import DELIVER_FOR
from app.connectors.webhook.requirements import assess
from app.connectors.webhook.settings import WebhookSettings
from app.values import ConsentState, DeliveryKind, DeliveryPlan, WarningCode
from tests.connectors.leads import NOW, bare_lead, conversion, lead


def assessed(person: Any = None, settings: dict[str, Any] | None = None, **changes: Any) -> Assessment:
    model = WebhookSettings.model_validate({"url": "https://hooks.example.com/x", **(settings or {})})
    return assess(person or lead(), conversion(**{"target": "lead.won", **changes}), model, NOW)


@pytest.mark.parametrize("target", ["won", "lead.won", " lead.won ", "Lead_Won.v2", "a-b.c", "x" * 128])
def test_a_type_is_names_with_full_stops_between_them(target: str) -> None:
    assert assessed(target=target).plan is DeliveryPlan.SEND


@pytest.mark.parametrize("target", ["", " ", "lead won", "lead.", ".won", "a..b", "löst", "a/b", "x" * 129])
def test_anything_else_is_no_mapping(target: str) -> None:
    found = assessed(target=target)
    assert [one.code for one in found.findings] == [WarningCode.NOT_MAPPED]
    assert found.plan is DeliveryPlan.SKIP


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"ad_user_data": ConsentState.DENIED}, "adUserData"),
        ({"ad_storage": ConsentState.DENIED, "ad_user_data": ConsentState.GRANTED}, "adStorage"),
    ],
)
@pytest.mark.parametrize("policy", ["send", "skip"])
def test_what_the_person_refused_is_not_sent(
    answers: dict[str, ConsentState], field: str, policy: str
) -> None:
    found = assessed(settings={"unknown_consent": policy}, consent=Consent(**answers))
    assert [(one.code, one.field) for one in found.findings] == [(WarningCode.CONSENT_DENIED, field)]
    assert found.plan is DeliveryPlan.SKIP


def test_the_receiver_decides_of_a_person_who_was_not_asked() -> None:
    [finding] = assessed(consent=Consent()).findings
    assert "the webhook is told so" in finding.reason
    [finding] = assessed(settings={"unknown_consent": "skip"}, consent=Consent()).findings
    assert "sends nothing" in finding.reason


def test_a_refusal_to_be_measured_is_no_refusal_of_ones_own_system() -> None:
    consent = Consent(analytics_storage=ConsentState.DENIED, ad_user_data=ConsentState.GRANTED)
    assert assessed(consent=consent).findings == ()


def test_a_lead_known_only_by_our_own_id_is_told_with_a_warning() -> None:
    found = assessed(bare_lead(email="alexz@example.com"))
    assert [(one.code, one.field, one.will_skip) for one in found.findings] == [
        (WarningCode.MISSING_IDENTIFIER, "uniqueIdentifier", False)
    ]
    assert found.plan is DeliveryPlan.SEND


@pytest.mark.parametrize(
    ("known", "settings"),
    [
        ({"unique_identifier": "crm-1"}, {}),
        ({"gclid": "abc"}, {}),
        ({"email": "alexz@example.com"}, {"personal_data": True}),
    ],
)
def test_anything_to_recognise_the_lead_by_will_do(known: dict[str, str], settings: dict[str, Any]) -> None:
    assert assessed(bare_lead(**known), settings).findings == ()


@pytest.mark.parametrize("kind", DeliveryKind)
def test_nothing_is_too_old_and_everything_is_tried_for_30_days(kind: DeliveryKind) -> None:
    found = assessed(event_at=NOW - timedelta(days=4_000), kind=kind)
    assert found.plan is DeliveryPlan.SEND
    assert found.expires_at == NOW + timedelta(days=30) == NOW + DELIVER_FOR


def test_what_is_ahead_of_our_clock_is_tried_for_as_long() -> None:
    found = assessed(event_at=NOW + timedelta(minutes=5))
    assert (found.send_at, found.expires_at) == (
        NOW + timedelta(minutes=5),
        NOW + timedelta(minutes=5) + DELIVER_FOR,
    )
