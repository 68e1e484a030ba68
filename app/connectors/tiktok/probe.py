"""Whether the connection works: a request without any event, which TikTok refuses for that reason alone.

It looks at the token, then at the right to the event source, then at the content: inferred, because its
answers to a missing token and to a foreign pixel say nothing of the content; no page states the order.
Nothing can be counted, because nothing is sent.
"""

from app.connectors.base import Connection, Outcome, OutcomeKind
from app.connectors.fields import narrowed
from app.connectors.http import Wire
from app.connectors.probing import as_probe, works
from app.connectors.tiktok.api import FACTS
from app.connectors.tiktok.client import NO_TEST_CODE, post_events
from app.connectors.tiktok.payload import empty
from app.connectors.tiktok.settings import TikTokCredentials, TikTokSettings

_WORKS = (
    "TikTok accepts the access token for this event source, as far as can be seen without sending an event. "
    "Names of events are not checked: TikTok takes any."
)


async def probe(connection: Connection, wire: Wire) -> Outcome:
    """A refusal of the missing events means that the token may report to the event source."""
    settings = narrowed(connection.settings, TikTokSettings)
    token = narrowed(connection.credentials, TikTokCredentials).access_token.get_secret_value()
    found = await post_events(connection, token, empty(settings), wire=wire)
    if found.kind is not OutcomeKind.DELIVERED and not _is_about_content(found):
        return as_probe(found, title=FACTS.title)
    if connection.test_mode and settings.test_event_code is None:
        return NO_TEST_CODE
    return works(found, _WORKS)


def _is_about_content(found: Outcome) -> bool:
    """By one of TikTok's own codes: a bare HTTP 400 can come from anything in between."""
    return found.kind is OutcomeKind.REJECTED and (found.code or "").isdigit()
