"""Cursors and pages: what is refused, and what a cursor survives."""

import base64
import json
from datetime import UTC
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import InvalidInputError
from app.ids import new_id
from app.repositories.keyset import Order, Position, Window
from app.repositories.listing import NEWEST_DELIVERIES, NEWEST_JOBS, lead_order
from app.services.paging import PageRequest, cursor_of, page_of, window_of
from app.tables.jobs import JobRow
from app.values import LeadOrderField, LeadStatus, OrderDirection

BY_NAME = lead_order(LeadOrderField.FIRST_NAME, OrderDirection.ASC)
BY_PRICE = lead_order(LeadOrderField.PRICE, OrderDirection.DESC)
BY_STATUS = lead_order(LeadOrderField.STATUS, OrderDirection.ASC)
INSTANTS = st.datetimes(timezones=st.just(UTC))
IDS = st.integers(min_value=1, max_value=2**63 - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)


def written(*parts: Any) -> str:
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def problem(order: Order = BY_NAME, **asked: Any) -> str:
    with pytest.raises(InvalidInputError) as refused:
        window_of(PageRequest(**asked), order)
    return refused.value.message


@pytest.mark.parametrize(
    ("order", "values"),
    [
        (BY_NAME, st.tuples(st.none() | NAMES, IDS)),
        (BY_PRICE, st.tuples(st.none() | st.integers(0, 2**53 - 1), IDS)),
        (BY_STATUS, st.tuples(st.sampled_from(LeadStatus), INSTANTS, IDS)),
        (NEWEST_DELIVERIES, st.tuples(INSTANTS, st.uuids())),
        (NEWEST_JOBS, st.tuples(st.uuids())),
    ],
    ids=["name", "price", "status", "deliveries", "jobs"],
)
def test_a_cursor_stands_for_the_position_it_was_made_of(order: Order, values: Any) -> None:
    @given(values)
    def check(position: tuple[Any, ...]) -> None:
        cursor = cursor_of(Position(position), order)

        assert window_of(PageRequest(after=cursor), order).beyond == Position(position)
        assert window_of(PageRequest(before=cursor), order).beyond == Position(position)

    check()


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@example(base64.urlsafe_b64encode(b"[" * 3000).decode())
@example("A" * 10_000)
@example("\ud800")
@example("")
def test_anything_else_is_no_cursor(given_text: str) -> None:
    assert problem(after=given_text) == "after: is not a cursor of this list in this order"


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        (BY_NAME, ["leads FIRST_NAME DESC", "Ada", 1]),
        (BY_NAME, ["deliveries", "Ada", 1]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada"]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada", 1, 2]),
        (BY_NAME, ["leads FIRST_NAME ASC", 5, 1]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada", "1"]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada", None]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada", True]),
        (BY_NAME, ["leads FIRST_NAME ASC", "Ada", 2**63]),
        (BY_NAME, ["leads FIRST_NAME ASC", "A\x00", 1]),
        (BY_NAME, ["leads FIRST_NAME ASC", "A\ud800", 1]),
        (BY_NAME, ["leads FIRST_NAME ASC", "A" * 3000, 1]),
        (BY_PRICE, ["leads PRICE DESC", 1.5, 1]),
        (BY_STATUS, ["leads STATUS ASC", "WON", "2026-11-23T09:30:00.000000+00:00", 1]),
        (BY_STATUS, ["leads STATUS ASC", "OPEN", "2026-11-23", 1]),
        (BY_STATUS, ["leads STATUS ASC", "OPEN", "0001-01-01T00:00:00.000000+23:59", 1]),
        (BY_STATUS, ["leads STATUS ASC", None, "2026-11-23T09:30:00.000000+00:00", 1]),
        (NEWEST_JOBS, ["jobs", "nonsense"]),
        (NEWEST_JOBS, ["jobs", "{01900000-0000-7000-8000-000000000000}"]),
    ],
)
def test_a_cursor_of_another_list_order_or_kind_of_value_is_refused(order: Order, parts: list[Any]) -> None:
    assert "is not a cursor" in problem(order, before=written(*parts))


@pytest.mark.parametrize("size", [-1, 0, 101, 2**31 - 1])
@pytest.mark.parametrize("name", ["first", "last"])
def test_a_page_has_between_1_and_100_rows(name: str, size: int) -> None:
    assert problem(**{name: size}) == f"{name}: must be from 1 to 100"


@pytest.mark.parametrize("first", [{"first": 5}, {"after": "x"}])
@pytest.mark.parametrize("last", [{"last": 5}, {"before": "x"}])
def test_a_page_goes_one_way(first: dict[str, Any], last: dict[str, Any]) -> None:
    assert "not both at once" in problem(**first, **last)


def test_a_page_has_50_rows_from_the_start_when_nothing_is_said() -> None:
    assert window_of(PageRequest(), BY_NAME) == Window(count=50)
    assert window_of(PageRequest(last=100), BY_NAME) == Window(count=100, backward=True)


def jobs(*ids: UUID) -> list[JobRow]:
    return [JobRow(id=one) for one in ids]


def test_a_page_forward_says_whether_there_is_more() -> None:
    first, second, third = (new_id() for _ in range(3))

    page = page_of(jobs(first, second, third), NEWEST_JOBS, Window(count=2))

    assert [row.id for row in page.rows] == [first, second]
    assert (page.has_next, page.has_previous) == (True, False)
    assert page.cursors == [cursor_of(Position((one,)), NEWEST_JOBS) for one in (first, second)]


def test_a_page_backward_is_in_the_order_of_the_list() -> None:
    first, second, third = (new_id() for _ in range(3))
    window = Window(count=2, backward=True, beyond=Position((new_id(),)))

    page = page_of(jobs(third, second, first), NEWEST_JOBS, window)

    assert [row.id for row in page.rows] == [second, third]
    assert (page.has_next, page.has_previous) == (True, True)


def test_an_empty_page_has_no_cursors() -> None:
    page = page_of([], NEWEST_JOBS, Window(count=2, beyond=Position((new_id(),))))

    assert (page.rows, page.cursors, page.has_next, page.has_previous) == ([], [], False, True)
