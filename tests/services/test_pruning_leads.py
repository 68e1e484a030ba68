"""Retention of leads: one that nothing happens to goes with all of it."""

from app.services.pruning import Pruned
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState
from tests.api import process
from tests.services.shop import LEADS, YEAR, Shop

S = DeliveryState


async def test_a_lead_that_nothing_happens_to_goes_with_all_of_it_and_no_other_does(shop: Shop) -> None:
    old, followed = await shop.lead(), await shop.lead(unique_identifier="crm-2")
    for lead in (old, followed):
        await shop.convert(lead, S.DELIVERED)
        await shop.change(lead, price=999)
        await process(shop.api)
    shop.pass_days(YEAR - 1)
    await shop.api.ask(
        'mutation ($id: ID!) { updateLead(by: {leadId: $id}, input: {city: "Utrecht"}) { __typename } }',
        {"id": str(followed.id)},
    )
    shop.pass_days(1)

    pruned = await shop.prune(LEADS)

    assert pruned == Pruned(leads=1, jobs=2, deliveries=2, attempts=2)
    assert [row.id for row in await shop.api.rows(LeadRow)] == [followed.id]
    for table in (JobRow, DeliveryRow):
        assert {row.lead_id for row in await shop.api.rows(table)} == {followed.id}


async def test_a_lead_without_any_status_change_goes_too_and_one_that_was_erased(shop: Shop) -> None:
    await shop.lead()
    erased = await shop.lead(unique_identifier="crm-2", email="other@example.com")
    await shop.convert(erased, S.DELIVERED)
    await shop.api.ask(
        "mutation ($id: ID!) { eraseLead(by: {leadId: $id}) { __typename } }", {"id": str(erased.id)}
    )
    shop.pass_days()

    assert await shop.prune(LEADS) == Pruned(leads=2, jobs=1, deliveries=1, attempts=2)
    assert await shop.api.rows(LeadRow) == []


async def test_the_same_person_is_a_new_lead_afterwards(shop: Shop) -> None:
    old = await shop.lead(unique_event_id="form-1")
    await shop.convert(old, S.DELIVERED)
    shop.pass_days()
    await shop.prune(LEADS)

    answer = await shop.api.ask(
        'mutation { createLead(input: {uniqueEventId: "form-1", email: "ada@example.com"}) {'
        " ... on CreateLeadSuccess { created lead { id currentJob { id } } } } }"
    )

    created = answer["createLead"]
    assert (created["created"], created["lead"]["currentJob"]) == (True, None)
    assert created["lead"]["id"] != str(old.id)
