"""Conversion rules: every number is one, but those that end in certain digits.

From "Conversion tracking" (learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/
conversion-tracking, read 2026-11-23): the finder by account, and one rule by its id and account.
"""

import re
from typing import Any

from app.sandbox.calls import Answer, Call, json_answer
from app.sandbox.linkedin.answers import error, not_found

UNKNOWN_ENDING = "404"
"""A rule whose number ends so does not exist; nor does such an ad account."""
INSIGHT_TAG_ENDING = "405"
"""A rule of the Insight Tag, which takes nothing from the Conversions API."""
SWITCHED_OFF_ENDING = "406"
METHOD = "CONVERSIONS_API"
_ACCOUNT = re.compile(r"urn:li:sponsoredAccount:([0-9]{1,19})")


def rule_exists(number: str) -> bool:
    """Whether the ad account has this rule."""
    return number.isascii() and number.isdigit() and not number.endswith(UNKNOWN_ENDING)


def method_of(number: str) -> str:
    """How the rule's conversions come in."""
    return "INSIGHT_TAG" if number.endswith(INSIGHT_TAG_ENDING) else METHOD


def is_switched_off(number: str) -> bool:
    """Whether the rule counts nothing for the moment."""
    return number.endswith(SWITCHED_OFF_ENDING)


def find_rules(call: Call) -> Answer:
    """GET /rest/conversions?q=account&account={urn}."""
    if call.query.get("q") != "account":
        return error(400, "No finder of this name", code="ILLEGAL_ARGUMENT")
    refused = _refused_account(call)
    if refused is not None:
        return refused
    account = call.query["account"]
    elements = [_rule(number, account) for number in ("700000001", "700000002")]
    return json_answer(200, {"elements": elements, "paging": {"start": 0, "count": 10, "links": []}})


def read_rule(call: Call) -> Answer:
    """GET /rest/conversions/{id}?account={urn}."""
    refused = _refused_account(call)
    if refused is not None:
        return refused
    number = call.path_params.get("rule_id", "")
    if not rule_exists(number):
        return not_found("The conversion does not exist")
    return json_answer(200, _rule(number, call.query["account"]))


def _refused_account(call: Call) -> Answer | None:
    match = _ACCOUNT.fullmatch(call.query.get("account", ""))
    if match is None:
        return error(400, "Invalid param. /account :: Invalid Urn format.", code="ILLEGAL_ARGUMENT")
    return not_found("Account not found") if match[1].endswith(UNKNOWN_ENDING) else None


def _rule(number: str, account: str) -> dict[str, Any]:
    return {
        "id": int(number),
        "name": f"Rule {number}",
        "account": account,
        "enabled": not is_switched_off(number),
        "conversionMethod": method_of(number),
        "type": "QUALIFIED_LEAD",
        "campaigns": [],
    }
