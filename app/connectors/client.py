"""The HTTP client that all connections of a process share."""

import httpx

MAX_CONNECTIONS = 200
"""Over all platforms; a lane has a bound of its own."""


def open_client() -> httpx.AsyncClient:
    """A client that keeps connections alive; to be closed. What it may wait for is said with each request."""
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS // 2)
    return httpx.AsyncClient(limits=limits, trust_env=True)
