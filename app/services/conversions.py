"""The frozen part of a delivery, as it is stored and as connectors take it."""

from functools import cache
from typing import Any

from pydantic import BaseModel

from app.connectors.base import Body, Connector, Consent, Conversion
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import ConsentState

_QUESTIONS = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")


def consent_of_lead(lead: LeadRow) -> dict[str, Any]:
    """The lead's answers as they are frozen in a delivery."""
    return {question: getattr(lead, question) for question in _QUESTIONS}


def conversion_of(delivery: DeliveryRow) -> Conversion:
    """What a connector needs to know of a delivery: equal on every attempt."""
    return Conversion(
        kind=delivery.kind,
        delivery_id=delivery.id,
        event_id=delivery.platform_event_id,
        event_at=delivery.event_at,
        decided_at=delivery.created_at.replace(microsecond=0),
        value_cents=delivery.value_cents,
        currency=delivery.currency,
        target=delivery.target,
        consent=_consent(*(delivery.consent.get(question) for question in _QUESTIONS)),
    )


@cache
def _consent(*answers: str | None) -> Consent:
    """There are 81 at the most."""
    given = (ConsentState(answer) if answer else None for answer in answers)
    return Consent(**dict(zip(_QUESTIONS, given, strict=True)))


def build_request(
    connector: Connector, settings: BaseModel, lead: LeadRow, delivery: DeliveryRow, *, test_mode: bool
) -> Body:
    """The body of a delivery's request: what is sent, and what a preview shows."""
    return connector.build(lead, conversion_of(delivery), settings, test_mode=test_mode)
