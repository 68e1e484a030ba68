"""The frozen part of a delivery, as it is stored and as connectors take it."""

from typing import Any

from app.connectors.base import Consent, Conversion
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import ConsentState

_QUESTIONS = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")


def consent_of_lead(lead: LeadRow) -> dict[str, Any]:
    """The lead's answers as they are frozen in a delivery."""
    return {question: getattr(lead, question) for question in _QUESTIONS}


def conversion_of(delivery: DeliveryRow) -> Conversion:
    """What a connector needs to know of a delivery: equal on every attempt."""
    answers = {question: delivery.consent.get(question) for question in _QUESTIONS}
    return Conversion(
        kind=delivery.kind,
        event_id=delivery.platform_event_id,
        event_at=delivery.event_at,
        value_cents=delivery.value_cents,
        currency=delivery.currency,
        target=delivery.target,
        consent=Consent(
            **{question: ConsentState(answer) if answer else None for question, answer in answers.items()}
        ),
    )
