"""What Meta needs of a lead, and when. Pure."""

from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import (
    advertising_consent_findings,
    conclude,
    currency_findings,
    skips,
    unusable_contacts,
    warns,
)
from app.connectors.base import Assessment, Conversion, Finding
from app.connectors.meta.api import EVENT_WINDOW, FACTS
from app.connectors.meta.payload import source_url, user_agent, user_data
from app.connectors.meta.settings import MetaSettings
from app.tables.leads import LeadRow
from app.values import WarningCode

_WEBSITE_ENOUGH = frozenset({"fbc", "fbp", "em", "ph", "external_id", "client_ip_address"})
"""One of these is needed. Names, places and the browser alone are refused: .../best-practices,
"Baseline requirements for matching", read 2026-11-23."""
_CRM_ENOUGH = frozenset({"lead_id", "em", "ph", "fbc"})
_HASHES_ASKED_FOR = ("em", "ph", "external_id")
"""Hashing all the rest only to know that it is there takes longer than everything else that is assessed."""


def assess(lead: LeadRow, conversion: Conversion, settings: MetaSettings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent or makes it weaker."""
    expires_at = conversion.event_at + EVENT_WINDOW
    known = frozenset(user_data(lead, conversion, settings, hashes=_HASHES_ASKED_FOR))
    of_mode = _website(lead, settings, known) if settings.mode == "website" else _crm(lead, known)
    findings = [
        *_target(conversion),
        *of_mode,
        *_value(conversion),
        *advertising_consent_findings(conversion.consent, settings.unknown_consent, title=FACTS.title),
        *_times(lead, conversion, settings, expires_at, now),
    ]
    return conclude(findings, now=now, send_at=conversion.event_at, expires_at=expires_at)


def _target(conversion: Conversion) -> Iterator[Finding]:
    if not conversion.target.strip():
        yield skips(WarningCode.NOT_MAPPED, "target", "This label is not mapped to the name of a Meta event.")


def _website(lead: LeadRow, settings: MetaSettings, known: frozenset[str]) -> Iterator[Finding]:
    if not known & _WEBSITE_ENOUGH:
        reason = (
            "Nothing is known that Meta could recognise this person by: no click id (fbc, fbclid), "
            "browser id (fbp), "
            "e-mail, phone, own id or IP address. Complete the lead and change its status again."
            f"{unusable_contacts(lead)}"
        )
        yield skips(WarningCode.MISSING_IDENTIFIER, "user_data", reason)
    elif not known & {"fbc", "em"}:
        reason = (
            "Neither Meta's click id nor an e-mail address is known, so Meta will recognise few of "
            "these people."
        )
        yield warns(WarningCode.MISSING_IDENTIFIER, "fbc", reason)
    if not user_agent(lead):
        reason = (
            "Meta takes conversions of a website only with the browser's user agent. Send it with createLead."
        )
        yield skips(WarningCode.MISSING_FIELD, "userAgent", reason)
    if not source_url(lead, settings):
        reason = (
            "Meta takes conversions of a website only with the address of a page. Send landingPageUrl "
            "with createLead, "
            "or set eventSourceUrl at the integration."
        )
        yield skips(WarningCode.MISSING_FIELD, "landingPageUrl", reason)


def _crm(lead: LeadRow, known: frozenset[str]) -> Iterator[Finding]:
    wrong = " What is stored as metaLeadId is not a number of 15 to 17 digits." if lead.meta_lead_id else ""
    if not known & _CRM_ENOUGH:
        reason = (
            "Neither the id of Meta's lead form, nor an e-mail, phone or click id (fbc, fbclid) is known "
            "for this "
            f"lead, so Meta cannot recognise it. Complete the lead and change its status again.{wrong}"
            f"{unusable_contacts(lead)}"
        )
        yield skips(WarningCode.MISSING_IDENTIFIER, "metaLeadId", reason)
    elif "lead_id" not in known:
        reason = f"Without the id of Meta's lead form (metaLeadId) Meta recognises fewer leads.{wrong}"
        yield warns(WarningCode.MISSING_IDENTIFIER, "metaLeadId", reason)


def _value(conversion: Conversion) -> Iterator[Finding]:
    if conversion.target.strip() == "Purchase" and conversion.value_cents is None:
        reason = (
            "Meta takes the event Purchase only with a value. Send a price, or map the label to "
            "another event."
        )
        yield skips(WarningCode.MISSING_FIELD, "price", reason)
    yield from currency_findings(conversion)


def _times(
    lead: LeadRow, conversion: Conversion, settings: MetaSettings, expires_at: datetime, now: datetime
) -> Iterator[Finding]:
    outside = WarningCode.OUTSIDE_TIME_WINDOW
    if now >= expires_at:
        yield skips(outside, "occurredAt", "It happened more than 7 days ago, and Meta takes nothing older.")
    # Event times are whole seconds, the lead's creation need not be.
    if settings.mode == "crm" and conversion.event_at < lead.created_at.replace(microsecond=0):
        reason = "It happened before the lead was created, so Meta would drop it. Check occurredAt."
        yield skips(outside, "occurredAt", reason)
