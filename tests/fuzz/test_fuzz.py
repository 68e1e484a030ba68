"""The short form of `make fuzz`, over both databases."""

import pytest

from app.database.database import Database
from app.values import Platform
from tests.api import Api
from tests.end_to_end.live import PATIENCE_S
from tests.fuzz.running import new_fuzz
from tests.streaming.stage import open_stage

REQUESTS = 1_000


async def filled(api: Api) -> None:
    """Something to be found."""
    label = await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    for number in range(5):
        await api.world.complete_lead(unique_identifier=f"crm-{number}")


async def test_whatever_is_sent_is_answered_as_it_should_be(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_stage(database) as api:
        await filled(api)
        # A bound against hanging, not a measurement.
        api.http.timeout = PATIENCE_S
        report = await new_fuzz(api.http, seed=20_261_127, key=api.key).run(REQUESTS, at_a_time=4)

    assert [(line, asked) for asked, line in report.wrong] == []
    assert report.asked == REQUESTS
    assert report.refused == 0
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_it_reaches_what_is_behind_the_first_checks(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database) as api:
        await filled(api)
        fuzz = new_fuzz(api.http, seed=1, key=api.key)
        report = await fuzz.run(400, at_a_time=1)

        jobs = len(await api.jobs())

    assert report.answers["query", "200 data"] > 20
    assert report.answers["mutation", "200 data"] > 5
    assert jobs > 0
    assert fuzz.values.ids
