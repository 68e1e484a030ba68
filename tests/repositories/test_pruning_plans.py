"""Looking for what may go reads each table once, in order of id, and by indexes what a row depends on."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.database.database import Database
from app.ids import new_id
from app.repositories import pruning
from app.repositories.retention import Cutoffs
from tests.repositories.test_listing_plans import plans
from tests.world import START

AGO = START - timedelta(days=400)
CUTOFFS = Cutoffs(now=START, leads=AGO, jobs=AGO, bodies=AGO, audit=AGO)
SEARCHES: dict[str, Callable[..., Any]] = {
    "leads": partial(pruning.find_leads, after=0),
    "jobs": partial(pruning.find_jobs, after=new_id()),
    "attempts": partial(pruning.find_attempts, after=new_id(), counting=False),
    "attempts, counting": partial(pruning.find_attempts, after=new_id(), counting=True),
    "bodies": partial(pruning.find_bodies, after=new_id(), counting=False),
    "bodies, counting": partial(pruning.find_bodies, after=new_id(), counting=True),
    "events": partial(pruning.find_events, after=new_id()),
    "status changes": partial(pruning.find_status_changes, after=new_id(), counting=False),
    "status changes, counting": partial(pruning.find_status_changes, after=new_id(), counting=True),
}


@pytest.mark.parametrize("name", SEARCHES)
async def test_no_table_is_read_more_than_once_and_nothing_is_sorted(
    sqlite_database: Database, name: str
) -> None:
    find = partial(SEARCHES[name], cutoffs=CUTOFFS, limit=500)

    details = await plans(sqlite_database, find)

    searched = [detail for detail in details if not detail.startswith("CORRELATED")]
    assert len(searched) > 0
    assert [detail for detail in searched if not detail.startswith("SEARCH")] == []
    # The first is the table itself, gone through by id from where the last chunk ended.
    assert "id>?" in searched[0] or "rowid>?" in searched[0], searched
