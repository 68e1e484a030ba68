"""retryDeliveries: which deliveries a call is about, and who may make it."""

from collections.abc import Callable
from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, Platform, Scope
from tests.api import Api
from tests.resolvers.retries import RETRY, connected, ended, queued, retry, row_of

S = DeliveryState
FILTERS: list[tuple[str, Callable[[DeliveryRow], Any]]] = [
    ("ids", lambda row: [str(row.id), "nonsense"]),
    ("platform", lambda row: [row.platform.value]),
    ("integrationId", lambda row: str(row.integration_id)),
    ("leadId", lambda row: str(row.lead_id)),
    ("jobId", lambda row: str(row.job_id)),
    ("errorCode", lambda row: row.error_code),
    ("state", lambda row: [row.state.value, "DELIVERED"]),
    ("createdFrom", lambda row: row.created_at.isoformat()),
]


@pytest.mark.parametrize(("name", "value"), FILTERS, ids=[name for name, _ in FILTERS])
async def test_each_filter_narrows_it_down(api: Api, name: str, value: Callable[[DeliveryRow], Any]) -> None:
    lead, label, _ = await connected(api)
    other = await queued(api, lead, label)
    await ended(api, other, S.FAILED)
    api.world.clock.advance(minutes=1)
    lead, label, _ = await connected(api, Platform.MICROSOFT_ADS, lead={"unique_identifier": "crm-2"})
    await api.update({"leadId": str(lead.id)}, label.id)
    rows: list[DeliveryRow] = await api.rows(DeliveryRow)
    mine = next(row for row in rows if row.lead_id == lead.id and row.platform is Platform.MICROSOFT_ADS)
    skipped = next(row for row in rows if row.lead_id == lead.id and row.platform is Platform.META)
    await ended(api, skipped, S.CANCELED)
    await ended(api, mine, S.REJECTED, error_code="E2")

    answer = await retry(api, **{name: value(await row_of(api, mine))})

    assert (answer["matched"], answer["retried"]) == (1, 1)
    assert (await row_of(api, other)).state is S.FAILED


@pytest.mark.parametrize("given", [{"ids": []}, {"state": []}, {"platform": []}, {"jobId": "nonsense"}])
async def test_an_empty_list_and_what_is_no_id_match_nothing(api: Api, given: dict[str, Any]) -> None:
    lead, label, _ = await connected(api)
    await ended(api, await queued(api, lead, label), S.FAILED)

    assert (await retry(api, **given))["matched"] == 0


async def test_another_project_hears_and_changes_nothing(api: Api) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    for given in ({}, {"ids": [str(delivery.id)]}, {"leadId": str(lead.id)}):
        assert (await retry(api, **given))["matched"] == 0


async def test_too_many_ids_are_refused(sqlite_api: Api) -> None:
    answer = await sqlite_api.run(RETRY, {"filter": {"ids": ["x"] * 1001}, "dryRun": True})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("scope", [Scope.STATUS_WRITE, Scope.LEADS_READ, Scope.LEADS_WRITE])
async def test_it_takes_an_administrator(sqlite_api: Api, scope: Scope) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)

    answer = await sqlite_api.run(RETRY, {"filter": {}, "dryRun": True})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
