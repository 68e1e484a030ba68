"""From findings to an assessment, and the findings that are the same for every platform."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from app.connectors.base import Assessment, Consent, Conversion, Finding
from app.connectors.fields import UnknownConsent
from app.connectors.money import is_currency
from app.tables.leads import LeadRow
from app.values import ConsentState, DeliveryPlan, WarningCode


def skips(code: WarningCode, field: str | None, reason: str) -> Finding:
    """A finding that keeps the conversion from being sent."""
    return Finding(code=code, field=field, reason=reason, will_skip=True)


def warns(code: WarningCode, field: str | None, reason: str) -> Finding:
    """A finding that makes the conversion weaker."""
    return Finding(code=code, field=field, reason=reason, will_skip=False)


def currency_findings(conversion: Conversion) -> Iterator[Finding]:
    """A value in no currency is worse than none: some platforms refuse it, others drop it silently."""
    if conversion.value_cents is None or is_currency(conversion.currency):
        return
    reason = "The value is in no currency there is: a code such as EUR is needed. Set the lead's currency."
    yield skips(WarningCode.MISSING_FIELD, "currency", reason)


def unknown_consent_finding(
    field: str, policy: UnknownConsent, *, title: str, platform_decides: bool = True
) -> Finding:
    """Nobody recorded the person's answer. `platform_decides`: whether it has a field that is left out."""
    code, unknown = WarningCode.CONSENT_UNKNOWN, "It is not known whether the person agreed"
    mend = "Send the answer with createLead."
    if policy == "skip":
        reason = f"{unknown}. This integration then sends nothing to {title} (unknownConsent: skip). {mend}"
        return skips(code, field, reason)
    if platform_decides:
        return warns(code, field, f"{unknown}; {title} decides by its own defaults what it uses. {mend}")
    return warns(
        code, field, f"{unknown}; this integration sends all the same (unknownConsent: send). {mend}"
    )


def advertising_consent_findings(
    consent: Consent, policy: UnknownConsent, *, title: str
) -> Iterator[Finding]:
    """For platforms that have no field for consent, so that whoever sends decides."""
    answers = {"adUserData": consent.ad_user_data, "adStorage": consent.ad_storage}
    denied = [field for field, answer in answers.items() if answer is ConsentState.DENIED]
    if denied:
        reason = f"The person refused that their data is used for advertising, so nothing is sent to {title}."
        yield skips(WarningCode.CONSENT_DENIED, denied[0], reason)
    elif not any(answers.values()):
        yield unknown_consent_finding("adUserData", policy, title=title, platform_decides=False)


def unusable_contacts(lead: LeadRow, *, phone: bool = True) -> str:
    """What to add where nobody can be recognised though the lead has an e-mail or a phone.

    Empty when it has neither; `phone`: whether the platform would take one.
    """
    notes = ""
    if lead.email and lead.email.strip():
        notes += " What is stored as e-mail is no address."
    if phone and lead.phone and lead.phone.strip():
        notes += f" {_UNUSABLE_PHONE}"
    return notes


def unusable_phone_finding() -> Finding:
    """A phone is stored, and the platform cannot be told of it."""
    return warns(WarningCode.MISSING_FIELD, "countryCode", _UNUSABLE_PHONE)


_UNUSABLE_PHONE = (
    "What is stored as phone cannot be dialled from abroad. Send it as +31..., or with a country."
)

_CLOSES_FIRST = skips(
    WarningCode.OUTSIDE_TIME_WINDOW,
    None,
    "By the time the platform would take it, its time window will have closed, so it is not sent.",
)


def conclude(
    findings: Iterable[Finding], *, now: datetime, send_at: datetime, expires_at: datetime
) -> Assessment:
    """SKIP when any finding says so or the window closes first, WAIT until `send_at` when that is ahead."""
    ordered = tuple(sorted(findings, key=lambda finding: not finding.will_skip))
    send_at = max(now, send_at)
    if now < expires_at <= send_at and not any(finding.will_skip for finding in ordered):
        # Else it would wait, and expire without a warning to whoever changed the status.
        ordered = (_CLOSES_FIRST, *ordered)
    if any(finding.will_skip for finding in ordered):
        plan = DeliveryPlan.SKIP
    else:
        plan = DeliveryPlan.WAIT if send_at > now else DeliveryPlan.SEND
    return Assessment(plan=plan, send_at=send_at, expires_at=expires_at, findings=ordered)
