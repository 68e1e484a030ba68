"""Answers HTTP with uvicorn until the process is told to stop."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette

_GRACE_S: Final = 10
"""How long requests under way may take once the process is told to stop."""
MAX_SOCKET_MESSAGE_BYTES: Final = 64 * 1024
"""Of one message on a WebSocket; the server itself would take 16 MiB into memory before anybody looks."""
_COLLECTED_AFTER: Final = 10_000
"""Objects: a few dozen requests, some megabytes."""
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is known (0: any free one) before anything is built on it.

    OSError, which says what to do, when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}. Another port: LEADWIRE_PORT"
            " for `serve`, --port for `demo`, PORT= for `make run`."
        ) from error
    listening.setblocking(False)
    return listening


async def answer(
    app: Starlette,
    listening: socket.socket,
    *,
    stopping: Callable[[], Awaitable[None]] | None = None,
    trusted_proxies: str = "",
) -> None:
    """Answer on the socket; SIGINT and SIGTERM let requests under way finish, then this returns.

    `stopping` is called first then: it ends what would stay open for ever. `trusted_proxies`: see Settings.
    """
    _settle_memory()
    config = uvicorn.Config(
        app,
        lifespan="off",
        http="httptools",
        log_config=None,
        # Below that it writes a line, with address and query, for each WebSocket.
        log_level=logging.WARNING,
        # Addresses may hold what nobody should read, and what happened is told by the leads' own history.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        # It costs each connection more memory than all else of it; messages are small.
        ws_per_message_deflate=False,
        # By default it believes whoever is on this machine, and with it any caller of a proxy that only
        # adds to the header.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
    )
    await _Server(config, stopping).serve(sockets=[listening])


def _settle_memory() -> None:
    """Have the garbage collector pass over what was made at the start, which stays, and look less often.

    Left alone it goes through all modules and classes again and again: a tenth of what a request costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, 20, 50)


async def until_stopped() -> None:
    """Return once the process is told to stop."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP:
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
    finally:
        for number in _STOP:
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """A server that returns after a signal.

    uvicorn raises the signal once more when it is done, which would end the process before its lanes have
    recorded what they sent.
    """

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell those whose connections stay open why, before they are cut."""
        if self._stopping is not None:
            await self._stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop answering on the first signal, break off what is under way on the second."""
        loop = asyncio.get_running_loop()
        for number in _STOP:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOP:
                loop.remove_signal_handler(number)
