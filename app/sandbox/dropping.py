"""Answers that never arrive whole.

ASGI has no word for cutting a connection, so this leans on what servers must do. Before the answer: it is
started with a header no server may write, so nothing is written, and an answer that was started and never
completed makes the server close the connection. After half of it: fewer bytes than announced, then nothing.
Tried with uvicorn 0.54 over both of its HTTP parsers.
"""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.sandbox.calls import Answer

_UNWRITABLE = (b"x-dropped", b"\n")


class DroppedBefore(Response):
    """The connection ends before any byte of an answer."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Start an answer that cannot be written.

        Raises:
            ConnectionResetError: there is no server in between (an in-process transport), so this is what
                the client sees.
        """
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [_UNWRITABLE]})
        except RuntimeError:
            # uvicorn refused to write the header; returning now makes it close the connection.
            return
        msg = "the sandbox was told to drop the connection"
        raise ConnectionResetError(msg)


class DroppedAfter(Response):
    """The connection ends in the middle of the answer's body."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send half of the answer. One without a body is announced with one and gets none."""
        body = self._answer.body
        headers = [
            (name.encode("latin-1"), text.encode("latin-1")) for name, text in self._answer.headers.items()
        ]
        headers.append((b"content-length", str(len(body) or 2).encode()))
        status = self._answer.status if body else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
