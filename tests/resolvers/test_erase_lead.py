"""eraseLead: nothing tells any more who it was, what was counted stays, nothing is sent."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.ids import new_id
from app.services import erasing
from app.tables.jobs import AttemptRow, DeliveryRow, IdempotencyRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState, LeadStatus, Platform, Scope
from tests.api import Api, process
from tests.world import START

ERASE = """
mutation ($by: LeadIdentifierInput!) {
  eraseLead(by: $by) {
    __typename
    ... on EraseLeadSuccess { leadId canceledDeliveries }
    ... on LeadNotFoundError { identifiedBy }
    ... on InvalidInputError { problems { path } }
    ... on UserError { code }
  }
}
"""
HISTORY = """
query ($by: LeadIdentifierInput!) {
  lead(by: $by) {
    id status price currency erasedAt email firstName uniqueIdentifier formData
    attribution { gclid clickedAt } consent { adUserData }
    currentJob {
      state price finishedAt warnings { code field reason }
      deliveries { state errorCode errorMessage request response platformEventId
                   attemptLog { number errorCode errorMessage } }
    }
  }
}
"""
SECRET = "zx81"
"""In everything personal of the leads here, and in nothing else."""
PERSONAL: dict[str, Any] = {
    "unique_identifier": f"crm-{SECRET}",
    "unique_event_id": f"event-{SECRET}",
    "first_name": f"Ada {SECRET}",
    "last_name": f"Example {SECRET}",
    "email": f"ada.{SECRET}@example.com",
    "phone": "+44 7700 900123",
    "company_name": f"{SECRET} Ltd",
    "country_code": "GB",
    "postal_code": f"SW1A {SECRET}",
    "city": f"City of {SECRET}",
    "region": SECRET,
    "note": f"called {SECRET}",
    "form_data": {"question": SECRET},
    "price_cents": 700,
    "gclid": f"g-{SECRET}",
    "fbclid": f"f-{SECRET}",
    "fbc": f"fb.1.1.{SECRET}",
    "fbp": f"fb.1.2.{SECRET}",
    "meta_lead_id": "123456789012345",
    "msclkid": f"m-{SECRET}",
    "li_fat_id": f"l-{SECRET}",
    "ttclid": f"t-{SECRET}",
    "ttp": SECRET,
    "ga_client_id": f"1.{SECRET}",
    "landing_page_url": f"https://www.example.com/?q={SECRET}",
    "user_agent": f"Mozilla/5.0 {SECRET}",
    "ip_address": "192.0.2.1",
    "clicked_at": START - timedelta(days=2),
}


async def erase(api: Api, **by: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(ERASE, {"by": by}))["eraseLead"]
    return answer


async def history(api: Api, **by: str) -> Any:
    return (await api.ask(HISTORY, {"by": by}))["lead"]


async def queued(api: Api, **values: Any) -> LeadRow:
    """A lead with a job and one delivery for each of two platforms, whose rows say who it is everywhere."""
    lead = await api.world.complete_lead(**(PERSONAL | values))
    label = await api.world.label()
    for platform in (Platform.META, Platform.GA4):
        await api.world.map(label.id, await api.world.integration(platform))
    await api.update({"leadId": str(lead.id)}, label.id, idempotencyKey=f"key-{SECRET}")
    await api.world.database.write(_tell_everywhere)
    return lead


def _tell_everywhere(session: Session) -> None:
    told = {"code": "MISSING_FIELD", "field": "gclid", "reason": SECRET, "willSkip": False}
    warning = told | {"integration": "META", "integrationId": str(new_id()), "timestamp": START.isoformat()}
    for job in session.exec(select(JobRow)):
        job.warnings = [warning]
    for delivery in session.exec(select(DeliveryRow)):
        delivery.request = delivery.response = {"user": SECRET}
        delivery.error_code, delivery.error_message = "E1", f"invalid: {SECRET}"
        delivery.warning, delivery.attempts = warning, 1
        session.add(
            AttemptRow(
                id=new_id(),
                delivery_id=delivery.id,
                number=1,
                started_at=START,
                duration_ms=1,
                error_code="E1",
                error_message=SECRET,
            )
        )


async def everything_stored(api: Api) -> str:
    tables = (LeadRow, JobRow, DeliveryRow, AttemptRow, IdempotencyRow)
    rows = [row.model_dump(mode="json") for table in tables for row in await api.rows(table)]
    return json.dumps(rows)


async def test_nothing_that_is_stored_says_who_it_was_any_more(api: Api) -> None:
    lead = await queued(api)
    assert SECRET in await everything_stored(api)

    answer = await erase(api, leadId=str(lead.id))

    assert answer == {
        "__typename": "EraseLeadSuccess",
        "leadId": str(lead.id),
        "canceledDeliveries": 2,
    }
    stored = await everything_stored(api)
    assert [trace for trace in (SECRET, "7700", "192.0.2.1", "123456789012345") if trace in stored] == []
    assert await api.rows(IdempotencyRow) == []


async def test_of_the_lead_only_what_is_counted_stays(api: Api) -> None:
    lead = await queued(api, form_name="Offer")

    await erase(api, leadId=str(lead.id))

    row = await api.lead_row(lead.id)
    left = {name for name, value in row.model_dump().items() if value is not None}
    assert left == {
        *("id", "project_id", "status", "label_id", "current_job_id", "price_cents", "currency"),
        *("form_name", "erased_at", "created_at", "updated_at"),
    }
    assert row.erased_at == START


async def test_what_waited_is_canceled_and_what_may_have_arrived_is_unconfirmed(api: Api) -> None:
    lead = await queued(api)

    def one_may_have_arrived(session: Session) -> None:
        row = session.exec(select(DeliveryRow).where(col(DeliveryRow.platform) == Platform.META)).one()
        row.uncertain_since, row.state = START, DeliveryState.HELD

    await api.world.database.write(one_may_have_arrived)

    answer = await erase(api, leadId=str(lead.id))

    assert answer["canceledDeliveries"] == 2
    deliveries = await api.deliveries()
    assert deliveries[Platform.META].state is DeliveryState.UNCONFIRMED
    assert deliveries[Platform.GA4].state is DeliveryState.CANCELED
    for row in deliveries.values():
        assert (row.error_code, row.next_attempt_at, row.finished_at) == ("LEAD_ERASED", None, START)
    (job,) = await api.jobs()
    assert (job.state, job.active, job.finished_at) == (JobState.FAILED, False, START)
    assert (await api.lead_row(lead.id)).status is LeadStatus.OPEN


async def test_its_history_can_be_read_by_its_id_and_by_nothing_else(api: Api) -> None:
    lead = await queued(api)
    await process(api)

    answer = await erase(api, email=str(PERSONAL["email"]))

    assert answer["canceledDeliveries"] == 0
    for by in ({"email": PERSONAL["email"]}, {"phone": PERSONAL["phone"]}, {"uniqueIdentifier": "crm-zx81"}):
        assert await history(api, **by) is None
    shown = await history(api, leadId=str(lead.id))
    assert (shown["status"], shown["price"], shown["currency"], shown["erasedAt"]) == (
        "OPEN",
        700,
        "EUR",
        "2026-11-23T09:30:00.000Z",
    )
    assert (shown["email"], shown["formData"], shown["attribution"]) == (
        None,
        None,
        {"gclid": None, "clickedAt": None},
    )
    job = shown["currentJob"]
    assert (job["state"], job["price"]) == ("COMPLETED", 700)
    assert job["warnings"] == [{"code": "MISSING_FIELD", "field": "gclid", "reason": "Erased with the lead."}]
    assert {delivery["state"] for delivery in job["deliveries"]} == {"DELIVERED"}
    for delivery in job["deliveries"]:
        assert (delivery["request"], delivery["response"], delivery["errorMessage"]) == (None, None, None)
        assert delivery["attemptLog"] == [{"number": 1, "errorCode": "E1", "errorMessage": None}]
        assert delivery["platformEventId"]


async def test_a_second_call_changes_nothing(api: Api) -> None:
    lead = await queued(api)
    await erase(api, leadId=str(lead.id))
    before = await everything_stored(api)
    api.world.clock.advance(hours=1)

    again = await erase(api, leadId=str(lead.id))

    assert (again["leadId"], again["canceledDeliveries"]) == (str(lead.id), 0)
    assert await everything_stored(api) == before


async def test_a_lead_that_was_erased_cannot_be_changed_any_more(api: Api) -> None:
    lead = await queued(api)
    label = await api.world.label("Another")
    await erase(api, leadId=str(lead.id))
    before = await everything_stored(api)

    answer = await api.update({"leadId": str(lead.id)}, label.id, price=5)
    replayed = await api.update({"leadId": str(lead.id)}, "open", idempotencyKey=f"key-{SECRET}")
    changed = await api.ask(
        'mutation ($id: ID!) { updateLead(by: {leadId: $id}, input: {email: "a@example.com"}) { __typename } }',
        {"id": str(lead.id)},
    )
    preview = await api.ask(
        'query ($id: ID!) { previewLeadStatus(input: {lead: {leadId: $id}, conversionId: "lost"}) { __typename } }',
        {"id": str(lead.id)},
    )

    assert answer["__typename"] == replayed["__typename"] == "LeadNotFoundError"
    assert changed["updateLead"]["__typename"] == "LeadNotFoundError"
    assert preview["previewLeadStatus"]["__typename"] == "LeadNotFoundError"
    assert await everything_stored(api) == before


async def test_the_same_form_submission_makes_a_new_lead_afterwards(api: Api) -> None:
    lead = await queued(api)
    await erase(api, leadId=str(lead.id))

    answer = await api.ask(
        """mutation ($event: String!) {
          createLead(input: {uniqueEventId: $event, email: "ada@example.com"}) {
            ... on CreateLeadSuccess { created lead { id } }
          }
        }""",
        {"event": PERSONAL["unique_event_id"]},
    )

    assert answer["createLead"]["created"] is True
    assert answer["createLead"]["lead"]["id"] != str(lead.id)


async def test_of_several_leads_with_one_address_each_call_erases_the_newest_that_is_left(api: Api) -> None:
    older = await api.world.lead(email="ada@example.com")
    newer = await api.world.lead(email="ada@example.com")

    answers = [await erase(api, email="ada@example.com") for _ in range(3)]

    assert [answer.get("leadId") for answer in answers] == [str(newer.id), str(older.id), None]
    assert (answers[2]["__typename"], answers[2]["identifiedBy"]) == ("LeadNotFoundError", "EMAIL")


async def test_other_leads_and_their_remembered_answers_stay(api: Api) -> None:
    lead = await queued(api)
    other = await api.world.lead(email="bob@example.com")
    await api.update({"leadId": str(other.id)}, "open", idempotencyKey="bob")

    await erase(api, leadId=str(lead.id))

    assert (await api.lead_row(other.id)).email == "bob@example.com"
    assert [row.key for row in await api.rows(IdempotencyRow)] == ["bob"]


async def test_a_lead_of_another_project_is_unknown(api: Api) -> None:
    lead = await api.world.lead(email="ada@example.com")
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    answer = await erase(api, leadId=str(lead.id))

    assert (answer["__typename"], answer["code"]) == ("LeadNotFoundError", "LEAD_NOT_FOUND")
    assert (await api.lead_row(lead.id)).email == "ada@example.com"


@pytest.mark.parametrize(("by", "path"), [({}, ["lead"]), ({"phone": ""}, ["lead", "phone"])])
async def test_without_an_identifier_the_input_is_invalid(
    sqlite_api: Api, by: dict[str, str], path: list[str]
) -> None:
    answer = await erase(sqlite_api, **by)

    assert (answer["__typename"], answer["problems"]) == ("InvalidInputError", [{"path": path}])


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_only_who_administers_a_project_may_erase(sqlite_api: Api, scope: Scope) -> None:
    lead = await sqlite_api.world.lead(email="ada@example.com")
    sqlite_api.key = await sqlite_api.world.key("scoped", scope)

    answer = await sqlite_api.run(ERASE, {"by": {"leadId": str(lead.id)}})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await sqlite_api.lead_row(lead.id)).email == "ada@example.com"


async def test_a_lead_with_a_long_history_is_erased_in_parts(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = await queued(api)
    await api.world.database.write(lambda session: _repeat_deliveries(session, 23))
    monkeypatch.setattr(erasing, "CHUNK", 4)

    answer = await erase(api, uniqueIdentifier=str(PERSONAL["unique_identifier"]))

    assert answer["canceledDeliveries"] == 25
    assert SECRET not in await everything_stored(api)
    states = {row.state for row in await api.rows(DeliveryRow)}
    assert states == {DeliveryState.CANCELED}
    assert (await history(api, leadId=str(lead.id)))["currentJob"]["state"] == "CANCELED"


def _repeat_deliveries(session: Session, number: int) -> None:
    """More deliveries of the same job, each with attempts, and jobs without any."""
    like = session.exec(select(DeliveryRow).limit(1)).one()
    job = session.exec(select(JobRow)).one()
    for n in range(number):
        row = DeliveryRow(**like.model_dump(exclude={"id"}), id=new_id())
        row.platform_event_id = f"event-{n}"
        session.add(row)
        session.add(JobRow(**job.model_dump(exclude={"id", "active"}), id=new_id(), active=False))
        session.flush()
        for attempt in (1, 2):
            session.add(
                AttemptRow(
                    id=new_id(),
                    delivery_id=row.id,
                    number=attempt,
                    started_at=START,
                    duration_ms=1,
                    error_message=SECRET,
                )
            )


async def test_an_erasure_that_broke_off_can_be_asked_for_again_in_the_same_words(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = await queued(api)
    await api.world.database.write(lambda session: _repeat_deliveries(session, 10))
    monkeypatch.setattr(erasing, "CHUNK", 4)
    await _begin_and_break_off(api, lead)
    half = await api.lead_row(lead.id)

    answer = await erase(api, email=str(PERSONAL["email"]))

    assert (half.erased_at, half.email, half.email_key) == (START, None, PERSONAL["email"])
    assert (answer["leadId"], answer["canceledDeliveries"]) == (str(lead.id), 8)
    assert SECRET not in await everything_stored(api)


async def _begin_and_break_off(api: Api, lead: LeadRow) -> None:
    """What the first of several transactions leaves."""
    assert lead.id is not None

    def work(session: Session) -> None:
        assert lead.id is not None
        erasing.mark_erased(session, lead.id, api.world.clock())
        erasing._go_on(session, lead_id=lead.id, place=erasing._Place(), now=api.world.clock())

    await api.world.database.write(work)
