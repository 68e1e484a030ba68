"""Measuring reads indexes, on SQLite, whose planner is fixed."""

import pytest

from app.database.database import Database
from app.repositories import metering
from app.values import DeliveryState
from tests.repositories.test_plans import plan


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (metering.COUNTS[DeliveryState.SCHEDULED], "INDEX ix_delivery_"),
        (metering.COUNTS[DeliveryState.HELD], "INDEX ix_delivery_held"),
        (metering.COUNTS[DeliveryState.SENDING], "INDEX ix_delivery_sending"),
        (metering.COUNTS[DeliveryState.ACCEPTED], "INDEX ix_delivery_verdict"),
        (metering.SELECT_OLDEST_DUE, "ix_delivery_due (integration_id=? AND next_attempt_at<?)"),
        (metering.SELECT_UNSENT, "ix_delivery_unsent (finished_at>?)"),
        (metering.COUNT_ACTIVE, "INDEX"),
    ],
)
async def test_measuring_looks_at_no_row_it_does_not_count(
    sqlite_database: Database, statement: object, index: str
) -> None:
    first, *_ = await sqlite_database.read(lambda session: plan(session, statement))

    assert index in first
