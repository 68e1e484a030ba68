"""Fixtures every test may use."""

import sqlite3
from datetime import datetime
from typing import NoReturn

import pytest
from hypothesis import settings

pytest_plugins = ["tests.databases"]

# No test is held to a time: how fast a machine is says nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the server never runs on anything else."""
    return "asyncio"


def _refuse(value: datetime) -> NoReturn:
    raise TypeError(f"{value!r} reached SQLite without a column type, and would be stored in another form")


# Python's own adapter writes another text than UtcDateTime does, and the two do not compare.
sqlite3.register_adapter(datetime, _refuse)
