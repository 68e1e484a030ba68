"""Lists of a million rows are read through the indexes made for them, on SQLite, whose planner is fixed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from app.database.database import Database
from app.ids import new_id
from app.repositories.auditing import AuditCriteria, select_events
from app.repositories.filtering import DeliveryCriteria, LeadCriteria, SearchTerm
from app.repositories.keyset import Position, Window
from app.repositories.listing import (
    count_by_state,
    count_leads,
    lead_order,
    oldest_due_at,
    select_deliveries,
    select_jobs_of_leads,
    select_leads,
)
from app.repositories.replaying import find_retryable
from app.values import (
    RETRYABLE_STATES,
    AuditAction,
    DeliveryState,
    LeadOrderField,
    LeadStatus,
    OrderDirection,
    Platform,
)
from tests.world import START

F = LeadOrderField
PROJECT = new_id()
VALUES: dict[LeadOrderField, tuple[Any, ...]] = {
    F.CREATED_AT: (START,),
    F.UPDATED_AT: (START,),
    F.FIRST_NAME: ("Ada",),
    F.LAST_NAME: ("Example",),
    F.EMAIL: ("ada@example.com",),
    F.PRICE: (100,),
    F.STATUS: (LeadStatus.OPEN, START),
}
INDEX = {
    F.CREATED_AT: "ix_lead_created",
    F.UPDATED_AT: "ix_lead_updated",
    F.FIRST_NAME: "ix_lead_first_name",
    F.LAST_NAME: "ix_lead_last_name",
    F.EMAIL: "ix_lead_email_key",
    F.PRICE: "ix_lead_price",
    F.STATUS: "ix_lead_status",
}


async def plans(database: Database, run: Callable[[Session], Any]) -> list[str]:
    """What SQLite does for each statement that `run` makes."""

    def work(session: Session) -> list[str]:
        connection, made = session.connection(), list[tuple[str, Any]]()

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            made.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        run(session)
        event.remove(connection, "before_cursor_execute", note)
        return [
            row.detail
            for statement, parameters in made
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    return await database.read(work)


def leads(order: LeadOrderField = F.CREATED_AT, window: Window | None = None, **criteria: Any) -> Any:
    by = lead_order(order, OrderDirection.DESC)
    which = LeadCriteria(project_id=PROJECT, **criteria)
    return lambda session: select_leads(session, which, by, window or Window(count=50))


def deliveries(window: Window | None = None, **criteria: Any) -> Any:
    which = DeliveryCriteria(project_id=PROJECT, **criteria)
    return lambda session: select_deliveries(session, which, window or Window(count=50))


def in_order(details: list[str], index: str) -> bool:
    """Found in the index, and read in its order."""
    return all(index in detail and detail.startswith("SEARCH") for detail in details)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("order", F)
async def test_leads_come_out_of_an_index_in_each_order(
    sqlite_database: Database, order: LeadOrderField, beyond: bool, backward: bool
) -> None:
    position = Position((*VALUES[order], 7)) if beyond else None

    details = await plans(sqlite_database, leads(order, Window(count=50, backward=backward, beyond=position)))

    assert in_order(details, INDEX[order]), details


@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        ({"statuses": [LeadStatus.PENDING]}, "ix_lead_status"),
        ({"label_id": new_id()}, "ix_lead_label"),
        ({"form_name": "contact"}, "ix_lead_form_name"),
        ({"created_from": START, "created_to": START + timedelta(days=1)}, "ix_lead_created"),
        ({"has": (("gclid", True),)}, "ix_lead_created"),
        ({"search": SearchTerm(spellings=("ada",), digits=None, lead_id=None)}, "ix_lead_created"),
    ],
)
async def test_what_many_leads_may_have_is_looked_for_in_the_order_of_the_list(
    sqlite_database: Database, criteria: dict[str, Any], index: str
) -> None:
    details = await plans(sqlite_database, leads(**criteria))

    assert in_order(details, index), details


@pytest.mark.parametrize("order", F)
@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        ({"unique_identifier": "crm-1"}, "ix_lead_unique_identifier"),
        ({"email_key": "ada@example.com"}, "ix_lead_email_key"),
        ({"phone_e164": "+31201234567"}, "ix_lead_phone_e164"),
    ],
)
async def test_what_few_leads_have_is_looked_up_whatever_the_order(
    sqlite_database: Database, criteria: dict[str, Any], index: str, order: LeadOrderField, beyond: bool
) -> None:
    window = Window(count=50, beyond=Position((*VALUES[order], 7)) if beyond else None)

    details = await plans(sqlite_database, leads(order, window, **criteria))

    assert all(index in detail for detail in details if detail.startswith(("SEARCH", "SCAN"))), details


@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        ({}, "ix_delivery_created"),
        ({"platforms": [Platform.META]}, "ix_delivery_created"),
        ({"integration_id": new_id()}, "ix_delivery_created"),
        ({"created_from": START}, "ix_delivery_created"),
        ({"states": [DeliveryState.FAILED]}, "ix_delivery_state"),
        ({"states": [DeliveryState.FAILED], "integration_id": new_id()}, "ix_delivery_state"),
        ({"error_code": "TIMEOUT"}, "ix_delivery_error"),
    ],
)
async def test_deliveries_come_out_of_an_index_newest_first(
    sqlite_database: Database, criteria: dict[str, Any], index: str, beyond: bool
) -> None:
    window = Window(count=50, beyond=Position((START, new_id())) if beyond else None)

    details = await plans(sqlite_database, deliveries(window, **criteria))

    assert in_order(details, index), details


async def test_of_several_states_each_is_read_in_order_and_no_further_than_a_page(
    sqlite_database: Database,
) -> None:
    details = await plans(sqlite_database, deliveries(states=[DeliveryState.FAILED, DeliveryState.SKIPPED]))

    assert sum("ix_delivery_state (project_id=? AND state=?)" in detail for detail in details) == 2
    assert any("sqlite_autoindex_delivery_1 (id=?)" in detail for detail in details)
    # That of a page of what both found.
    assert sum("TEMP B-TREE FOR ORDER BY" in detail for detail in details) == 1


@pytest.mark.parametrize("states", [None, [DeliveryState.FAILED]])
@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        ({"lead_id": 7}, "ix_delivery_lead"),
        ({"job_id": new_id()}, "sqlite_autoindex_delivery_2"),
        ({"ids": [new_id()]}, "sqlite_autoindex_delivery_1"),
    ],
)
async def test_deliveries_of_one_lead_or_job_are_looked_up(
    sqlite_database: Database, criteria: dict[str, Any], index: str, states: Any
) -> None:
    details = await plans(sqlite_database, deliveries(**criteria, states=states))

    assert all(index in detail for detail in details if detail.startswith(("SEARCH", "SCAN"))), details


@pytest.mark.parametrize("criteria", [{}, {"platforms": [Platform.META]}, {"integration_id": new_id()}])
async def test_deliveries_are_counted_without_looking_at_one(
    sqlite_database: Database, criteria: dict[str, Any]
) -> None:
    which = DeliveryCriteria(project_id=PROJECT, **criteria)

    details = await plans(sqlite_database, lambda session: count_by_state(session, which))

    assert details == ["SEARCH delivery USING COVERING INDEX ix_delivery_state (project_id=?)"]


async def test_deliveries_with_an_error_are_counted_in_the_index_of_these(
    sqlite_database: Database,
) -> None:
    which = DeliveryCriteria(project_id=PROJECT, error_code="TIMEOUT")

    details = await plans(sqlite_database, lambda session: count_by_state(session, which))

    assert "COVERING INDEX ix_delivery_error" in details[0], details


@pytest.mark.parametrize(
    ("criteria", "index"),
    [({"lead_id": 7}, "ix_delivery_lead"), ({"job_id": new_id()}, "sqlite_autoindex_delivery_2")],
)
async def test_what_of_one_lead_or_job_is_due_longest_is_looked_up(
    sqlite_database: Database, criteria: dict[str, Any], index: str
) -> None:
    which = DeliveryCriteria(project_id=PROJECT, **criteria)

    details = await plans(sqlite_database, lambda session: oldest_due_at(session, which, START))

    assert index in details[0], details


async def test_leads_are_counted_without_looking_at_one(sqlite_database: Database) -> None:
    which = LeadCriteria(project_id=PROJECT)

    [detail] = await plans(sqlite_database, lambda session: count_leads(session, which))

    assert "COVERING INDEX" in detail


async def test_what_is_due_longest_is_the_first_of_each_lane(sqlite_database: Database) -> None:
    which = DeliveryCriteria(project_id=PROJECT)

    details = await plans(sqlite_database, lambda session: oldest_due_at(session, which, START))

    assert any("ix_delivery_due" in detail for detail in details)
    assert not [detail for detail in details if detail.startswith("SCAN") or "TEMP B-TREE" in detail], details


async def test_jobs_of_leads_are_looked_up(sqlite_database: Database) -> None:
    details = await plans(
        sqlite_database, lambda session: select_jobs_of_leads(session, [1, 2], Window(count=50))
    )

    assert any("ix_job_lead (lead_id=?)" in detail for detail in details), details
    assert not [detail for detail in details if detail.startswith("SCAN conversion_job")], details


async def test_what_may_be_tried_again_is_read_a_state_at_a_time(sqlite_database: Database) -> None:
    which = DeliveryCriteria(project_id=PROJECT, states=RETRYABLE_STATES, created_at_most=START)
    window = Window(count=100, beyond=Position((START, new_id())))

    details = await plans(sqlite_database, lambda session: find_retryable(session, which, window))

    searched = [detail for detail in details if "ix_delivery_state (project_id=? AND state=?" in detail]
    assert len(searched) == len(RETRYABLE_STATES)
    assert not [detail for detail in details if detail.startswith("SCAN delivery")], details


@pytest.mark.parametrize("beyond", [None, Position((START, new_id()))])
@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"actions": [AuditAction.STATUS_CHANGED]},
        {"key_id": new_id()},
        {"created_from": START, "created_to": START + timedelta(days=1)},
    ],
)
async def test_the_audit_log_is_read_in_the_order_of_both_its_indexes(
    sqlite_database: Database, criteria: dict[str, Any], beyond: Position | None
) -> None:
    which = AuditCriteria(project_id=PROJECT, **criteria)

    events, jobs = await plans(
        sqlite_database, lambda session: select_events(session, which, Window(count=50, beyond=beyond))
    )

    assert in_order([events], "ix_audit_created"), events
    assert in_order([jobs], "ix_job_audit"), jobs


async def test_what_was_done_to_one_lead_is_found_by_the_lead(sqlite_database: Database) -> None:
    which = AuditCriteria(project_id=PROJECT, subject_id="7", lead_id=7)

    details = await plans(sqlite_database, lambda session: select_events(session, which, Window(count=50)))

    assert in_order(details[:1], "ix_audit_subject"), details
    assert any("ix_job_lead" in detail for detail in details[1:]), details
