"""Counting conversions as a platform does: a second copy in time does not count, its value replaces."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.calls import Adjustment, Conversion

REMEMBERED = 100_000
"""Conversions kept for recognising copies; older ones are forgotten, so that a long demo stays small."""
SHOWN = 1_000


@dataclass(slots=True)
class _Counted:
    request_id: int
    first_at: datetime
    copies: int
    value: float | None
    currency: str | None
    retracted: bool = False


class ConversionCount:
    """The conversions of one platform."""

    def __init__(self, copies_recognised_for: timedelta | None) -> None:
        self._recognised_for = copies_recognised_for
        self._counted: OrderedDict[tuple[str, ...], _Counted] = OrderedDict()
        self.total = 0
        """Copies and what was retracted left out; counts on beyond what is remembered."""

    def add(self, conversion: Conversion, *, at: datetime, request_id: int) -> int | None:
        """Count a conversion. The id of the request that brought the first copy; None: this is the first."""
        first = self._first_copy(conversion, at)
        if first is not None:
            first.copies += 1
            if conversion.copy_replaces:
                first.value, first.currency = conversion.value, conversion.currency
            return first.request_id
        self.total += 1
        key = conversion.key or ("", str(request_id), str(self.total))
        self._counted[key] = _Counted(request_id, at, 1, conversion.value, conversion.currency)
        self._counted.move_to_end(key)
        if len(self._counted) > REMEMBERED:
            self._counted.popitem(last=False)
        return None

    def adjust(self, adjustment: Adjustment) -> None:
        """Restate or retract a conversion that is remembered; a retracted one stays known, for its copies."""
        counted = self._counted.get(adjustment.key)
        if counted is None or counted.retracted:
            return
        if adjustment.retracts:
            counted.retracted = True
            self.total -= 1
        else:
            counted.value, counted.currency = adjustment.value, adjustment.currency

    def shown(self) -> list[dict[str, Any]]:
        """The newest conversions, newest first, as JSON."""
        newest = list(self._counted.items())[: -SHOWN - 1 : -1]
        return [
            {
                "key": list(key) if key[0] else None,
                "copies": item.copies,
                "value": item.value,
                "currency": item.currency,
                "requestId": item.request_id,
                **({"retracted": True} if item.retracted else {}),
            }
            for key, item in newest
        ]

    def _first_copy(self, conversion: Conversion, at: datetime) -> _Counted | None:
        if conversion.key is None:
            return None
        first = self._counted.get(conversion.key)
        if first is None:
            return None
        if self._recognised_for is not None and at - first.first_at >= self._recognised_for:
            return None
        return first
