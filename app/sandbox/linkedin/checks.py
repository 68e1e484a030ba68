"""What is wrong with events whose form is right, and what LinkedIn takes without a word but cannot use."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sandbox.calls import Answer
from app.sandbox.formats import is_currency, is_sha256_hex
from app.sandbox.linkedin.answers import OUT_OF_WINDOW, TOO_LITTLE, WRONG_METHOD, at_indices, no_ad_account
from app.sandbox.linkedin.rules import METHOD, is_switched_off, method_of, rule_exists

WINDOW = timedelta(days=90)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Event = dict[str, Any]


def refusal(events: Sequence[Event], now: datetime) -> Answer | None:
    """The first thing that refuses all of these events; None: nothing does."""
    if not all(rule_exists(rule_of(event)) for event in events):
        return no_ad_account()
    checks: tuple[tuple[str, Callable[[Event], bool]], ...] = (
        (WRONG_METHOD, lambda event: method_of(rule_of(event)) == METHOD),
        (OUT_OF_WINDOW, lambda event: _is_in_window(event, now)),
        (TOO_LITTLE, _is_enough),
    )
    for text, holds in checks:
        wrong = [index for index, event in enumerate(events) if not holds(event)]
        if wrong:
            return at_indices(text, wrong)
    return None


def notes(event: Event, index: int) -> Iterator[str]:
    """What matches nobody or counts nothing, and what the real service says nothing of."""
    currency = event.get("conversionValue", {}).get("currencyCode")
    if currency is not None and not is_currency(currency):
        yield f"elements[{index}]: {currency[:20]} is no currency; LinkedIn takes it without a word"
    for user_id in event["user"]["userIds"]:
        if user_id["idType"] == "SHA256_EMAIL" and not is_sha256_hex(user_id["idValue"]):
            yield f"elements[{index}]: an e-mail address is not SHA-256 in lower-case hex and matches nobody"
    if is_switched_off(rule_of(event)):
        yield f"elements[{index}]: the rule is switched off, so the conversion is not counted"


def rule_of(event: Event) -> str:
    """The number of the event's conversion rule."""
    return str(event["conversion"]).rpartition(":")[2]


def _is_in_window(event: Event, now: datetime) -> bool:
    # Whole numbers: a float has no room for every integer JSON has.
    now_ms = (now - _EPOCH) // _MILLISECOND
    return 0 <= now_ms - int(event["conversionHappenedAt"]) <= WINDOW // _MILLISECOND


def _is_enough(event: Event) -> bool:
    user = event["user"]
    return any(user.get(name) for name in ("userIds", "userInfo", "externalIds", "lead"))
