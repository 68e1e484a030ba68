"""The platforms, in a process of their own that nobody kills, with a tally of every conversion they took."""

import asyncio
import sys
from collections import Counter
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from app.sandbox.application import sandbox_app
from app.sandbox.bodies import parse_json
from app.sandbox.calls import Call, Conversion, Judgement
from app.sandbox.ledger import Ledger
from app.sandbox.platform import PlayedPlatform
from app.serving import bind


class Tally(Ledger):
    """A book that forgets no conversion, and counts each copy that was taken."""

    def __init__(self, platform: PlayedPlatform) -> None:
        super().__init__(platform)
        self.platform = platform
        self.copies: Counter[str] = Counter()
        """Taken, by what names the conversion: recognised as a copy or not."""
        self.calls: Counter[str] = Counter()
        """Requests of any kind, by endpoint."""
        self._names: dict[tuple[str, ...], str] = {}

    def record(self, call: Call, judgement: Judgement, *, endpoint: str, **more: Any) -> None:
        """See Ledger.record."""
        super().record(call, judgement, endpoint=endpoint, **more)
        self.calls[endpoint] += 1
        if judgement.conversions:
            ids = self.platform.event_ids(parse_json(call.body))
            for index, conversion in enumerate(judgement.conversions):
                name = _name(self.platform, conversion, ids[index : index + 1])
                self.copies[name] += 1
                if conversion.key:
                    self._names[conversion.key] = name

    @property
    def values(self) -> dict[str, float | None]:
        """What each conversion is worth to the platform by now; None: it was taken back."""
        counted = self._conversions._counted
        return {
            name: None if counted[key].retracted else counted[key].value for key, name in self._names.items()
        }


def name_of(key: tuple[str, ...]) -> str:
    """What names a conversion, as text."""
    return "|".join(key)


def _name(platform: PlayedPlatform, conversion: Conversion, event_id: tuple[str, ...]) -> str:
    """Microsoft's key is all it goes by; the others have ids, in their keys with what is the same each time."""
    if platform.name == "microsoft_ads" and conversion.key:
        return name_of(conversion.key)
    return name_of(event_id)


def torture_app() -> Starlette:
    """The sandbox, and GET /tally."""
    books: list[Tally] = []

    def new_ledger(platform: PlayedPlatform) -> Tally:
        books.append(Tally(platform))
        return books[-1]

    async def tally(_request: Request) -> Response:
        return JSONResponse({book.platform.name: _shown(book) for book in books})

    sandbox = Mount("/sandbox", sandbox_app(new_ledger=new_ledger))
    return Starlette(routes=[Route("/tally", tally), sandbox])


def _shown(book: Tally) -> dict[str, Any]:
    window = book.platform.copies_recognised_for
    return {
        "conversions": book.conversions,
        "requests": book.calls[book.platform.home.name],
        "calls": dict(book.calls),
        "copies": dict(book.copies),
        "values": book.values,
        # No run takes longer than any window there is.
        "recognisesCopies": window is None or window.total_seconds() > 0,
    }


def main(port: int) -> None:
    """Answer on the port of 127.0.0.1 until told to stop."""
    listening = bind("127.0.0.1", port)
    config = uvicorn.Config(torture_app(), lifespan="off", log_config=None, access_log=False)
    with listening:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
