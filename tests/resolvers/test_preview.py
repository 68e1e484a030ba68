"""What a status change would do: said exactly, and nothing done."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel

from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, IdempotencyRow, JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform, Scope
from tests.api import Api, process
from tests.resolvers.test_follow_ups import become, connected, in_retry, newest
from tests.world import START, TARGETS

PREVIEW = """
query ($input: UpdateLeadStatusInput!) {
  previewLeadStatus(input: $input) {
    __typename
    ... on LeadStatusPreview {
      lead { id status price label { name } } status queued
      warnings { integration integrationId code field reason willSkip timestamp }
      deliveries { integration { id } platform kind plan sendAt expiresAt request }
      cancels { id state platform }
    }
    ... on DuplicateJobError { leadId job { id } }
    ... on UserError { code message }
    ... on InvalidInputError { problems { path } }
  }
}
"""
OTHERS = [platform for platform in TARGETS if platform is not Platform.GOOGLE_ADS]
TABLES: tuple[type[SQLModel], ...] = (LeadRow, JobRow, DeliveryRow, IdempotencyRow)


async def preview(api: Api, lead: dict[str, Any], conversion_id: Any, **more: Any) -> Any:
    given = {"lead": lead, "conversionId": str(conversion_id), **more}
    return (await api.ask(PREVIEW, {"input": given}))["previewLeadStatus"]


async def stored(api: Api) -> list[Any]:
    return [sorted(map(repr, await api.rows(table))) for table in TABLES]


async def mapped_everywhere(api: Api, **label: Any) -> tuple[str, LabelRow, list[IntegrationRow]]:
    lead, row, google = await connected(api, **label)
    others = [await api.world.integration(platform) for platform in OTHERS]
    for integration in others:
        await api.world.map(row.id, integration)
    return lead, row, [google, *others]


async def test_it_says_what_each_integration_would_get_and_changes_nothing(api: Api) -> None:
    lead, label, integrations = await mapped_everywhere(api)
    before = await stored(api)
    woken = list(api.woken)

    seen = await preview(api, {"leadId": lead}, label.id, price=48_000)

    assert (seen["__typename"], seen["status"], seen["queued"]) == ("LeadStatusPreview", "PENDING", True)
    assert seen["lead"] == {"id": lead, "status": "OPEN", "price": None, "label": None}
    assert [one["integration"]["id"] for one in seen["deliveries"]] == [str(row.id) for row in integrations]
    for one in seen["deliveries"]:
        assert (one["kind"], one["plan"]) == ("SEND", "SEND")
        assert one["sendAt"] == "2026-11-23T09:30:00.000Z"
        assert one["expiresAt"] > one["sendAt"]
        assert "480" in str(one["request"])
    assert seen["cancels"] == []
    assert await stored(api) == before
    assert api.woken == woken


async def test_the_warnings_are_those_of_the_status_change(api: Api) -> None:
    _, label, _ = await mapped_everywhere(api)
    await api.world.integration(Platform.META, "unmapped")
    bare = str((await api.world.lead(email="bob@example.com")).id)

    seen = await preview(api, {"leadId": bare}, label.id)
    answer = await api.update({"leadId": bare}, label.id)

    assert seen["warnings"]
    assert seen["warnings"] == answer["warnings"]
    skipped = [one for one in seen["deliveries"] if one["plan"] == "SKIP"]
    assert skipped
    for one in skipped:
        assert (one["sendAt"], one["expiresAt"], one["request"]) == (None, None, None)


async def test_a_click_that_is_too_young_waits_for_its_hour(api: Api) -> None:
    _, label, _ = await connected(api)
    young = await api.world.complete_lead(clicked_at=START - timedelta(hours=1), unique_identifier="crm-2")

    seen = await preview(api, {"leadId": str(young.id)}, label.id)

    [google] = seen["deliveries"]
    assert (google["plan"], google["sendAt"]) == ("WAIT", "2026-11-23T14:30:00.000Z")
    assert google["request"]["events"]


async def test_what_is_held_says_so_and_shows_what_would_be_sent(api: Api) -> None:
    lead, label, integration = await connected(api)

    def hold(session: Any) -> None:
        session.get(IntegrationRow, integration.id).paused_at = START

    await api.world.database.write(hold)
    seen = await preview(api, {"leadId": lead}, label.id)

    [google] = seen["deliveries"]
    assert google["plan"] == "HOLD"
    assert google["request"]["events"]
    assert [warning["code"] for warning in seen["warnings"]] == ["INTEGRATION_PAUSED"]


async def test_an_integration_that_cannot_be_used_shows_no_request(api: Api) -> None:
    lead, label, integration = await connected(api)

    def spoil(session: Any) -> None:
        session.get(IntegrationRow, integration.id).settings = {"customer_id": "no number"}

    await api.world.database.write(spoil)
    [google] = (await preview(api, {"leadId": lead}, label.id))["deliveries"]

    assert (google["plan"], google["request"]) == ("HOLD", None)


async def test_an_active_job_is_a_duplicate_unless_it_may_be_superseded(api: Api) -> None:
    lead, label, _ = await mapped_everywhere(api)
    job = (await api.update({"leadId": lead}, label.id))["job"]["id"]

    refused = await preview(api, {"leadId": lead}, label.id)
    superseding = await preview(api, {"leadId": lead}, api.world.lost_id, onConflict="SUPERSEDE")

    assert (refused["__typename"], refused["job"]["id"]) == ("DuplicateJobError", job)
    assert [(one["platform"], one["state"]) for one in superseding["cancels"]] == [
        (platform, "SCHEDULED") for platform in (Platform.GOOGLE_ADS, *OTHERS)
    ]
    assert {row.state for row in await api.rows(DeliveryRow)} == {DeliveryState.SCHEDULED}


async def test_open_shows_what_it_would_cancel(api: Api) -> None:
    lead, label, _ = await mapped_everywhere(api)
    await api.update({"leadId": lead}, label.id)

    seen = await preview(api, {"leadId": lead}, "open")

    assert (seen["status"], seen["queued"], seen["deliveries"]) == ("OPEN", False, [])
    assert len(seen["cancels"]) == len(TARGETS)
    assert seen["lead"]["status"] == "PENDING"


async def test_lost_shows_what_it_would_take_back(api: Api) -> None:
    lead, label, _ = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=500)
    await process(api)

    seen = await preview(api, {"leadId": lead}, "lost")

    kinds = {one["kind"]: one for one in seen["deliveries"]}
    assert kinds["SEND"]["plan"] == "SKIP"
    assert kinds["RETRACT"]["plan"] == "SEND"
    assert kinds["RETRACT"]["request"]["events"][0]["conversionValue"] == 0


async def test_lost_shows_what_it_would_cancel_of_earlier_labels(api: Api) -> None:
    lead, label, _ = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id)
    waiting = await newest(api)
    await become(api, waiting.id, **in_retry())

    seen = await preview(api, {"leadId": lead}, "lost")

    assert [one["id"] for one in seen["cancels"]] == [str(waiting.id)]
    assert (await newest(api)).state is DeliveryState.SCHEDULED


async def test_another_price_shows_a_restatement_that_waits_for_what_it_changes(api: Api) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id, price=500)
    sent = await newest(api)
    await become(api, sent.id, **in_retry(START + timedelta(hours=3)))

    [restated] = (await preview(api, {"leadId": lead}, label.id, price=900))["deliveries"]

    assert (restated["kind"], restated["plan"]) == ("RESTATE", "WAIT")
    assert restated["sendAt"] == "2026-11-23T12:30:00.000Z"
    assert restated["request"]["events"][0]["transactionId"] == sent.platform_event_id


async def test_errors_are_those_of_the_status_change(api: Api) -> None:
    lead, label, _ = await connected(api)

    unknown_lead = await preview(api, {"email": "nobody@example.com"}, label.id)
    unknown_label = await preview(api, {"leadId": lead}, "018f4c3e-7b1a-7c3d-9e2f-000000000000")
    no_identifier = await preview(api, {}, label.id)

    assert unknown_lead["__typename"] == "LeadNotFoundError"
    assert unknown_label["__typename"] == "ConversionLabelNotFoundError"
    assert no_identifier["problems"] == [{"path": ["lead"]}]


async def test_an_idempotency_key_is_neither_used_up_nor_replayed(api: Api) -> None:
    lead, label, _ = await connected(api)

    await preview(api, {"leadId": lead}, label.id, idempotencyKey="k-1")
    answer = await api.update({"leadId": lead}, label.id, idempotencyKey="k-1")
    again = await preview(api, {"leadId": lead}, label.id, idempotencyKey="k-1", onConflict="SUPERSEDE")

    assert (answer["__typename"], answer["replayed"]) == ("QueuedResult", False)
    assert again["__typename"] == "LeadStatusPreview"


@pytest.mark.parametrize(
    ("scope", "field", "allowed"),
    [
        (Scope.STATUS_WRITE, "plan", True),
        (Scope.STATUS_WRITE, "request", False),
        (Scope.LEADS_READ, "request", True),
        (Scope.LEADS_WRITE, "plan", False),
    ],
)
async def test_bodies_are_for_those_who_may_read_leads(
    sqlite_api: Api, scope: Scope, field: str, allowed: bool
) -> None:
    lead, label, _ = await connected(sqlite_api)
    await sqlite_api.world.key("limited-key", scope)
    query = (
        f'query {{ previewLeadStatus(input: {{lead: {{leadId: "{lead}"}}, conversionId: "{label.id}"}})'
        f" {{ __typename ... on LeadStatusPreview {{ deliveries {{ {field} }} }} }} }}"
    )
    answer = await sqlite_api.run(query, key="limited-key")
    assert ("errors" not in answer) is allowed


async def test_previews_of_another_project_find_nothing(api: Api) -> None:
    lead, label, _ = await connected(api)
    other = await type(api.world)(
        api.world.database, api.world.clock, api.world.cipher, api.world.connectors
    ).begin("Other")
    await other.key("other-key", Scope.ADMIN)
    given = {"lead": {"leadId": lead}, "conversionId": str(label.id)}
    answer = await api.ask(PREVIEW, {"input": given}, key="other-key")
    assert answer["previewLeadStatus"]["__typename"] == "LeadNotFoundError"
