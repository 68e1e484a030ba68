"""Fixtures of the connectors' tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.connectors.transport import Transport
from tests.connectors.http_server import HttpServer, http_server


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    """A server to be told what to answer."""
    async with http_server() as told:
        yield told


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """The client that sends, but for the proxies of this machine."""
    async with httpx.AsyncClient(transport=Transport(most_connections=100, by_proxy=False)) as client:
        yield client
