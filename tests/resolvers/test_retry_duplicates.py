"""retryDeliveries: nothing counts twice where only one conversion may."""

from datetime import timedelta
from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import DeliveryState
from tests.api import Api
from tests.resolvers.retries import connected, ended, queued, refused, retry, row_of
from tests.world import START

S = DeliveryState


async def two_jobs(api: Api, first: int, second: int, **label: Any) -> tuple[DeliveryRow, DeliveryRow]:
    """Two conversions of a lead for one label, each sent by itself because the first one failed."""
    lead, row, _ = await connected(api, **label)
    older = await queued(api, lead, row, price=first)
    await ended(api, older, S.FAILED)
    newer = await queued(api, lead, row, price=second)
    assert newer.state is S.SCHEDULED
    return older, newer


@pytest.mark.parametrize(("value", "code"), [(100, "ALREADY_CONVERTED"), (200, "CANNOT_BE_RESTATED")])
@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD, S.SENDING, S.ACCEPTED, S.DELIVERED])
async def test_there_is_no_second_conversion_where_only_one_may_count(
    api: Api, state: DeliveryState, value: int, code: str
) -> None:
    older, newer = await two_jobs(api, 100, value)
    await ended(api, newer, state, next_attempt_at=START if state in {S.SCHEDULED, S.HELD} else None)

    await refused(api, code, ids=[str(older.id)])


async def test_a_conversion_that_was_only_tested_does_not_count(api: Api) -> None:
    older, newer = await two_jobs(api, 100, 100)
    await ended(api, newer, S.DELIVERED, only_tested=True)

    assert (await retry(api, ids=[str(older.id)]))["retried"] == 1


async def test_where_a_label_may_count_again_each_is_sent(api: Api) -> None:
    older, newer = await two_jobs(api, 100, 200, convert_once=False)
    await ended(api, newer, S.DELIVERED)

    assert (await retry(api, ids=[str(older.id)]))["retried"] == 1


async def test_of_two_that_failed_the_newer_one_is_sent(api: Api) -> None:
    older, newer = await two_jobs(api, 100, 200)
    await ended(api, newer, S.FAILED)

    answer = await retry(api)

    assert (answer["matched"], answer["retried"], answer["codes"]) == (2, 1, {"CANNOT_BE_RESTATED": 1})
    assert [(await row_of(api, one)).state for one in (older, newer)] == [S.FAILED, S.SCHEDULED]


async def test_one_that_was_skipped_because_of_another_is_sent_when_that_one_failed(api: Api) -> None:
    lead, label, _ = await connected(api)
    first = await queued(api, lead, label, price=100)
    await ended(api, first, S.SCHEDULED, next_attempt_at=START + timedelta(hours=2))
    second = await queued(api, lead, label, price=100)
    assert second.state is S.SKIPPED
    await refused(api, "ALREADY_CONVERTED")

    await ended(api, first, S.REJECTED)

    answer = await retry(api)
    assert (answer["retried"], answer["codes"]) == (1, {"ALREADY_CONVERTED": 1})
    assert [(await row_of(api, one)).state for one in (first, second)] == [S.REJECTED, S.SCHEDULED]


async def test_a_second_call_finds_only_what_stayed(api: Api) -> None:
    _, newer = await two_jobs(api, 100, 200)
    await ended(api, newer, S.FAILED)
    await retry(api)

    again = await retry(api)

    assert (again["matched"], again["retried"]) == (1, 0)
