"""Databases for whole installations: empty ones, as whoever installs it has them."""

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The URL of this test's own database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{request.getfixturevalue('tmp_path') / 'leadwire.sqlite3'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url
