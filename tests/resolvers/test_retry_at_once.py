"""retryDeliveries: more than fits into one transaction, and calls at the same time."""

import asyncio

import pytest

from app.services import replaying
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState
from tests.api import Api
from tests.resolvers.retries import RETRY, connected, ended, queued, retry, row_of

S = DeliveryState


async def test_more_than_one_transaction_takes_is_worked_off_in_several(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "CHUNK", 2)
    lead, label, _ = await connected(api)
    rows = []
    for price in range(5):
        rows.append(await queued(api, lead, label, price=price))
        await ended(api, rows[-1], S.FAILED)
    other = await api.world.complete_lead(unique_identifier="crm-2")
    rows.append(await queued(api, other, label))
    await ended(api, rows[-1], S.FAILED)

    answer = await retry(api)

    # A dry run knows in its last part what its first one would have done.
    assert (answer["matched"], answer["retried"], answer["codes"]) == (6, 2, {"CANNOT_BE_RESTATED": 4})
    states = [(await row_of(api, row)).state for row in rows]
    assert states == [S.FAILED, S.FAILED, S.FAILED, S.FAILED, S.SCHEDULED, S.SCHEDULED]


async def test_of_calls_at_once_one_tries_a_delivery_again(api: Api) -> None:
    _, label, _ = await connected(api)
    for number in range(6):
        lead = await api.world.complete_lead(unique_identifier=f"crm-{number}")
        await ended(api, await queued(api, lead, label), S.FAILED)

    answers = await asyncio.gather(
        *(api.ask(RETRY, {"filter": {}, "dryRun": False}) for _ in range(4)),
    )

    assert sum(answer["retryDeliveries"]["retried"] for answer in answers) == 6


async def test_a_status_change_at_the_same_time_makes_no_second_conversion(api: Api) -> None:
    lead, label, _ = await connected(api)
    rows = []
    for number in range(6):
        lead = await api.world.complete_lead(unique_identifier=f"crm-{number}")
        rows.append((lead, await queued(api, lead, label, price=100)))
        await ended(api, rows[-1][1], S.FAILED)

    await asyncio.gather(
        api.ask(RETRY, {"filter": {}, "dryRun": False}),
        *(api.update({"leadId": str(lead.id)}, label.id, price=100) for lead, _ in rows),
    )

    waiting = [row.lead_id for row in await api.rows(DeliveryRow) if row.state is S.SCHEDULED]
    assert sorted(waiting) == sorted(row.id for row, _ in rows)
