"""A page costs the database as many statements whether it has a few rows or a hundred."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from app.ids import new_id
from app.tables.jobs import AttemptRow, DeliveryRow
from app.values import Platform
from schema import context
from tests.api import Api
from tests.world import START

PAGE = """
query ($first: Int!) {
  leads(first: $first) {
    totalCount
    edges { node {
      id email label { name mappings { target integration { name } } }
      currentJob { id state }
      jobs(first: 2) {
        pageInfo { hasNextPage }
        edges { node {
          id label { name }
          deliveries { state follows { id } integration { name } attemptLog { number } lead { id } job { id } }
        } }
      }
    } }
  }
}
"""
DELIVERIES = """
query ($first: Int!) {
  deliveries(first: $first) {
    totalCount totals { state count } oldestDueAgeS
    edges { node {
      id lead { id jobs { edges { node { id } } } } job { label { name } }
      integration { name } attemptLog { number } follows { id }
    } }
  }
}
"""


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that any engine runs meanwhile."""
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            made.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def many(api: Api, leads: int) -> None:
    """Leads with two jobs each, of a delivery for each of two integrations, each tried once."""
    label = await api.world.label(convert_once=False)
    for platform in (Platform.META, Platform.GOOGLE_ADS):
        await api.world.map(label.id, await api.world.integration(platform))
    for number in range(leads):
        lead = await api.world.complete_lead(
            unique_identifier=f"crm-{number}", created_at=START - timedelta(days=1)
        )
        for _ in range(2):
            await api.update({"leadId": str(lead.id)}, label.id, onConflict="SUPERSEDE")

    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)).all():
            attempt = AttemptRow(id=new_id(), delivery_id=row.id, number=1, started_at=START, duration_ms=1)
            session.add(attempt)

    await api.world.database.write(work)


@pytest.mark.parametrize(("query", "rows"), [(PAGE, 24), (DELIVERIES, 96)], ids=["leads", "deliveries"])
async def test_a_page_with_all_that_belongs_to_it_takes_as_many_statements_as_one_row(
    api: Api, query: str, rows: int
) -> None:
    await many(api, 24)
    await api.ask(query, {"first": 1})  # what is done once in a process

    with counted() as for_one:
        await api.ask(query, {"first": 1})
    with counted() as for_many:
        data = await api.ask(query, {"first": 100})

    [page] = data.values()
    assert len(page["edges"]) == rows
    assert len(_not_remembered(for_many)) == len(_not_remembered(for_one))
    assert len(for_many) < 20


def _not_remembered(made: list[str]) -> list[str]:
    """Without the look at the caller's key, which on PostgreSQL is repeated after a second."""
    return [statement for statement in made if "FROM api_key" not in statement]


async def test_what_is_not_asked_for_is_not_counted(api: Api) -> None:
    await many(api, 1)

    with counted() as made:
        await api.ask("{ leads { edges { node { id } } } deliveries { edges { node { id } } } }")

    assert not [statement for statement in made if "count(" in statement.lower()]


async def test_an_answer_with_too_many_rows_is_refused_as_it_is_made(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(sqlite_api, 4)
    monkeypatch.setattr(context, "MAX_SHOWN", 20)
    inside = "{ deliveries(first: 8) { edges { node { job { deliveries { attemptLog { number } } } } } } }"

    answer = await sqlite_api.run(inside)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}
    assert (await sqlite_api.ask("{ leads { edges { node { id } } } }"))["leads"]["edges"]
