"""Whether an event would be taken. Whether the measurement id and the secret are right cannot be found out.

The validation server (https://developers.google.com/analytics/devguides/collection/protocol/ga4/validating-events,
read 2026-11-23) records nothing and looks at neither; the real one answers 2xx whatever they are.
"""

from dataclasses import replace

from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.ga4.api import FACTS
from app.connectors.ga4.client import validate
from app.connectors.http import Wire
from app.connectors.probing import as_probe, works

_ANY_EVENT = "close_convert_lead"
_WORKS = (
    "Google Analytics finds nothing wrong with the event. It never says whether the measurement id and the "
    "API secret are right: look for a conversion in its Realtime report or in DebugView."
)
_NO_SERVER = frozenset({"HTTP_403", "HTTP_404"})
_NOT_VALIDATED = "There is no validation server at the configured address, so the event could not be checked."


async def probe(connection: Connection, target: str | None, wire: Wire) -> Outcome:
    """Have an event of nobody validated, named as the mapping says."""
    found = await validate(connection, _made_up(_ANY_EVENT if target is None else target), wire=wire)
    if found.kind is OutcomeKind.DELIVERED:
        return works(found, _WORKS)
    if found.kind is OutcomeKind.CONFIGURATION and found.code in _NO_SERVER:
        return replace(found, kind=OutcomeKind.RETRY, message=_NOT_VALIDATED)
    return as_probe(found, title=FACTS.title)


def _made_up(name: str) -> Body:
    return {"client_id": "1.1", "events": [{"name": name.strip(), "params": {}}]}
