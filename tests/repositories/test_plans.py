"""Each statement of the lanes' way uses the index that was made for it, on SQLite, whose planner is fixed."""

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlmodel import Session

from app.database.database import Database
from app.database.opening import open_database
from app.database.prepared import Prepared
from app.repositories import (
    chores,
    deliveries,
    following,
    jobs,
    leads,
    outcomes,
    retargeting,
    settling,
    verdicts,
    waiting,
    watching,
)
from app.values import LeadIdentifierKind

EXPANDING = {"ids"}


def plan(session: Session, statement: Any) -> list[str]:
    """What SQLite would do; it does not look at values or rows for that."""
    given = {name: [1] for name in statement.compile().params if name in EXPANDING}
    compiled = (statement.params(**given) if given else statement).compile(
        dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
    )
    rows = session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {compiled}", (None,) * len(compiled.positiontup or ())
    )
    return [row.detail for row in rows]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (deliveries.SELECT_DUE, "ix_delivery_lane"),
        (deliveries.COUNT_DUE, "ix_delivery_due"),
        (deliveries.SELECT_NEXT_DUE, "ix_delivery_due"),
        (deliveries.SELECT_ABANDONED, "ix_delivery_sending"),
        (deliveries.SELECT_LANE_PROBE, "ix_delivery_held"),
        (deliveries.SELECT_ANY_PROBE, "ix_delivery_held"),
        (deliveries.SELECT_MAPPING_PROBE, "ix_delivery_held"),
        (verdicts.SELECT_QUESTIONS, "ix_delivery_verdict"),
        (verdicts.SELECT_NEXT_VERDICT, "ix_delivery_verdict"),
        (verdicts.SELECT_OVERTAKEN, "sqlite_autoindex_delivery_1 (id=?)"),
        (following.SELECT_ARRIVAL, "sqlite_autoindex_delivery_1 (id=?)"),
        (retargeting.SELECT_HELD, "ix_delivery_held"),
        (waiting.SELECT_HELD, "ix_delivery_held"),
        (waiting.SELECT_RELEASABLE, "ix_delivery_held"),
        (waiting.SELECT_OVERDUE, "ix_delivery_expiry"),
        (chores.SELECT_IDLE_JOBS, "ix_job_active_created"),
        (chores.SELECT_OLD_KEY, "ix_idempotency_created"),
        (settling.SELECT_STANDINGS, "sqlite_autoindex_delivery_2 (job_id=?)"),
        (watching.SELECT_JOBS, "sqlite_autoindex_conversion_job_1 (id=?)"),
        (watching.SELECT_DELIVERIES, "sqlite_autoindex_delivery_2 (job_id=?)"),
        (outcomes.LOCK_ACCEPTED, "sqlite_autoindex_delivery_1 (id=?)"),
        (outcomes.LOCK_SENDING, "sqlite_autoindex_delivery_1 (id=?)"),
    ],
)
async def test_a_statement_uses_its_index(sqlite_database: Database, statement: Any, index: str) -> None:
    first, *_ = [
        detail
        for detail in await sqlite_database.read(lambda session: plan(session, statement))
        if "delivery" in detail or "conversion_job" in detail or "idempotency" in detail
    ]
    assert first.startswith("SEARCH") or "SCAN conversion_job USING INDEX" in first
    assert index in first


@pytest.mark.parametrize("statement", [waiting.SELECT_SCHEDULED, waiting.SELECT_SCHEDULED_OF_MAPPING])
async def test_what_is_to_be_held_is_found_by_a_partial_index(
    sqlite_database: Database, statement: Any
) -> None:
    [detail] = await sqlite_database.read(lambda session: plan(session, statement))
    assert "ix_delivery_lane" in detail or "ix_delivery_due" in detail


async def test_a_few_due_deliveries_are_found_without_those_that_wait(sqlite_database: Database) -> None:
    steps = await sqlite_database.read(lambda session: plan(session, deliveries.SELECT_FEW_DUE))
    assert not any("ix_delivery_lane" in step for step in steps)
    assert "SEARCH delivery USING INDEX ix_delivery_due (integration_id=? AND next_attempt_at<?)" in steps
    assert "SEARCH delivery USING INDEX sqlite_autoindex_delivery_1 (id=?)" in steps


async def test_claims_come_out_of_the_index_in_order(sqlite_database: Database) -> None:
    details = await sqlite_database.read(lambda session: plan(session, deliveries.SELECT_DUE))
    assert not [detail for detail in details if "TEMP B-TREE" in detail]


async def test_the_sweep_looks_at_no_delivery_without_an_index(sqlite_database: Database) -> None:
    details = await sqlite_database.read(lambda session: plan(session, chores.SELECT_LANES))
    assert not [detail for detail in details if detail.startswith("SCAN delivery")]
    used = " ".join(details)
    for index in ("ix_delivery_due", "ix_delivery_sending", "ix_delivery_held"):
        assert index in used


@pytest.mark.parametrize("erased", [False, True])
@pytest.mark.parametrize(
    ("kind", "step"),
    [
        (LeadIdentifierKind.LEAD_ID, "INTEGER PRIMARY KEY (rowid=?)"),
        (
            LeadIdentifierKind.UNIQUE_IDENTIFIER,
            "INDEX ix_lead_unique_identifier (project_id=? AND unique_identifier=?)",
        ),
        (LeadIdentifierKind.EMAIL, "INDEX ix_lead_email_key (project_id=? AND email_key=?)"),
        (LeadIdentifierKind.PHONE, "INDEX ix_lead_phone_e164 (project_id=? AND phone_e164=?)"),
    ],
)
async def test_the_newest_lead_of_an_identifier_comes_out_of_its_index(
    sqlite_database: Database, kind: LeadIdentifierKind, step: str, erased: bool
) -> None:
    found = leads.find_statement(kind, lock=True, erased=erased)

    # Nothing besides: of many leads with one e-mail address none is read but the newest.
    assert await planned(sqlite_database, found) == [f"SEARCH lead USING {step}"]


async def test_a_status_change_looks_for_the_active_job_in_the_index_of_active_ones(
    sqlite_database: Database,
) -> None:
    steps = await planned(sqlite_database, jobs.FIND_ACTIVE)

    assert steps == ["SEARCH conversion_job USING INDEX uq_job_active_lead (lead_id=?)"]


async def test_a_lead_s_history_is_found_by_the_lead(sqlite_database: Database) -> None:
    first, *_ = await planned(sqlite_database, jobs.SELECT_HISTORY)

    assert first == "SEARCH delivery USING INDEX ix_delivery_lead (lead_id=?)"


async def test_a_lead_s_status_is_stored_by_its_id(sqlite_database: Database) -> None:
    steps = await planned(sqlite_database, leads.STORE_STATUS)

    assert steps == ["SEARCH lead USING INTEGER PRIMARY KEY (rowid=?)"]


async def planned(database: Database, prepared: Prepared) -> list[str]:
    return await database.read(lambda session: plan(session, prepared.statement))


async def test_what_follows_is_found_by_its_index_after_somebody_has_counted(sqlite_url: str) -> None:
    """ANALYZE sees that nearly nothing follows; of the whole column it would think that all of it is one value."""
    database = await open_database(sqlite_url)
    await database.write(_counted)
    await database.close()
    database = await open_database(sqlite_url)
    steps = await database.read(lambda session: plan(session, settling.SELECT_STANDINGS))
    await database.close()

    assert "SEARCH older USING INDEX ix_delivery_follows (follows_id=?)" in steps


def _counted(session: Session) -> None:
    """As ANALYZE would leave it, for a table of a million deliveries."""
    driver = session.connection()
    driver.exec_driver_sql("ANALYZE")
    rows = [
        ("sqlite_autoindex_delivery_1", "1000000 1"),
        ("sqlite_autoindex_delivery_2", "1000000 1 1 1 1"),
        ("ix_delivery_follows", "1000 1"),
    ]
    for name, counts in rows:
        driver.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES ('delivery', ?, ?)", (name, counts))
