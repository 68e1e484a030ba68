"""What stands against telling a webhook, and until when it is tried. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import conclude, currency_findings, skips, unknown_consent_finding, warns
from app.connectors.base import Assessment, Consent, Conversion, Finding
from app.connectors.webhook.api import DELIVER_FOR, FACTS
from app.connectors.webhook.payload import attribution, person
from app.connectors.webhook.settings import WebhookSettings
from app.tables.leads import LeadRow
from app.values import ConsentState, WarningCode

_TYPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
"""As the specification recommends ("Event types"), with hyphens, which many have in names."""
_MAX_TYPE = 128


def assess(lead: LeadRow, conversion: Conversion, settings: WebhookSettings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent or makes it weaker.

    Nothing is too old for one's own system, so the deadline counts from now and not from the event: a sale
    that is undone after half a year is undone there too.
    """
    send_at = max(now, conversion.event_at)
    findings = [
        *_target(conversion),
        *currency_findings(conversion),
        *_consent(conversion.consent, settings),
        *_recognition(lead, settings),
    ]
    return conclude(findings, now=now, send_at=send_at, expires_at=send_at + DELIVER_FOR)


def _target(conversion: Conversion) -> Iterator[Finding]:
    name = conversion.target.strip()
    if len(name) > _MAX_TYPE or not _TYPE.fullmatch(name):
        reason = (
            "This label is not mapped to a type of event: up to 128 letters, digits, hyphens, underscores, "
            "and full stops between them, such as lead.won."
        )
        yield skips(WarningCode.NOT_MAPPED, "target", reason)


def _consent(consent: Consent, settings: WebhookSettings) -> Iterator[Finding]:
    """Who receives it is the user's affair; what the person refused is refused for whatever is behind it."""
    answers = {"adUserData": consent.ad_user_data, "adStorage": consent.ad_storage}
    denied = [field for field, answer in answers.items() if answer is ConsentState.DENIED]
    if denied:
        reason = "The person refused that their data is used for advertising, so the webhook is not told."
        yield skips(WarningCode.CONSENT_DENIED, denied[0], reason)
    elif not any(answers.values()) and settings.unknown_consent == "skip":
        yield unknown_consent_finding("adUserData", "skip", title=FACTS.title)
    elif not any(answers.values()):
        reason = (
            "It is not known whether the person agreed; the webhook is told so, and whoever receives it "
            "decides. Send the answer with createLead."
        )
        yield warns(WarningCode.CONSENT_UNKNOWN, "adUserData", reason)


def _recognition(lead: LeadRow, settings: WebhookSettings) -> Iterator[Finding]:
    known = bool(lead.unique_identifier) or bool(attribution(lead, settings))
    if not known and not (settings.personal_data and person(lead)):
        reason = (
            "Of this lead the webhook is told only Leadwire's own id: no uniqueIdentifier and no click id is "
            "known. Send uniqueIdentifier with createLead if the receiver does not keep Leadwire's ids."
        )
        yield warns(WarningCode.MISSING_IDENTIFIER, "uniqueIdentifier", reason)
