"""A network in front of a server, which can fall silent without anybody hanging up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url

_PIECE_BYTES = 64 * 1024


class Link:
    """What all connections through it go by."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def fall_silent(self) -> None:
        """Let nothing through any more, in either direction."""
        self._speaks.clear()

    def speak(self) -> None:
        """Let everything through, with what was kept back."""
        self._speaks.set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        ways = ((reader, there_writer), (there_reader, writer))
        tasks = [asyncio.create_task(self._carry(*way)) for way in ways]
        self._tasks.update(tasks)
        await asyncio.wait(tasks)
        self._tasks.difference_update(tasks)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE_BYTES):
                await self._speaks.wait()
                writer.write(piece)
                await writer.drain()
        except OSError:
            """Somebody hung up, as processes that end do."""
        finally:
            writer.close()

    async def close(self) -> None:
        """Carry nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # each connection's own task ends after its two ways


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[tuple[Link, str]]:
    """A link to the server of a database's URL, and the URL that leads over it."""
    parsed = make_url(url)
    assert parsed.host is not None
    assert parsed.port is not None
    link = Link(parsed.host, parsed.port)
    server = await asyncio.start_server(link.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield link, parsed.set(port=port).render_as_string(hide_password=False)
    finally:
        server.close()
        await link.close()
