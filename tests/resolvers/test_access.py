"""What each scope opens: judged on the document, before anything of it is executed."""

import pytest

from app.values import LeadStatus, Scope
from tests.api import Api

CHANGE = """
mutation ($id: ID!) {
  updateLeadStatus(input: {lead: {leadId: $id}, conversionId: "open", price: 7}) {
    ... on OpenResult { lead { %s } }
  }
}
"""
CREATE = 'mutation { createLead(input: {email: "new@example.com"}) { __typename } }'
FREE = "id uniqueIdentifier status price currency label { name } currentJob { state deliveries { state } }"
PERSONAL = [
    "email",
    "phone",
    "firstName",
    "lastName",
    "formData",
    "note",
    "attribution { gclid }",
    "consent { adUserData }",
]


async def key_with(api: Api, *scopes: Scope) -> None:
    api.key = await api.world.key("scoped-key", *scopes)


@pytest.mark.parametrize("field", PERSONAL)
async def test_status_write_alone_may_not_look_at_the_person_and_then_changes_nothing(
    sqlite_api: Api, field: str
) -> None:
    lead = await sqlite_api.world.complete_lead()
    await key_with(sqlite_api, Scope.STATUS_WRITE)

    answer = await sqlite_api.run(CHANGE % field, {"id": str(lead.id)})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "leads:read" in answer["errors"][0]["message"]
    assert "data" not in answer
    stored = await sqlite_api.lead_row(lead.id)
    assert (stored.status, stored.price_cents) == (LeadStatus.OPEN, None)


async def test_status_write_alone_sees_what_a_status_change_is_about(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    await key_with(sqlite_api, Scope.STATUS_WRITE)

    data = await sqlite_api.ask(CHANGE % FREE, {"id": str(lead.id)})

    assert data["updateLeadStatus"]["lead"]["price"] == 7


@pytest.mark.parametrize("field", ["request", "response"])
async def test_request_bodies_need_leads_read(sqlite_api: Api, field: str) -> None:
    query = f'{{ job(id: "x") {{ deliveries {{ {field} }} }} }}'
    await key_with(sqlite_api, Scope.STATUS_WRITE)
    assert (await sqlite_api.run(query))["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    sqlite_api.key = await sqlite_api.world.key("reader", Scope.LEADS_READ)
    assert await sqlite_api.ask(query) == {"job": None}


@pytest.mark.parametrize(
    ("scope", "document", "allowed"),
    [
        (Scope.LEADS_READ, CREATE, False),
        (Scope.STATUS_WRITE, CREATE, False),
        (Scope.LEADS_WRITE, CREATE, True),
        (Scope.ADMIN, CREATE, True),
        (Scope.LEADS_WRITE, '{ lead(by: {leadId: "1"}) { id } }', False),
        (Scope.LEADS_READ, '{ lead(by: {leadId: "1"}) { email } }', True),
        (Scope.LEADS_WRITE, "{ integrations { id } conversionLabels { id } }", False),
        (Scope.STATUS_WRITE, "{ integrations { id } conversionLabels { id } }", True),
        (Scope.LEADS_READ, "{ __schema { types { name } } __typename }", True),
    ],
)
async def test_each_operation_needs_its_scope(
    sqlite_api: Api, scope: Scope, document: str, allowed: bool
) -> None:
    await key_with(sqlite_api, scope)

    answer = await sqlite_api.run(document)

    assert ("errors" not in answer) == allowed, answer


CREATED = """
mutation {
  createLead(input: {uniqueEventId: "e1", firstName: "Ada"}) { ... on CreateLeadSuccess { created lead { %s } } }
}
"""


@pytest.mark.parametrize(
    "field",
    [
        "uniqueIdentifier",
        "status",
        "price",
        "currency",
        "label { name }",
        "currentJob { id }",
        "email",
        "createdAt",
    ],
)
async def test_leads_write_alone_reads_nothing_that_is_stored_and_then_stores_nothing(
    sqlite_api: Api, field: str
) -> None:
    lead = await sqlite_api.world.complete_lead(unique_event_id="e1", first_name="Before")
    await key_with(sqlite_api, Scope.LEADS_WRITE)

    answer = await sqlite_api.run(CREATED % field)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "data" not in answer
    assert (await sqlite_api.lead_row(lead.id)).first_name == "Before"


async def test_leads_write_alone_sees_the_id_of_what_it_wrote(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead(unique_event_id="e1")
    await key_with(sqlite_api, Scope.LEADS_WRITE)

    answer = await sqlite_api.ask(CREATED % "__typename id")

    assert answer["createLead"] == {"created": False, "lead": {"__typename": "Lead", "id": str(lead.id)}}


@pytest.mark.parametrize(
    ("scope", "field", "allowed"),
    [
        (Scope.STATUS_WRITE, "status currentJob { state deliveries { state } }", True),
        (Scope.STATUS_WRITE, "email", False),
        (Scope.LEADS_READ, "email currentJob { deliveries { request } }", True),
    ],
)
async def test_a_second_scope_opens_what_it_opens_elsewhere(
    sqlite_api: Api, scope: Scope, field: str, allowed: bool
) -> None:
    await key_with(sqlite_api, Scope.LEADS_WRITE, scope)

    answer = await sqlite_api.run(CREATED % field)

    assert ("errors" not in answer) == allowed


async def test_fragments_and_aliases_hide_nothing(sqlite_api: Api) -> None:
    await key_with(sqlite_api, Scope.STATUS_WRITE)
    document = """
    query { lead(by: {leadId: "1"}) { ...Outer } }
    fragment Outer on Lead { ... on Lead { ...Inner } }
    fragment Inner on Lead { harmless: email }
    """

    assert (await sqlite_api.run(document))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_lead_reached_through_its_own_job_is_guarded_too(sqlite_api: Api) -> None:
    await key_with(sqlite_api, Scope.STATUS_WRITE)

    answer = await sqlite_api.run('{ job(id: "x") { lead { email } deliveries { lead { phone } } } }')

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
