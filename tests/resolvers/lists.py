"""Queries of lists, and leads and deliveries to be listed."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from app.services.progress import settle_jobs
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, LeadStatus, Platform
from tests.api import Api
from tests.world import START

LEADS = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: LeadFilter, $orderBy: LeadOrder) {
  leads(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { id uniqueIdentifier } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
DELIVERIES = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: DeliveryFilter) {
  deliveries(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id state platform errorCode } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    totals { state count }
    oldestDueAt
    oldestDueAgeS
  }
}
"""
JOBS = """
query ($by: LeadIdentifierInput!, $first: Int, $after: String, $last: Int, $before: String) {
  lead(by: $by) {
    jobs(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def listed(api: Api, **asked: Any) -> Any:
    return (await api.ask(LEADS, asked))["leads"]


async def names(api: Api, **asked: Any) -> list[str]:
    """The identifiers of the leads that are listed."""
    page = await listed(api, **asked)
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["uniqueIdentifier"] for edge in page["edges"]]


async def refusal(api: Api, query: str, **asked: Any) -> tuple[str, str]:
    answer = await api.run(query, asked)
    [error] = answer["errors"]
    return error["extensions"]["code"], error["message"]


async def people(api: Api) -> None:
    """Four leads, each of them different in every way."""
    label = await api.world.label()
    lead, hour = api.world.lead, timedelta(hours=1)
    await lead(
        unique_identifier="a",
        first_name="Ada",
        last_name="Example",
        email="Ada@Example.com",
        gclid="g",
        form_name="contact",
        price_cents=300,
        created_at=START - 4 * hour,
    )
    await lead(
        unique_identifier="b",
        first_name="Özgür",
        last_name="Ümit",
        phone="020 123 4567",
        fbc="fb.1.1.x",
        price_cents=100,
        created_at=START - 3 * hour,
    )
    await lead(
        unique_identifier="c_100%",
        last_name="Zed",
        fbp="fb.1.2.y",
        form_name="newsletter",
        created_at=START - 2 * hour,
    )
    await lead(
        unique_identifier="d",
        first_name="Bea",
        email="bea@example.com",
        ga_client_id="1.2",
        price_cents=200,
        created_at=START - hour,
    )

    def work(session: Session) -> None:
        rows = {row.unique_identifier: row for row in session.exec(select(LeadRow))}
        rows["a"].status, rows["a"].label_id = LeadStatus.RATED, label.id
        rows["b"].status = LeadStatus.LOST
        rows["d"].updated_at = START + hour

    await api.world.database.write(work)


async def deliveries(api: Api) -> list[DeliveryRow]:
    """One for each of three integrations: DELIVERED, REJECTED, SCHEDULED."""
    lead, label = await api.world.complete_lead(), await api.world.label()
    for platform in (Platform.META, Platform.GA4, Platform.MICROSOFT_ADS):
        await api.world.map(label.id, await api.world.integration(platform))
    await api.update({"leadId": str(lead.id)}, label.id)
    states = {
        Platform.META: {"state": DeliveryState.DELIVERED},
        Platform.GA4: {"state": DeliveryState.REJECTED, "error_code": "E1"},
        Platform.MICROSOFT_ADS: {"next_attempt_at": START - timedelta(minutes=2)},
    }

    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)):
            for name, value in states[row.platform].items():
                setattr(row, name, value)
        session.flush()
        settle_jobs(session, [row.id for row in session.exec(select(JobRow))], START)

    await api.world.database.write(work)
    return await api.rows(DeliveryRow)
