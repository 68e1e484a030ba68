"""Which events of a partial success were not taken.

No page that could be read shows this answer of Events API 2.0; the list `failed_events` is an assumption,
after the bulk endpoints before it. Only its own id is believed to name an event: a position could count from
0 or from 1, and a wrong guess would blame a conversion that was taken and call a refused one delivered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Named = Mapping[int, tuple[Any, Any]]
"""By position in the request: the event's own code and what is said of it, as they came."""


def named_events(said: Any, event_ids: Sequence[str]) -> Named | None:
    """The refused events; None when they are not all named beyond doubt."""
    failed = said.get("failed_events") if isinstance(said, dict) else None
    if not isinstance(failed, list) or not failed:
        return None
    named: dict[int, tuple[Any, Any]] = {}
    for item in failed:
        place = _place(item, event_ids)
        if place is None:
            return None
        named[place] = (item.get("error_code"), item.get("error_msg"))
    return named


def _place(item: Any, event_ids: Sequence[str]) -> int | None:
    event_id = item.get("event_id") if isinstance(item, dict) else None
    places = [place for place, known in enumerate(event_ids) if known == event_id]
    return places[0] if len(places) == 1 else None
