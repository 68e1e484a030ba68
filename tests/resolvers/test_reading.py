"""Queries: jobs with their deliveries, labels with their mappings, integrations."""

from app.ids import new_id
from app.tables.jobs import AttemptRow, DeliveryRow
from app.values import DeliveryState, PauseReason, Platform, Scope
from tests.api import Api, process
from tests.world import START

JOB = """
query ($id: ID!) {
  job(id: $id) {
    id state active price currency occurredAt createdAt finishedAt
    lead { id status } label { name }
    warnings { code }
    deliveries {
      id platform kind state attempts nextAttemptAt expiresAt platformEventId platformRequestId errorCode
      errorMessage request response createdAt finishedAt
      warning { code reason } follows { id } integration { name } lead { id } job { id }
      attemptLog { number startedAt durationMs httpStatus errorCode errorMessage }
    }
  }
}
"""


async def test_a_job_shows_its_deliveries_and_their_attempts(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META, "Meta shop"))
    queued = await api.update({"leadId": str(lead.id)}, label.id, price=100)
    await process(api)
    delivery = (await api.deliveries())[Platform.META]
    attempt = AttemptRow(
        id=new_id(), delivery_id=delivery.id, number=1, started_at=START, duration_ms=12, http_status=200
    )
    await api.world.database.write(lambda session: session.add(attempt))

    job = (await api.ask(JOB, {"id": queued["job"]["id"]}))["job"]

    assert (job["state"], job["active"], job["price"]) == ("COMPLETED", False, 100)
    assert job["finishedAt"] == "2026-11-23T09:30:00.000Z"
    assert (job["lead"]["id"], job["label"]["name"]) == (str(lead.id), "Qualified")
    (shown,) = job["deliveries"]
    assert (shown["kind"], shown["state"], shown["platform"]) == ("SEND", "DELIVERED", "META")
    assert shown["integration"] == {"name": "Meta shop"}
    assert (shown["job"]["id"], shown["lead"]["id"]) == (job["id"], str(lead.id))
    assert shown["platformEventId"] == f"lw-{job['id']}"
    assert (shown["warning"], shown["follows"]) == (None, None)
    assert shown["attemptLog"] == [
        {
            "number": 1,
            "startedAt": "2026-11-23T09:30:00.000Z",
            "durationMs": 12,
            "httpStatus": 200,
            "errorCode": None,
            "errorMessage": None,
        }
    ]


async def test_a_skipped_delivery_shows_why_and_a_restatement_what_it_follows(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    for platform in (Platform.GOOGLE_ADS, Platform.META):
        await api.world.map(label.id, await api.world.integration(platform))
    await api.update({"leadId": str(lead.id)}, label.id, price=100)
    await process(api)
    again = await api.update({"leadId": str(lead.id)}, label.id, price=200)

    job = (await api.ask(JOB, {"id": again["job"]["id"]}))["job"]

    by_platform = {delivery["platform"]: delivery for delivery in job["deliveries"]}
    assert by_platform["META"]["warning"]["code"] == "CANNOT_BE_RESTATED"
    first = next(
        row
        for row in await api.rows(DeliveryRow)
        if row.kind == "SEND" and row.value_cents == 100 and row.platform is Platform.GOOGLE_ADS
    )
    assert by_platform["GOOGLE_ADS"]["follows"] == {"id": str(first.id)}


async def test_a_job_of_another_project_an_unknown_and_no_id_at_all_are_null(api: Api) -> None:
    await api.world.begin("Another project")
    lead = await api.world.complete_lead()
    own_key, api.key = api.key, await api.world.key("other-key", Scope.ADMIN)
    foreign = await api.update({"leadId": str(lead.id)}, "lost")
    api.key = own_key

    for job_id in (foreign["job"]["id"], "01900000-0000-7000-8000-000000000000", "nonsense", ""):
        assert await api.ask(JOB, {"id": job_id}) == {"job": None}


async def test_labels_are_listed_with_the_built_in_one_and_their_mappings(api: Api) -> None:
    label = await api.world.label(
        mark_as_done=True, undo_on_lost=True, default_price_cents=5, archived_at=START
    )
    meta = await api.world.integration(Platform.META)
    await api.world.map(label.id, meta, held_at=START)
    await api.world.begin("Another project")
    await api.world.label("Foreign")

    labels = (
        await api.ask(
            "{ conversionLabels { name builtIn markAsDone convertOnce undoOnLost defaultPrice archived"
            " mappings { target held integration { id } } } }"
        )
    )["conversionLabels"]

    assert [label["name"] for label in labels] == ["Lost", "Qualified"]
    assert (labels[0]["builtIn"], labels[0]["mappings"]) == (True, [])
    assert labels[1] == {
        "name": "Qualified",
        "builtIn": False,
        "markAsDone": True,
        "convertOnce": True,
        "undoOnLost": True,
        "defaultPrice": 5,
        "archived": True,
        "mappings": [{"target": "Qualified", "held": True, "integration": {"id": str(meta.id)}}],
    }


async def test_integrations_are_listed_without_anything_secret(api: Api) -> None:
    await api.world.integration(Platform.GA4, enabled=False)
    await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.AUTHENTICATION, pause_message="why"
    )

    integrations = (
        await api.ask("{ integrations { platform name enabled paused pauseReason pauseMessage testMode } }")
    )["integrations"]

    assert [(i["platform"], i["enabled"], i["paused"]) for i in integrations] == [
        ("GA4", False, False),
        ("META", True, True),
    ]
    assert (integrations[1]["pauseReason"], integrations[1]["pauseMessage"]) == ("AUTHENTICATION", "why")


async def test_a_second_mutation_of_one_document_sees_what_the_first_one_did(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    fields = "... on QueuedResult { lead { status currentJob { id } } } ... on OpenResult { lead { status label { name } } }"
    document = f"""
    mutation {{
      first: updateLeadStatus(input: {{lead: {{leadId: "{lead.id}"}}, conversionId: "{label.id}"}}) {{ {fields} }}
      second: updateLeadStatus(input: {{lead: {{leadId: "{lead.id}"}}, conversionId: "open"}}) {{ {fields} }}
    }}
    """

    data = await api.ask(document)

    assert data["first"]["lead"]["status"] == "PENDING"
    assert data["second"]["lead"] == {"status": "OPEN", "label": None}


async def test_deliveries_waiting_are_shown_with_their_next_attempt(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    queued = await api.update({"leadId": str(lead.id)}, label.id)

    (shown,) = (await api.ask(JOB, {"id": queued["job"]["id"]}))["job"]["deliveries"]

    assert (shown["state"], shown["nextAttemptAt"]) == (
        DeliveryState.SCHEDULED.value,
        "2026-11-23T09:30:00.000Z",
    )
    assert shown["expiresAt"] is not None
