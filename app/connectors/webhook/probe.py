"""Whether a webhook takes messages: a signed one about nobody. The receiver sees it, so only people ask."""

from app.connectors.base import Connection, Outcome, OutcomeKind
from app.connectors.http import Wire
from app.connectors.probing import as_probe, works
from app.connectors.webhook.addresses import Resolve
from app.connectors.webhook.api import FACTS
from app.connectors.webhook.client import send
from app.connectors.webhook.payload import TEST_TYPE, trial
from app.ids import new_id

_WORKS = f"The webhook took a message of the type {TEST_TYPE}. Whether it verifies signatures cannot be seen."


async def probe(connection: Connection, *, wire: Wire, resolve: Resolve) -> Outcome:
    """Send a message that a receiver is to take and to forget; a new one each time."""
    found = await send(connection, trial(f"msg_{new_id()}", wire.clock()), wire=wire, resolve=resolve)
    if found.kind is OutcomeKind.DELIVERED:
        return works(found, _WORKS)
    return as_probe(found, title=FACTS.title)
