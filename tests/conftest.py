"""Fixtures every test may use."""

import pytest

pytest_plugins = ["tests.databases"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the server never runs on anything else."""
    return "asyncio"
