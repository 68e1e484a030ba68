"""Deliveries are listed: filters, and what they add up to."""

from typing import Any

import pytest
from sqlmodel import Session, select

from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, Platform
from tests.api import Api
from tests.resolvers.lists import DELIVERIES, deliveries


async def test_deliveries_are_listed_and_added_up(api: Api) -> None:
    await deliveries(api)

    shown = (await api.ask(DELIVERIES, {}))["deliveries"]

    assert len(shown["edges"]) == shown["totalCount"] == 3
    assert shown["totals"] == [
        {"state": "SCHEDULED", "count": 1},
        {"state": "DELIVERED", "count": 1},
        {"state": "REJECTED", "count": 1},
    ]
    assert (shown["oldestDueAt"], shown["oldestDueAgeS"]) == ("2026-11-23T09:28:00.000Z", 120)


@pytest.mark.parametrize(
    ("which", "platforms", "due"),
    [
        ({"state": ["REJECTED", "FAILED"]}, {"GA4"}, False),
        ({"platform": ["META", "MICROSOFT_ADS"]}, {"META", "MICROSOFT_ADS"}, True),
        ({"errorCode": "E1"}, {"GA4"}, False),
        ({"createdTo": "2026-11-23T09:30:00Z"}, set(), False),
        ({"createdFrom": "2026-11-23T09:30:00Z"}, {"META", "GA4", "MICROSOFT_ADS"}, True),
        ({"leadId": "1"}, {"META", "GA4", "MICROSOFT_ADS"}, True),
        ({"leadId": "2"}, set(), False),
        ({"leadId": "01"}, set(), False),
        ({"integrationId": "nonsense"}, set(), False),
        ({"ids": []}, set(), False),
    ],
)
async def test_each_filter_of_deliveries_holds_for_the_list_and_for_what_it_adds_up_to(
    api: Api, which: dict[str, Any], platforms: set[str], due: bool
) -> None:
    await deliveries(api)

    shown = (await api.ask(DELIVERIES, {"filter": which}))["deliveries"]

    assert {edge["node"]["platform"] for edge in shown["edges"]} == platforms
    assert shown["totalCount"] == sum(total["count"] for total in shown["totals"]) == len(platforms)
    assert (shown["oldestDueAt"] is not None) == due


async def test_deliveries_are_found_by_integration_job_and_id(api: Api) -> None:
    row = next(row for row in await deliveries(api) if row.platform is Platform.META)

    for which, count in (
        ({"integrationId": str(row.integration_id)}, 1),
        ({"jobId": str(row.job_id)}, 3),
        ({"ids": [str(row.id), "nonsense"]}, 1),
    ):
        assert (await api.ask(DELIVERIES, {"filter": which}))["deliveries"]["totalCount"] == count


async def test_what_is_held_or_waits_for_another_is_not_due(api: Api) -> None:
    await deliveries(api)

    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)):
            if row.state is DeliveryState.SCHEDULED:
                row.state = DeliveryState.HELD

    await api.world.database.write(work)

    shown = (await api.ask(DELIVERIES, {}))["deliveries"]
    assert (shown["oldestDueAt"], shown["oldestDueAgeS"]) == (None, None)
