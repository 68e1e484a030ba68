"""Answers HTTP with uvicorn until the process is told to stop."""

import socket

import uvicorn
from starlette.applications import Starlette

MAX_HEADER_BYTES = 16 * 1024


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is known (0: any free one) before anything is built on it.

    OSError when the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    listening.setblocking(False)
    return listening


async def answer(app: Starlette, listening: socket.socket) -> None:
    """Answer on the socket; SIGINT and SIGTERM let requests under way finish, then this returns."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        # An address may hold what nobody should read; what happened is told by the leads' own history.
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_graceful_shutdown=10,
    )
    await uvicorn.Server(config).serve(sockets=[listening])
