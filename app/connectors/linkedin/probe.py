"""Whether the connection works: its conversion rules are looked at, nothing is sent.

Source: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversion-tracking
(the finder by account, and one rule by its id and account), read 2026-11-23.
"""

from typing import Any

from app.connectors.authorized import Told
from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, outcome
from app.connectors.linkedin.api import FACTS
from app.connectors.linkedin.client import NO_TEST_MODE, Access, look_up
from app.connectors.linkedin.outcomes import CATALOGUE, refused
from app.connectors.linkedin.payload import rule_id
from app.connectors.probing import as_probe, works

_ACCOUNT_WORKS = (
    "LinkedIn accepts the access token for this ad account. Whether it may be written to shows with the "
    "first conversion."
)
_RULE_WORKS = (
    "LinkedIn has the conversion rule, and it is switched on. Whether conversions may be written to it shows "
    "with the first one."
)
_NO_RULE = Outcome(
    kind=OutcomeKind.CONFIGURATION,
    code="INVALID_TARGET",
    message="The label is not mapped to the number of a rule.",
)
_SWITCHED_OFF = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="The conversion rule is switched off, so {title} would count nothing. Switch it on in Campaign "
    "Manager.",
)


async def probe(access: Access, target: str | None) -> Outcome:
    """Ask for the rules of the ad account, with a target for that rule."""
    found = await (_account(access) if target is None else _rule(access, target))
    if found.kind is OutcomeKind.DELIVERED and access.connection.test_mode:
        return NO_TEST_MODE
    return as_probe(found, title=FACTS.title)


async def _account(access: Access) -> Outcome:
    told = await look_up(access, f"conversions?q=account&account={access.account}&count=1")
    if isinstance(told, Outcome):
        return told
    body = _found(told)
    if body is None:
        return refused(told.answer, told.redaction)
    if not isinstance(body.get("elements"), list):
        return _judged(told, UNREADABLE, "UNREADABLE")
    return works(_judged(told, UNREADABLE, None), _ACCOUNT_WORKS)


async def _rule(access: Access, target: str) -> Outcome:
    number = rule_id(target)
    if number is None:
        return _NO_RULE
    told = await look_up(access, f"conversions/{number}?account={access.account}")
    if isinstance(told, Outcome):
        return told
    body = _found(told)
    if body is None:
        return refused(told.answer, told.redaction)
    return _of_rule(told, body, number)


def _of_rule(told: Told, body: dict[str, Any], number: str) -> Outcome:
    if str(body.get("id")) != number:
        return _judged(told, UNREADABLE, "UNREADABLE")
    if body.get("enabled") is False:
        return _judged(told, _SWITCHED_OFF, "RULE_SWITCHED_OFF")
    if body.get("conversionMethod", "CONVERSIONS_API") != "CONVERSIONS_API":
        return _judged(told, CATALOGUE["WRONG_CONVERSION_METHOD"], "WRONG_CONVERSION_METHOD")
    return works(_judged(told, UNREADABLE, None), _RULE_WORKS)


def _found(told: Told) -> dict[str, Any] | None:
    """What a success answers; None: it is none."""
    if told.answer.status != 200 or told.answer.is_html:  # noqa: PLR2004 - the only success of a look-up
        return None
    return told.answer.body if isinstance(told.answer.body, dict) else {}


def _judged(told: Told, entry: Entry, code: str | None) -> Outcome:
    return outcome(entry, told.answer, title=FACTS.title, redaction=told.redaction, code=code)
