"""Fixtures of the connectors' tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.connectors.http_server import HttpServer, http_server


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    """A server to be told what to answer."""
    async with http_server() as told:
        yield told


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that uses no proxy of this machine."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client
