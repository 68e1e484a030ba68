"""auditLog: what was done to leads and their conversions with which key, and nothing of anybody's person."""

import json

from sqlmodel import Session

from app.rest import PATH
from app.tables.audit import AuditEventRow
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, Scope
from tests.api import Api, process
from tests.resolvers.audit import CREATE, actions, changed, events
from tests.resolvers.test_erase_lead import PERSONAL, SECRET, erase, queued

UPDATE = """
mutation ($id: ID!, $input: UpdateLeadInput!) {
  updateLead(by: {leadId: $id}, input: $input) { __typename }
}
"""
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { state } }"
RETRY = "mutation ($dryRun: Boolean!) { retryDeliveries(filter: {}, dryRun: $dryRun) { retried } }"


async def test_a_status_change_says_who_made_it_and_what_of_it_was_queued(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label("Won")
    api.key = await api.world.key("Key of the CRM", Scope.STATUS_WRITE)
    await api.update({"leadId": str(lead.id)}, label.id, price=4200)
    api.key = "admin-key"

    [event] = await events(api)

    [job] = await api.jobs()
    assert (event["action"], event["subjectKind"], event["subjectId"]) == (
        "STATUS_CHANGED",
        "LEAD",
        str(lead.id),
    )
    assert event["keyName"] == "Key of the CRM"
    assert event["keyId"] == str(job.key_id)
    assert event["requestId"] == job.request_id
    assert len(event["requestId"]) == 32
    assert event["createdAt"] == "2026-11-23T09:30:00.000Z"
    assert event["changes"] == [{"field": "label", "before": None, "after": str(label.id)}]
    assert event["job"] == {"id": str(job.id), "label": {"name": "Won"}, "price": 4200}


async def test_opening_a_lead_is_a_status_change_though_it_queues_nothing(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label("Won")
    await api.update({"leadId": str(lead.id)}, label.id)
    api.world.clock.advance(hours=1)
    await api.update({"leadId": str(lead.id)}, "open", price=7)

    opened, won = await events(api)

    assert (opened["action"], opened["subjectId"], opened["job"]) == ("STATUS_CHANGED", str(lead.id), None)
    assert changed(opened) == {"label": (str(label.id), None), "price": (None, None)}
    assert (opened["keyName"], bool(opened["requestId"])) == ("admin-key", True)
    assert opened["requestId"] != won["requestId"]


async def test_the_plain_request_is_recorded_too(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    body = {"leadId": str(lead.id), "conversionId": str(label.id)}
    headers = {"x-api-key": api.key}

    assert (await api.http.post(PATH, json=body, headers=headers)).status_code == 201

    [event] = await events(api)
    assert (event["action"], event["keyName"], bool(event["requestId"])) == (
        "STATUS_CHANGED",
        "admin-key",
        True,
    )


async def test_what_is_refused_replayed_or_previewed_is_not_in_it(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    by = {"leadId": str(lead.id)}
    preview = "query ($id: ID!, $to: ID!) { previewLeadStatus(input: {lead: {leadId: $id}, conversionId: $to}) { __typename } }"
    for to in (str(label.id), "open"):
        await api.ask(preview, {"id": str(lead.id), "to": to})
    assert await events(api) == []

    await api.update(by, label.id, idempotencyKey="once")
    await api.update(by, label.id, idempotencyKey="once")
    await api.update(by, label.id)
    await api.update(by, "01900000-0000-7000-8000-00000000dead")
    await api.update({"leadId": "404"}, label.id)
    await api.ask(CREATE, {"input": {"note": "nobody can be found by this"}})
    await api.ask(UPDATE, {"id": str(lead.id), "input": {"currency": "no currency"}})

    assert await actions(api) == ["STATUS_CHANGED"]


async def test_jobs_of_a_version_that_kept_no_keys_are_not_in_it(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.update({"leadId": str(lead.id)}, label.id)

    [job] = await api.jobs()

    def forget(session: Session) -> None:
        session.get_one(JobRow, job.id).key_id = None

    await api.world.database.write(forget)

    assert await events(api) == []


async def test_of_a_lead_the_names_of_what_was_changed_are_kept_and_nothing_else(api: Api) -> None:
    given = {
        "uniqueEventId": f"event-{SECRET}",
        "firstName": f"Ada {SECRET}",
        "email": f"ada.{SECRET}@example.com",
        "phone": "+44 7700 900123",
        "formData": {"question": SECRET},
        "attribution": {"gclid": f"g-{SECRET}", "clickedAt": "2026-11-20T09:30:00Z"},
        "consent": {"adUserData": "GRANTED"},
        "device": {"ipAddress": "192.0.2.1"},
        "price": 700,
    }
    answer = await api.ask(CREATE, {"input": given})
    lead_id = answer["createLead"]["lead"]["id"]
    api.world.clock.advance(hours=1)
    await api.ask(CREATE, {"input": {"uniqueEventId": f"event-{SECRET}", "city": SECRET}})
    api.world.clock.advance(hours=1)
    await api.ask(UPDATE, {"id": lead_id, "input": {"phone": None, "firstName": f"Ada {SECRET}"}})
    await api.ask(UPDATE, {"id": lead_id, "input": {"city": SECRET}})

    updated, merged, created = await events(api)

    assert (created["action"], merged["action"], updated["action"]) == (
        "LEAD_CREATED",
        "LEAD_UPDATED",
        "LEAD_UPDATED",
    )
    assert {event["subjectId"] for event in (created, merged, updated)} == {lead_id}
    assert set(changed(created)) == {
        *("uniqueEventId", "firstName", "email", "phone", "formData", "gclid", "clickedAt", "adUserData"),
        *("ipAddress", "price", "currency"),
    }
    assert (changed(merged), changed(updated)) == ({"city": (None, None)}, {"phone": (None, None)})
    assert set(changed(created).values()) == {(None, None)}


async def test_erasing_a_lead_leaves_its_events_in_which_nothing_ever_told_who_it_was(api: Api) -> None:
    lead = await queued(api)
    by = {"leadId": str(lead.id)}
    await api.ask(UPDATE, {"id": str(lead.id), "input": {"email": f"other.{SECRET}@example.com"}})
    await api.update(by, "open")

    await erase(api, **by)
    await erase(api, **by)

    told = await events(api)
    assert sorted(event["action"] for event in told) == [
        *("LEAD_ERASED", "LEAD_UPDATED", "STATUS_CHANGED", "STATUS_CHANGED"),
    ]
    stored = json.dumps([row.model_dump(mode="json") for row in await api.rows(AuditEventRow)])
    for text in (stored, json.dumps(told)):
        traces = (SECRET, "7700", "192.0.2.1", str(PERSONAL["meta_lead_id"]))
        assert [trace for trace in traces if trace in text] == []


async def test_canceling_is_recorded_when_there_was_something_to_cancel(api: Api) -> None:
    await queued(api)
    [job] = await api.jobs()
    for _ in range(2):
        await api.ask(CANCEL, {"id": str(job.id)})

    [event] = await events(api, action=["JOB_CANCELED"])

    assert (event["subjectKind"], event["subjectId"], event["job"]["id"]) == (
        "CONVERSION_JOB",
        str(job.id),
        str(job.id),
    )


async def test_trying_again_names_the_deliveries_that_were_queued(api: Api) -> None:
    await queued(api)
    await process(api, DeliveryState.FAILED)
    for dry_run in (True, False, False):
        await api.ask(RETRY, {"dryRun": dry_run})

    [event] = await events(api, action=["DELIVERIES_RETRIED"])

    assert (event["subjectKind"], event["subjectId"]) == ("PROJECT", str(api.world.project_id))
    retried = {str(row.id) for row in await api.rows(DeliveryRow) if row.state is DeliveryState.SCHEDULED}
    assert retried
    assert set(changed(event)["deliveries"][1]) == retried
