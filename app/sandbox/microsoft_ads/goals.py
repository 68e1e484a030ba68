"""The account's offline conversion goals: some from the beginning, and every name that was used since."""

from collections import OrderedDict
from typing import Any

GONE_ENDING = "404"
"""There is no goal whose name ends so; a conversion of any other name is taken."""
PAUSED = "Paused goal"
FROM_THE_BEGINNING = (
    "Lost",
    "Lost lead",
    "Qualified",
    "Qualified lead",
    "Won",
    "Won lead",
    "Purchase",
    "Repeat order",
)
REMEMBERED = 1_000
"""Names that were used; older ones are forgotten, so that a long demo stays small."""


class Goals:
    """The goals of one account."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, None] = OrderedDict()

    def has(self, name: str) -> bool:
        """Whether there is an offline conversion goal of exactly this name; from now on it is listed."""
        if name.endswith(GONE_ENDING):
            return False
        if name not in (*FROM_THE_BEGINNING, PAUSED):
            self._used[name] = None
            if len(self._used) > REMEMBERED:
                self._used.popitem(last=False)
        return True

    def shown(self) -> list[dict[str, Any]]:
        """All of them, as the vendor writes a goal."""
        names = [*FROM_THE_BEGINNING, PAUSED, *self._used]
        return [_shown(number, name) for number, name in enumerate(names, start=1)]


def _shown(number: int, name: str) -> dict[str, Any]:
    return {
        "ConversionWindowInMinutes": 129_600,
        "CountType": "All",
        "ExcludeFromBidding": False,
        "GoalCategory": "Purchase",
        "Id": str(36_000_000 + number),
        "Name": name,
        "Revenue": {"CurrencyCode": "EUR", "Type": "VariableValue", "Value": 0.0},
        "Scope": "Account",
        "Status": "Paused" if name == PAUSED else "Active",
        "TagId": None,
        "TrackingStatus": "RecordingConversions",
        "Type": "OfflineConversion",
        "IsExternallyAttributed": False,
    }
