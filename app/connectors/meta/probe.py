"""Whether the connection works: a request without any event, which Meta refuses for that reason alone.

The Graph API looks at the token, then at the dataset, then at `data`: inferred from the order of its errors;
the documentation is silent. Nothing can be counted, because nothing is sent.
"""

from app.connectors.base import Connection, Outcome, OutcomeKind
from app.connectors.fields import narrowed
from app.connectors.http import Wire
from app.connectors.meta.api import FACTS
from app.connectors.meta.client import NO_TEST_CODE, post_events
from app.connectors.meta.outcomes import NOTHING_RECEIVED
from app.connectors.meta.settings import MetaSettings
from app.connectors.probing import as_probe, works

_WORKS = "Meta accepts the access token for this dataset. Names of events are not checked: Meta takes any."
_REFUSED_DATA = "100"


async def probe(connection: Connection, wire: Wire) -> Outcome:
    """A refusal of the missing events means that the token may write to the dataset."""
    found = await post_events(connection, {"data": []}, wire=wire)
    if found.kind is not OutcomeKind.DELIVERED and not _is_about_the_missing_events(found):
        return as_probe(found, title=FACTS.title)
    if connection.test_mode and narrowed(connection.settings, MetaSettings).test_event_code is None:
        return NO_TEST_CODE
    return works(found, _WORKS)


def _is_about_the_missing_events(found: Outcome) -> bool:
    code = (found.code or "").partition("/")[0]
    return found.code == NOTHING_RECEIVED or (found.kind is OutcomeKind.REJECTED and code == _REFUSED_DATA)
