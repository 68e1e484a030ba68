"""How much is answered at a time: what is beyond that is refused at once, and never waits in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.headers import headers_of
from schema.media import EVENTS, negotiate
from schema.responses import overloaded_response

DATABASE_WITHIN_S = 5.0
"""How long a request may wait for its turn at the database. Clients wait 10 seconds and more; and what the
lanes write is not held to it."""

DEFAULT_MOST = 256
"""Requests under way: a few times what keeps the database busy; each holds a body of 64 KiB at the most."""


@dataclass(slots=True)
class Load:
    """The requests of this process."""

    most: int
    """That are under way at a time."""
    in_flight: int = 0
    refused: int = 0
    """Since the start, because there were too many."""


class _Place:
    """Counts as under way until it is left."""

    def __init__(self, load: Load) -> None:
        self._load: Load | None = load
        load.in_flight += 1

    def leave(self) -> None:
        """Make room; once is enough."""
        if self._load is not None:
            self._load.in_flight -= 1
            self._load = None


def _leaving_for_streams(send: Send, place: _Place) -> Send:
    """Give the place back when the answer turns out to be a stream: those stay open, counted elsewhere."""

    async def watch(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_stream(message):
            place.leave()
        await send(message)

    return watch


_EVENTS = EVENTS.encode()


def _is_stream(start: Message) -> bool:
    headers = start.get("headers", ())
    return any(name == b"content-type" and value.startswith(_EVENTS) for name, value in headers)


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """ASGI middleware: 503 for what is beyond `load.most`, without a look at the request's body."""

    app: ASGIApp
    load: Load
    exempt: Sequence[str] = ()
    """Paths that are answered all the same, with what is below them: an operator must see in at any time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http" or self._is_exempt(scope["path"]):
            await self.app(scope, receive, send)
            return
        load = self.load
        if load.in_flight >= load.most:
            load.refused += 1
            await overloaded_response(negotiate(headers_of(scope).get("accept")))(scope, receive, send)
            return
        place = _Place(load)
        try:
            await self.app(scope, receive, _leaving_for_streams(send, place))
        finally:
            place.leave()

    def _is_exempt(self, path: str) -> bool:
        return any(path == one or path.startswith(f"{one}/") for one in self.exempt)
