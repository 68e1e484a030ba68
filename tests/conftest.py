"""Fixtures every test may use."""

import sqlite3
from datetime import datetime
from typing import NoReturn

import pytest

pytest_plugins = ["tests.databases"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the server never runs on anything else."""
    return "asyncio"


def _refuse(value: datetime) -> NoReturn:
    raise TypeError(f"{value!r} reached SQLite without a column type, and would be stored in another form")


# Python's own adapter writes another text than UtcDateTime does, and the two do not compare.
sqlite3.register_adapter(datetime, _refuse)
