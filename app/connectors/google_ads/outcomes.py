"""Google's error catalogue, and how its answers are read.

Sources, read 2026-11-23: https://developers.google.com/data-manager/api/reference/rest/v1/ErrorReason,
.../devguides/concepts/ understand-errors and the reasons of requestStatus.retrieve, which the names below
carry without their prefix.
"""

from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, entries, outcome, short_id
from app.connectors.google_ads.api import CLICK_SETTLES, FACTS
from app.connectors.http import Answer
from app.connectors.redaction import Redaction

_WRONG_CLICK = (
    "The click id belongs to another Google Ads account, so {title} cannot count this conversion here."
)
_NO_CONSENT = "Google found no consent for this person. Send the answers with createLead."
_BAD_REQUEST = "Google refused the content of the request."
_NOT_ALLOWED = (
    "The connected Google user may not write to this account. Give access, or connect another user."
)
_TERMS = (
    "The Google Ads account has not accepted the terms for enhanced conversions. Accept them in Google "
    "Ads under "
    "Goals, Settings, or switch userData off."
)
_UNUSABLE_TARGET = "The conversion action this label is mapped to cannot be used. Check its id and its type."
_BUSY = "{title} is not available for the moment."

CATALOGUE: dict[str, Entry] = {
    **entries(
        OutcomeKind.AUTHENTICATION,
        {
            "UNAUTHENTICATED": "{title} does not accept the connection. Connect the integration again.",
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The connection lacks the permission for the Data Manager "
            "API. "
            "Connect the integration again.",
        },
    ),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            "PERMISSION_DENIED": _NOT_ALLOWED,
            "NOT_FOUND": _UNUSABLE_TARGET,
            "SERVICE_DISABLED": "The Data Manager API is not switched on in the Google Cloud project.",
            "INVALID_DESTINATION": _UNUSABLE_TARGET,
            "INVALID_CONVERSION_ACTION_ID": _UNUSABLE_TARGET,
            "INVALID_CONVERSION_ACTION_TYPE": _UNUSABLE_TARGET,
            "EVENT_SOURCE_AND_DESTINATION_MISMATCH": _UNUSABLE_TARGET,
            "DESTINATION_ACCOUNT_TYPE_MISMATCH": "The account id is not that of a Google Ads account.",
            "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS": "Enhanced conversions for "
            "leads is "
            "switched off in Google Ads. Switch it on, or switch userData off.",
            "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS": "Google's policies forbid "
            "personal "
            "data for this account. Switch userData off.",
            "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED": _TERMS,
            "TERMS_AND_CONDITIONS_NOT_SIGNED": _TERMS,
            "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH": "The manager account does not fit the account. Check "
            "loginCustomerId.",
            "NOT_ALLOWLISTED": "Google has not opened this feature for the account.",
            "EXTERNAL_ATTRIBUTION_DATA_MISSING": "The conversion action is one of external attribution, "
            "which this API cannot serve. Map the label to another one.",
            "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED": "Google waits for the account's declaration on "
            "political advertising in the EU.",
        },
    ),
    **entries(
        OutcomeKind.REJECTED,
        {
            "EVENT_TIME_INVALID": "The conversion's time lies outside what Google accepts.",
            "EVENT_TOO_OLD": "The conversion is too old for Google.",
            "INVALID_GCLID": "Google cannot read the gclid. It must be stored exactly as it stood in the "
            "address.",
            "INVALID_GBRAID": "Google cannot read the gbraid. It must be stored exactly as it stood in "
            "the address.",
            "INVALID_WBRAID": "Google cannot read the wbraid. It must be stored exactly as it stood in "
            "the address.",
            "INVALID_AD_IDENTIFIERS": "Google cannot use the click id.",
            "CONVERSION_PRECEDES_CLICK": "The conversion happened before the click. Check occurredAt.",
            "INVALID_CLICK": "The click did not come from a Google Ads campaign.",
            "CLICK_NOT_FOUND": "Google does not find the click.",
            # Said of the action, but only of such clicks: to hold its mapping would keep all others waiting.
            "ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID": "The conversion action counts one "
            "conversion per click, which Google does not do for gbraid and wbraid. Let it count every "
            "conversion, then retry the delivery.",
            "USER_ID_NOT_FOUND": "Google does not find anybody by what is known of the person.",
            "USER_ID_NOT_FOUND_FOR_GCLID": "Google does not find the click.",
            "ORIGINAL_CONVERSIONS_NOT_FOUND": "Google does not find the conversion this was to change.",
            "INVALID_OPERATING_ACCOUNT_FOR_CLICK": _WRONG_CLICK,
            "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER": _WRONG_CLICK,
            "INVALID_AD_IDENTIFIER_FOR_ACCOUNT": _WRONG_CLICK,
            "NO_IDENTIFIERS_PROVIDED": "Google got nothing to recognise the person by.",
            "INVALID_CURRENCY_CODE": "Google does not know the currency.",
            "INVALID_SHA256_FORMAT": "Google does not accept one of the hashed values.",
            "INVALID_HEX_ENCODING": "Google does not accept one of the hashed values.",
            "INVALID_POSTAL_CODE": "Google does not accept the postal code.",
            "INVALID_REGION_CODE": "Google does not accept the country.",
            "DENIED_CONSENT": "The person or the account's settings denied consent.",
            "NO_CONSENT": _NO_CONSENT,
            "UNKNOWN_CONSENT": _NO_CONSENT,
            "REQUIRED_FIELD_MISSING": "Google misses a field.",
            "INVALID_ARGUMENT": _BAD_REQUEST,
            "INVALID_FORMAT": _BAD_REQUEST,
            "INVALID_ENUM_VALUE": _BAD_REQUEST,
            "INVALID_NUMBER_FORMAT": _BAD_REQUEST,
            "INVALID_EVENT": _BAD_REQUEST,
            "FIELD_VALUE_TOO_LONG": _BAD_REQUEST,
            "FIELD_VALUE_TOO_SHORT": _BAD_REQUEST,
            "TOO_MANY_USER_IDENTIFIERS": _BAD_REQUEST,
        },
    ),
    **entries(
        OutcomeKind.RETRY,
        {
            "UNAVAILABLE": _BUSY,
            "DEADLINE_EXCEEDED": _BUSY,
            "INTERNAL": _BUSY,
            "INTERNAL_ERROR": _BUSY,
            "UNKNOWN": _BUSY,
            "ABORTED": _BUSY,
            "RESOURCE_EXHAUSTED": "{title} takes no more requests for the moment.",
        },
    ),
    **entries(
        OutcomeKind.RETRY,
        {
            "CONVERSION_ACTION_TOO_RECENTLY_CREATED": "The conversion action is younger than six hours.",
            "TOO_RECENT_CLICK": "The click is younger than six hours.",
        },
        retry_after_s=CLICK_SETTLES.total_seconds(),
    ),
    **entries(
        OutcomeKind.DELIVERED,
        {
            "DUPLICATE_TRANSACTION_ID": "{title} had this conversion already.",
            "DUPLICATE_GCLID": "{title} had this conversion already.",
        },
    ),
}

# Which of several reasons decides: what no retry and no other reason can mend comes first.
_GRAVITY = (
    OutcomeKind.AUTHENTICATION,
    OutcomeKind.CONFIGURATION,
    OutcomeKind.REJECTED,
    OutcomeKind.RETRY,
    OutcomeKind.DELIVERED,
)

_ACCEPTED = Entry(kind=OutcomeKind.ACCEPTED, text="")
"""The verdict follows: after half an hour at the earliest, within a day."""
_CHECKED = Entry(
    kind=OutcomeKind.DELIVERED, text="Test mode: {title} checked the request and recorded nothing."
)
_WRONG_DESTINATION = Entry(kind=OutcomeKind.CONFIGURATION, text=_UNUSABLE_TARGET)
_NEW_REASON = Entry(kind=OutcomeKind.RETRY, text="{title} refused for a reason that is not known here.")


def read(answer: Answer, redaction: Redaction, *, validate_only: bool) -> Outcome:
    """What the answer means for this conversion."""
    if answer.status == 200:  # noqa: PLR2004 - the only success of this method
        return _taken(answer, redaction, validate_only=validate_only)
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if not isinstance(error, dict) or not (levels := _reasons(error)):
        return by_status(answer, title=FACTS.title, redaction=redaction)
    code, entry, known = _decisive(levels)
    if entry.kind is OutcomeKind.REJECTED and _blames_the_destination(error):
        entry = _WRONG_DESTINATION
    return outcome(
        entry,
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=code,
        said=_words(error),
        request_id=_request_id(error),
        known=known,
    )


def _taken(answer: Answer, redaction: Redaction, *, validate_only: bool) -> Outcome:
    request_id = answer.body.get("requestId") if isinstance(answer.body, dict) else None
    if validate_only and isinstance(answer.body, dict):
        entry, code = _CHECKED, None
    elif short_id(request_id):
        entry, code = _ACCEPTED, None
    elif answer.is_html:
        return by_status(answer, title=FACTS.title, redaction=redaction)
    else:
        entry, code = UNREADABLE, "UNREADABLE"
    return outcome(entry, answer, title=FACTS.title, redaction=redaction, code=code, request_id=request_id)


def _reasons(error: dict[str, Any]) -> list[list[str]]:
    """What is said of fields, of the request, and its status: the most telling first, none of them empty."""
    of_fields = [name for violation in _violations(error) if (name := reason_name(violation))]
    of_request = [name for detail in _details(error) if (name := reason_name(detail))]
    status = error.get("status")
    of_status = [status] if isinstance(status, str) and status else []
    return [level for level in (of_fields, of_request, of_status) if level]


def reason_name(detail: dict[str, Any]) -> str | None:
    """A detail's reason without the prefix that reasons of processing have."""
    name = detail.get("reason")
    if not isinstance(name, str):
        return None
    return name.removeprefix("PROCESSING_ERROR_").removeprefix("REASON_") or None


def _decisive(levels: list[list[str]]) -> tuple[str, Entry, bool]:
    """The first level with a reason that is known, and the gravest reason of it."""
    for level in levels:
        # Behind a new reason INVALID_ARGUMENT only says that there is one; other names say what to do.
        vague = "INVALID_ARGUMENT" if level is not levels[0] else None
        known = [(name, CATALOGUE[name]) for name in level if name in CATALOGUE and name != vague]
        if known:
            return *gravest(known), True
    return levels[0][0], _NEW_REASON, False


def gravest(reasons: list[tuple[str, Entry]]) -> tuple[str, Entry]:
    """Which of several reasons decides."""
    return min(reasons, key=lambda line: _GRAVITY.index(line[1].kind))


def _words(error: dict[str, Any]) -> str | None:
    """What Google says of the first field, else of the request."""
    for violation in _violations(error):
        description = violation.get("description")
        if isinstance(description, str) and description:
            return description
    message = error.get("message")
    return message if isinstance(message, str) else None


def _blames_the_destination(error: dict[str, Any]) -> bool:
    """Whether all fields that are refused say where the event goes: every other event would fare the same."""
    fields = [str(violation.get("field")) for violation in _violations(error)]
    return bool(fields) and all(field.startswith("destinations") for field in fields)


def _request_id(error: dict[str, Any]) -> str | None:
    for detail in _details(error):
        found = short_id(detail.get("requestId"))
        if found:
            return found
    return None


def _violations(error: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for detail in _details(error) for item in _objects(detail.get("fieldViolations"))]


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    return _objects(error.get("details"))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
