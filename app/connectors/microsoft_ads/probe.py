"""Whether the connection works: the account's goals are looked at, nothing is sent.

That is also the only way to learn of a wrong name before conversions are lost: Microsoft's own example says
that a conversion under a name no goal has brings no error and is not counted
(https://learn.microsoft.com/en-us/advertising/guides/code-example-offline-conversions); how to ask is said at
.../campaign-management-service/getconversiongoalsbyids, both read 2026-11-23.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.connectors.authorized import Told
from app.connectors.base import Body, Outcome, OutcomeKind
from app.connectors.catalogue import Entry, outcome
from app.connectors.http import MAX_LIST_BYTES
from app.connectors.microsoft_ads.api import FACTS
from app.connectors.microsoft_ads.client import NO_TEST_MODE, Access, ask
from app.connectors.microsoft_ads.reading import read, unread
from app.connectors.probing import as_probe, works

_ALL_OFFLINE: Body = {"ConversionGoalIds": None, "ConversionGoalTypes": "OfflineConversion"}
"""Without ids: all of the account."""
_ACTIVE = "Active"

_ACCESS_WORKS = (
    "Microsoft accepts the connection and shows the account's goals. Whether a goal has the name a label is "
    "mapped to is checked with that mapping."
)
_TARGET_WORKS = (
    "The account has an offline conversion goal of exactly this name, and it is active. Whether Microsoft "
    "finds real clicks and people is not checked."
)
_MISSING = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="Microsoft Advertising has no offline conversion goal of this name in the account, so it would drop "
    "the conversion without a word. Map the label to the goal's exact name.",
)
_SPELLING = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="Microsoft Advertising has an offline conversion goal of almost this name. Map the label to it "
    "letter by letter: capitals and spaces count.",
)
_INACTIVE = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="The offline conversion goal is paused or deleted in Microsoft Advertising. Make it active, or map "
    "the label to another one.",
)


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of one account, by name."""

    told: Told
    statuses: dict[str, frozenset[str]]
    """The statuses of all goals of a name: a deleted one may have been made anew."""

    def judge(self, name: str) -> Outcome:
        """Whether conversions of this name would be counted."""
        statuses = self.statuses.get(name)
        if statuses is None:
            alike = _folded(name) in {_folded(other) for other in self.statuses}
            return self._bad(_SPELLING if alike else _MISSING, "GOAL_NOT_FOUND")
        return self.work(_TARGET_WORKS) if _ACTIVE in statuses else self._bad(_INACTIVE, "GOAL_NOT_ACTIVE")

    def work(self, message: str) -> Outcome:
        """The connection does what was tried."""
        return works(read(self.told.answer, self.told.redaction, count=0), message)

    def _bad(self, entry: Entry, code: str) -> Outcome:
        return outcome(entry, self.told.answer, title=FACTS.title, redaction=self.told.redaction, code=code)


async def probe(access: Access, target: str | None) -> Outcome:
    """Renew the access and ask for the goals; with a target, look for it among them."""
    goals = await _goals(access)
    if isinstance(goals, Outcome):
        return as_probe(goals, title=FACTS.title)
    found = goals.work(_ACCESS_WORKS) if target is None else goals.judge(target.strip())
    in_vain = found.kind is OutcomeKind.DELIVERED and access.connection.test_mode
    return NO_TEST_MODE if in_vain else found


async def _goals(access: Access) -> Goals | Outcome:
    told = await ask(
        access, "ConversionGoals/QueryByIds", _ALL_OFFLINE, renew=True, most_bytes=MAX_LIST_BYTES
    )
    if isinstance(told, Outcome):
        return told
    found = read(told.answer, told.redaction, count=0)
    if found.kind is not OutcomeKind.DELIVERED:
        return found
    listed = told.answer.body.get("ConversionGoals")
    if not isinstance(listed, list):
        return unread(told.answer, told.redaction)
    return Goals(told, _statuses(goal for goal in listed if isinstance(goal, dict)))


def _statuses(goals: Iterable[dict[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for goal in goals:
        name = str(goal.get("Name"))
        found[name] = found.get(name, frozenset()) | {str(goal.get("Status"))}
    return found


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()
