"""Pages of leads and deliveries, whatever they hold, in every order, while more of them come."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel

from app.database.database import Database
from app.ids import new_id
from app.services.filters import DeliveryFilter, LeadFilter, LeadOrder
from app.services.listing import ListingService
from app.services.paging import Page, PageRequest
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.tables.projects import ProjectRow
from app.values import (
    DeliveryKind,
    DeliveryState,
    JobState,
    LeadOrderField,
    LeadStatus,
    OrderDirection,
    Platform,
)
from tests.world import START

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# So few different values that many rows share one, and the id must decide.
WORDS = st.none() | st.sampled_from(["", "Ada", "ada", "Bob", "Zoë", "ä"])
AGES = st.integers(0, 3).map(lambda hours: START - timedelta(hours=hours))
LEADS = st.fixed_dictionaries(
    {
        "first_name": WORDS,
        "last_name": WORDS,
        "email_key": WORDS,
        "price_cents": st.none() | st.integers(0, 3),
        "status": st.sampled_from(LeadStatus),
        "created_at": AGES,
        "updated_at": AGES,
    }
)
DELIVERIES = st.fixed_dictionaries(
    {"state": st.sampled_from(DeliveryState), "created_at": AGES, "platform": st.sampled_from(Platform)}
)
SOME_STATES = st.none() | st.sets(st.sampled_from(DeliveryState), max_size=4)
COLUMN = {
    LeadOrderField.CREATED_AT: "created_at",
    LeadOrderField.UPDATED_AT: "updated_at",
    LeadOrderField.FIRST_NAME: "first_name",
    LeadOrderField.LAST_NAME: "last_name",
    LeadOrderField.EMAIL: "email_key",
    LeadOrderField.PRICE: "price_cents",
    LeadOrderField.STATUS: "status",
}


class Shelf:
    """A project of its own with rows in it, and a viewer who may look at them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lists = ListingService(database, lambda: START)
        self.project_id, self.label_id, self.lane, self.job_id = (new_id() for _ in range(4))
        self.viewer = Viewer(self.project_id, new_id(), frozenset())
        self.lead_id = 0

    async def add(self, *rows: SQLModel) -> None:
        def work(session: Session) -> None:
            for row in rows:
                session.add(row)
                session.flush()

        await self.database.write(work)

    async def begin(self) -> "Shelf":
        project = ProjectRow(
            id=self.project_id, name="Shelf", country_code="NL", currency="EUR", created_at=START
        )
        await self.add(project)
        return self

    async def leads(self, drawn: list[dict[str, Any]]) -> set[int]:
        rows = [LeadRow(project_id=self.project_id, currency="EUR", **one) for one in drawn]
        await self.add(*rows)
        return {row.id for row in rows if row.id is not None}

    async def furnish(self) -> None:
        lead = LeadRow(
            project_id=self.project_id,
            status=LeadStatus.OPEN,
            currency="EUR",
            created_at=START,
            updated_at=START,
        )
        await self.add(lead)
        assert lead.id is not None
        self.lead_id = lead.id
        await self.add(
            LabelRow(id=self.label_id, project_id=self.project_id, name="Won", created_at=START),
            IntegrationRow(
                id=self.lane,
                project_id=self.project_id,
                platform=Platform.META,
                name="Shop",
                settings={},
                credentials="",
                created_at=START,
                updated_at=START,
            ),
            JobRow(
                id=self.job_id,
                project_id=self.project_id,
                lead_id=self.lead_id,
                label_id=self.label_id,
                state=JobState.PENDING,
                active=False,
                lead_status_after=LeadStatus.OPEN,
                currency="EUR",
                occurred_at=START,
                warnings=[],
                created_at=START,
            ),
        )

    async def deliveries(self, drawn: list[dict[str, Any]]) -> set[UUID]:
        rows = [
            DeliveryRow(
                id=new_id(),
                project_id=self.project_id,
                job_id=self.job_id,
                lead_id=self.lead_id,
                label_id=self.label_id,
                integration_id=self.lane,
                kind=DeliveryKind.SEND,
                platform_event_id=str(new_id()),
                event_at=START,
                currency="EUR",
                target="Won",
                consent={},
                **one,
            )
            for one in drawn
        ]
        await self.add(*rows)
        return {row.id for row in rows}


def steps(sizes: list[int]) -> Iterator[int]:
    """These page sizes, over and over; no test needs more pages than that."""
    for number in range(100):
        yield sizes[number % len(sizes)]
    raise AssertionError("the list has no end")


def asked(page: Page[Any] | None, size: int, *, backward: bool) -> PageRequest:
    if backward:
        return PageRequest(last=size, before=page.cursors[0] if page else None)
    return PageRequest(first=size, after=page.cursors[-1] if page else None)


def sorted_like(rows: list[LeadRow], field: LeadOrderField, *, descending: bool) -> None:
    """Nulls last, and the others in their order; text as the database sees it is left to the database."""
    values = [getattr(row, COLUMN[field]) for row in rows]
    known = [value for value in values if value is not None]
    assert values == [*known, *[None] * (len(values) - len(known))]
    if not any(isinstance(value, str) and not isinstance(value, LeadStatus) for value in known):
        assert known == sorted(known, reverse=descending)


@FEW
@given(
    before=st.lists(LEADS, max_size=12),
    meanwhile=st.lists(LEADS, max_size=4),
    field=st.sampled_from(LeadOrderField),
    direction=st.sampled_from(OrderDirection),
    backward=st.booleans(),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
async def test_whoever_pages_through_leads_meets_each_once_while_others_come(
    *,
    database: Database,
    before: list[dict[str, Any]],
    meanwhile: list[dict[str, Any]],
    field: LeadOrderField,
    direction: OrderDirection,
    backward: bool,
    sizes: list[int],
) -> None:
    shelf = await Shelf(database).begin()
    there, coming = await shelf.leads(before), list(meanwhile)
    order, page, met = LeadOrder(field, direction), None, list[LeadRow]()
    for size in steps(sizes):
        page = await shelf.lists.leads(
            shelf.viewer, LeadFilter(), order, asked(page, size, backward=backward)
        )
        assert len(page.rows) <= size
        met = [*page.rows, *met] if backward else [*met, *page.rows]
        if not (page.has_previous if backward else page.has_next):
            break
        await shelf.leads([coming.pop()] if coming else [])

    ids = [row.id for row in met]
    assert len(ids) == len(set(ids))
    assert there <= set(ids)
    sorted_like(met, field, descending=direction is OrderDirection.DESC)


@FEW
@given(
    leads=st.lists(LEADS, max_size=12),
    field=st.sampled_from(LeadOrderField),
    direction=st.sampled_from(OrderDirection),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=2),
    few=st.booleans(),
)
async def test_forward_and_backward_are_the_same_list(
    *,
    database: Database,
    leads: list[dict[str, Any]],
    field: LeadOrderField,
    direction: OrderDirection,
    sizes: list[int],
    few: bool,
) -> None:
    shelf = await Shelf(database).begin()
    await shelf.leads([one | {"phone_e164": "+31201234567"} for one in leads])
    # Conditions that few rows meet are sorted another way, which must not be another order.
    which = LeadFilter(phone="020 123 4567") if few else LeadFilter()
    walks = []
    for size, backward in zip(sizes, (False, True), strict=True):
        page, met = None, list[int | None]()
        for step in steps([size]):
            request = asked(page, step, backward=backward)
            page = await shelf.lists.leads(shelf.viewer, which, LeadOrder(field, direction), request)
            ids = [row.id for row in page.rows]
            met = [*ids, *met] if backward else [*met, *ids]
            if not (page.has_previous if backward else page.has_next):
                break
        walks.append(met)

    assert walks[0] == walks[1]
    assert len(walks[0]) == len(leads) == await shelf.lists.count_leads(shelf.viewer, which)


@FEW
@given(
    before=st.lists(DELIVERIES, max_size=12),
    meanwhile=st.lists(DELIVERIES, max_size=3),
    states=SOME_STATES,
    platforms=st.none() | st.sets(st.sampled_from(Platform), max_size=5),
    of_the_lead=st.booleans(),
    backward=st.booleans(),
    size=st.integers(1, 5),
)
async def test_whoever_pages_through_deliveries_meets_each_that_the_filter_leaves_once(
    *,
    database: Database,
    before: list[dict[str, Any]],
    meanwhile: list[dict[str, Any]],
    states: set[DeliveryState] | None,
    platforms: set[Platform] | None,
    of_the_lead: bool,
    backward: bool,
    size: int,
) -> None:
    shelf = await Shelf(database).begin()
    await shelf.furnish()
    ids = [await shelf.deliveries([one]) for one in before]
    wanted = {
        next(iter(one_id))
        for one_id, one in zip(ids, before, strict=True)
        if (states is None or one["state"] in states) and (platforms is None or one["platform"] in platforms)
    }
    which = DeliveryFilter(
        states=states, platforms=platforms, lead_id=str(shelf.lead_id) if of_the_lead else None
    )
    counts = await shelf.lists.count_by_state(shelf.viewer, which)
    coming, page, met = list(meanwhile), None, list[DeliveryRow]()
    for step in steps([size]):
        page = await shelf.lists.deliveries(shelf.viewer, which, asked(page, step, backward=backward))
        met = [*page.rows, *met] if backward else [*met, *page.rows]
        if not (page.has_previous if backward else page.has_next):
            break
        await shelf.deliveries([coming.pop()] if coming else [])

    assert len(met) == len({row.id for row in met})
    assert wanted <= {row.id for row in met}
    assert all(states is None or row.state in states for row in met)
    assert [row.created_at for row in met] == sorted((row.created_at for row in met), reverse=True)
    assert sum(counts.values()) == len(wanted)


async def test_a_row_that_changes_its_place_costs_no_other_row_its_own(database: Database) -> None:
    shelf = await Shelf(database).begin()
    base = {"status": LeadStatus.OPEN, "created_at": START, "updated_at": START}
    there = await shelf.leads([base | {"price_cents": price} for price in (1, 2, 3, 4)])
    order = LeadOrder(LeadOrderField.PRICE, OrderDirection.ASC)
    page = await shelf.lists.leads(shelf.viewer, LeadFilter(), order, PageRequest(first=2))
    moved = page.rows[-1].id

    def work(session: Session) -> None:
        session.get_one(LeadRow, moved).price_cents = None

    await database.write(work)
    rest = await shelf.lists.leads(
        shelf.viewer, LeadFilter(), order, PageRequest(first=5, after=page.cursors[-1])
    )

    assert {row.id for row in (*page.rows, *rest.rows)} == there
    assert [row.price_cents for row in rest.rows] == [3, 4, None]


@pytest.mark.parametrize("direction", OrderDirection)
async def test_nulls_are_last_either_way(database: Database, direction: OrderDirection) -> None:
    shelf = await Shelf(database).begin()
    base = {"status": LeadStatus.OPEN, "created_at": START, "updated_at": START}
    await shelf.leads([base | {"price_cents": price} for price in (None, 5, None, 0)])

    page = await shelf.lists.leads(
        shelf.viewer, LeadFilter(), LeadOrder(LeadOrderField.PRICE, direction), PageRequest()
    )

    prices = [0, 5] if direction is OrderDirection.ASC else [5, 0]
    assert [row.price_cents for row in page.rows] == [*prices, None, None]
