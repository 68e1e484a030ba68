"""The same call again, under the caller's own key."""

import asyncio

from app.tables.jobs import IdempotencyRow
from app.values import LeadStatus, Platform, Scope
from tests.api import Api, process


async def test_the_same_key_and_input_get_the_first_answer_again_and_nothing_is_done(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.integration(Platform.META)
    first = await api.update({"email": "ada@example.com"}, label.id, idempotencyKey="k1", price=5)
    await process(api)
    api.world.clock.advance(minutes=1)

    again = await api.update({"email": "ada@example.com"}, label.id, idempotencyKey="k1", price=5)

    assert again["__typename"] == "QueuedResult"
    assert (first["replayed"], again["replayed"]) == (False, True)
    kept = ("message", "leadId", "uniqueIdentifier", "status", "queued", "identifiedBy", "warnings")
    assert {name: again[name] for name in kept} == {name: first[name] for name in kept}
    assert again["job"]["id"] == first["job"]["id"]
    assert len(await api.jobs()) == 1
    assert (await api.lead_row(lead.id)).status is LeadStatus.OPEN


async def test_a_replay_shows_lead_and_job_as_they_are_now(api: Api) -> None:
    await api.world.complete_lead()
    label = await api.world.label(mark_as_done=True)
    await api.update({"uniqueIdentifier": "crm-1"}, label.id, idempotencyKey="k1")
    await process(api)

    again = await api.update({"uniqueIdentifier": "crm-1"}, label.id, idempotencyKey="k1")

    assert (again["status"], again["lead"]["status"]) == ("PENDING", "RATED")
    assert (again["job"]["state"], again["job"]["active"]) == ("COMPLETED", False)


async def test_open_and_its_canceled_job_are_replayed_too(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id)
    first = await api.update({"leadId": str(lead.id)}, "open", idempotencyKey="k1")

    again = await api.update({"leadId": str(lead.id)}, " OPEN", idempotencyKey="k1")

    assert again == first | {"replayed": True}
    assert again["canceledJob"] is not None


async def test_the_same_key_with_another_input_is_invalid_input(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1", price=5)

    answer = await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1", price=6)

    assert answer["__typename"] == "InvalidInputError"
    assert answer["problems"][0]["path"] == ["idempotencyKey"]
    assert (await api.lead_row(lead.id)).price_cents == 5


async def test_a_refusal_is_not_remembered_so_a_retry_is_a_new_try(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.update({"leadId": str(lead.id)}, label.id)
    refused = await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1")
    await process(api)

    retried = await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1")

    assert (refused["__typename"], retried["__typename"]) == ("DuplicateJobError", "QueuedResult")
    assert retried["replayed"] is False


async def test_a_key_is_free_again_after_24_hours(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    first = await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1")
    await process(api)
    api.world.clock.advance(hours=24)

    second = await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1")

    assert (second["__typename"], second["replayed"]) == ("QueuedResult", False)
    assert second["job"]["id"] != first["job"]["id"]


async def test_a_key_of_another_project_means_nothing(api: Api) -> None:
    own = await api.world.complete_lead()
    await api.update({"leadId": str(own.id)}, "open", idempotencyKey="k1")
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)
    other = await api.world.complete_lead()

    answer = await api.update({"leadId": str(other.id)}, "open", idempotencyKey="k1", price=1)

    assert (answer["__typename"], answer["replayed"]) == ("OpenResult", False)


async def test_simultaneous_calls_with_one_key_are_one_change(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()

    answers = await asyncio.gather(
        *(api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1") for _ in range(20))
    )

    assert {answer["__typename"] for answer in answers} == {"QueuedResult"}
    assert [answer["replayed"] for answer in answers].count(False) == 1
    assert len(await api.jobs()) == 1


async def test_one_key_for_two_leads_at_once_changes_only_one_of_them(api: Api) -> None:
    label = await api.world.label()
    leads = [await api.world.lead(email=f"{number}@example.com") for number in range(8)]

    answers = await asyncio.gather(
        *(api.update({"leadId": str(lead.id)}, label.id, idempotencyKey="k1") for lead in leads)
    )

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["InvalidInputError"] * 7 + ["QueuedResult"]
    assert len(await api.jobs()) == 1


async def test_what_is_remembered_holds_nothing_personal(api: Api) -> None:
    await api.world.complete_lead()
    await api.update({"email": "ada@example.com"}, "open", idempotencyKey="k1")

    (row,) = await api.rows(IdempotencyRow)

    assert "ada@example.com" not in row.model_dump_json()


async def test_other_words_for_the_same_request_are_the_same_input(api: Api) -> None:
    await api.world.complete_lead(phone="+44 7700 900123")
    label = await api.world.label()
    asked = [
        ({"email": "ada@example.com"}, str(label.id), "2026-11-23T09:00:00Z"),
        ({"email": " ADA@example.com "}, f"urn:uuid:{label.id}".upper(), "2026-11-23T10:00:00.5+01:00"),
        ({"email": "Ada@Example.com"}, label.id.hex, "2026-11-23T09:00:00.999Z"),
    ]

    answers = [
        await api.update(lead, conversion, occurredAt=occurred, idempotencyKey="k1")
        for lead, conversion, occurred in asked
    ]

    assert [answer.get("replayed") for answer in answers] == [False, True, True]


async def test_lost_and_the_uuid_of_the_built_in_label_are_the_same_input(api: Api) -> None:
    await api.world.complete_lead(phone="+31 20 123 4567")
    first = await api.update({"phone": "020 1234567"}, "lost", idempotencyKey="k1")

    again = await api.update({"phone": "+31201234567"}, api.world.lost_id, idempotencyKey="k1")

    assert (first["replayed"], again["replayed"]) == (False, True)
