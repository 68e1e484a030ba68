"""A planted lead and planted secrets go through success and every failure: nothing of them is left behind."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.values import Platform
from tests.end_to_end.evidence import Evidence, gathered
from tests.end_to_end.markers import (
    AS_GIVEN,
    CREDENTIALS,
    NEVER_SENT,
    PERSONAL,
    SECRETS,
    found_in,
    leaks_in,
    secrets_in,
)

PLAIN = {
    Platform.META: ("203.0.113.77", "zqbrowser"),
    Platform.TIKTOK: ("203.0.113.77", "zqbrowser"),
    Platform.LINKEDIN: ("zqfirst", "zqlast", "zqcompany"),
    Platform.GOOGLE_ADS: ("zq1 9zq",),
    Platform.WEBHOOK: ("zqfirst", "zqlast", "zq.mail", "7700900987", "zqcity"),
}
"""What platforms take as it is, and are sent."""


@pytest.fixture(scope="module")
async def evidence(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Evidence]:
    async with gathered(sqlite_template, tmp_path_factory.mktemp("planted")) as found:
        yield found


def tables(path: Path, *, lead: bool) -> str:
    """All rows of the lead's table, or of all others, as text."""
    with sqlite3.connect(path) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return "\n".join(
            f"{name} {row!r}"
            for name in names
            if (name == "lead") is lead
            for row in connection.execute(f'SELECT * FROM "{name}"')
        )


def raw(path: Path) -> str:
    """The database's files, byte for byte."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return "".join(file.read_bytes().decode("latin-1") for file in files)


async def test_the_leads_own_row_has_all_of_it_so_it_can_be_found(evidence: Evidence) -> None:
    assert [marker for marker in AS_GIVEN if marker not in raw(evidence.path)] == []
    assert set(found_in(tables(evidence.path, lead=True), PERSONAL)) >= set(PERSONAL) - {"zq19zq"}


async def test_platforms_were_sent_what_they_take_as_it_is(evidence: Evidence) -> None:
    for platform, markers in PLAIN.items():
        assert set(found_in(evidence.received[platform], PERSONAL)) >= set(markers), platform


async def test_platforms_repeated_what_is_personal_and_what_is_secret(evidence: Evidence) -> None:
    assert set(found_in(evidence.echoed, PERSONAL)) >= {one for plain in PLAIN.values() for one in plain}
    repeated = secrets_in(evidence.echoed)
    assert "issued" in repeated
    # Its first access token still holds, so a refresh token is asked with that was given out later.
    not_sent = {*NEVER_SENT, CREDENTIALS[Platform.MICROSOFT_ADS]["refresh_token"]}
    assert set(SECRETS) - set(repeated) == not_sent


async def test_no_other_row_has_anything_personal(evidence: Evidence) -> None:
    assert found_in(tables(evidence.path, lead=False), PERSONAL) == {}


async def test_nothing_secret_stands_in_the_database_in_clear(evidence: Evidence) -> None:
    assert secrets_in(raw(evidence.path)) == {}


async def test_without_the_lead_nothing_personal_is_left_in_the_file(
    evidence: Evidence, tmp_path: Path
) -> None:
    copy = tmp_path / "without.sqlite3"
    with sqlite3.connect(evidence.path) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with sqlite3.connect(copy) as connection:
        connection.execute("DELETE FROM lead")
        connection.commit()
        connection.execute("VACUUM")
    assert found_in(raw(copy), PERSONAL) == {}


async def test_nothing_is_logged_of_it_at_any_level(evidence: Evidence) -> None:
    assert "DEBUG" in evidence.logs
    assert leaks_in(evidence.logs) == {}


async def test_no_answer_of_the_api_repeats_it(evidence: Evidence) -> None:
    assert len(evidence.answers) > 100
    assert leaks_in("\n".join(evidence.answers)) == {}


async def test_the_operator_is_told_nothing_of_it(evidence: Evidence) -> None:
    assert "delivery.unsent" in evidence.alerts
    assert "integration.held" in evidence.alerts
    assert leaks_in(evidence.alerts) == {}


async def test_the_doctor_says_nothing_of_it(evidence: Evidence) -> None:
    assert "Invalid value: " in evidence.doctor, "no platform repeated anything to it"
    assert '"pause' in evidence.doctor, "it printed no JSON"
    assert leaks_in(evidence.doctor) == {}
