"""Fixtures: a sandbox with a clock and a sleep of its own, and a client in process."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.sandbox.application import sandbox_app
from tests.sandbox.stage import RecordedSleep, SteppingClock


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def sleep() -> RecordedSleep:
    return RecordedSleep()


@pytest.fixture
def sandbox(clock: SteppingClock, sleep: RecordedSleep) -> Starlette:
    return sandbox_app(clock=clock, sleep=sleep)


@pytest.fixture
async def client(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.example.com") as client:
        yield client
