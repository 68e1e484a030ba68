"""The HTTP client that all connections of a process share."""

import httpx

from app.connectors.transport import Transport

MAX_CONNECTIONS = 200
"""Over all platforms; a lane has a bound of its own."""


def open_client() -> httpx.AsyncClient:
    """A client that keeps connections alive; to be closed. What it may wait for is said with each request."""
    return httpx.AsyncClient(transport=Transport(most_connections=MAX_CONNECTIONS, by_proxy=True))
