"""What erasing a lead looks at, and what it leaves."""

from typing import Any

import pytest

from app.database.database import Database
from app.repositories import erasing
from app.tables.leads import LeadRow
from tests.repositories.test_plans import plan


@pytest.mark.parametrize(
    ("statement", "table", "index"),
    [
        (erasing.SELECT_DELIVERIES, "delivery", "ix_delivery_lead (lead_id=?"),
        (erasing.SELECT_ATTEMPTS, "delivery", "ix_delivery_lead (lead_id=?"),
        (erasing.SELECT_ATTEMPTS, "delivery_attempt", "(delivery_id=?"),
        (erasing.SELECT_JOBS, "conversion_job", "ix_job_lead (lead_id=? AND id>?)"),
    ],
)
async def test_only_the_lead_s_own_rows_are_read(
    sqlite_database: Database, statement: Any, table: str, index: str
) -> None:
    details = await sqlite_database.read(lambda session: plan(session, statement))

    (detail,) = [one for one in details if f" {table} " in one]
    assert detail.startswith("SEARCH")
    assert index in detail


def test_what_is_kept_of_a_lead_is_named_and_everything_else_is_erased() -> None:
    columns = set(LeadRow.model_fields)

    assert columns >= erasing.KEPT | erasing.LOOKED_UP
    assert {"email", "first_name", "form_data", "ip_address", "gclid", "fbp"} <= columns - erasing.KEPT
