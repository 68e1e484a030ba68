"""The ways an operation can come to the server, and which kinds of operation each is for."""

from enum import Enum
from typing import Final

from graphql import OperationType


class Transport(Enum):
    """How an operation came."""

    POST = "POST"
    """One answer in JSON."""
    GET = "GET"
    """The same, for queries alone: whoever follows a link must not change anything."""
    EVENTS = "EVENTS"
    """POST, answered with server-sent events."""
    SOCKET = "SOCKET"
    """A WebSocket, with graphql-transport-ws."""

    def refusal(self, operation: OperationType) -> str | None:
        """Why it is not for such an operation; None: it is."""
        is_stream = operation is OperationType.SUBSCRIPTION
        if self is Transport.GET and operation is not OperationType.QUERY:
            return _WHERE_TO_CHANGE
        if self is Transport.POST and is_stream:
            return _WHERE_TO_SUBSCRIBE
        if self is Transport.SOCKET and not is_stream:
            return _WHERE_TO_ASK
        return None


_WHERE_TO_CHANGE: Final = "GET is for queries: send everything else with POST"
_WHERE_TO_SUBSCRIBE: Final = (
    "Subscriptions are answered over WebSocket (graphql-transport-ws) and to POST with"
    " `Accept: text/event-stream`"
)
# What bounds requests, retries and their cost is said in HTTP; a second way past all of it is not needed.
_WHERE_TO_ASK: Final = "Over WebSocket only subscriptions are answered: send queries and mutations with POST"
