"""Retention: what is old goes, what any rule still needs stays, and a count says what a run would do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.database.database import Database
from app.ids import new_id
from app.repositories import pruning as statements
from app.services import pruning
from app.services.pruning import Pruned, Retention, count_prunable, prune
from app.tables.audit import AuditEventRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryState, LeadStatus, Platform
from tests.api import Api, open_api, process
from tests.world import START

S = DeliveryState
YEAR = 366
LEADS, JOBS, BODIES, AUDIT = (Retention(**{kind: 365}) for kind in ("leads", "jobs", "bodies", "audit"))
DEAD = [S.SKIPPED, S.CANCELED, S.REJECTED, S.EXPIRED, S.FAILED]
"""What never arrived."""
LOG = "{ auditLog { edges { node { id action keyName subjectId } } totalCount } }"


@dataclass
class Shop:
    """A project with a label that is mapped at one platform, and what became of its conversions."""

    api: Api
    label: LabelRow = field(init=False)
    platform: Platform = Platform.WEBHOOK

    async def begin(self, **columns: Any) -> "Shop":
        self.label = await self.api.world.label("Won", **columns)
        integration = await self.api.world.integration(self.platform)
        await self.api.world.map(self.label.id, integration)
        return self

    async def lead(self, **values: Any) -> LeadRow:
        """Created now."""
        now = self.api.world.clock()
        return await self.api.world.complete_lead(**({"created_at": now} | values))

    async def change(self, lead: LeadRow, to: Any = None, **more: Any) -> Any:
        """Change the lead's status, by default to the label; the union member that answered."""
        return await self.api.update({"leadId": str(lead.id)}, to or self.label.id, **more)

    async def convert(self, lead: LeadRow, state: S = S.DELIVERED, to: Any = None, **columns: Any) -> UUID:
        """A status change whose deliveries end so, with attempts and bodies; the job's id."""
        answer = await self.change(lead, to)
        job_id = UUID(answer["job"]["id"])
        await process(self.api, state)

        def end(session: Session) -> None:
            now = self.api.world.clock()
            for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == job_id)):
                row.state, row.finished_at, row.expires_at = state, now, now + timedelta(days=30)
                row.request, row.response = {"sent": 1}, {"answered": 1}
                for name, value in columns.items():
                    setattr(row, name, value)
                session.add_all(_attempts(row, 2))

        await self.api.world.database.write(end)
        return job_id

    async def prune(self, retention: Retention, database: Any = None) -> Pruned:
        steps = prune(database or self.api.world.database, retention, self.api.world.clock())
        return sum([pruned async for pruned in steps], Pruned())

    async def count(self, retention: Retention) -> Pruned:
        steps = count_prunable(self.api.world.database, retention, self.api.world.clock())
        return sum([pruned async for pruned in steps], Pruned())

    async def job_ids(self) -> set[UUID]:
        return {job.id for job in await self.api.jobs()}

    async def delivery(self, job_id: UUID) -> DeliveryRow:
        """The job's only one."""
        [row] = [row for row in await self.api.rows(DeliveryRow) if row.job_id == job_id]
        return cast("DeliveryRow", row)

    async def log(self) -> list[Any]:
        return [edge["node"] for edge in (await self.api.ask(LOG))["auditLog"]["edges"]]

    def pass_days(self, days: int = YEAR) -> None:
        self.api.world.clock.advance(days=days)


def _attempts(row: DeliveryRow, number: int) -> list[AttemptRow]:
    return [
        AttemptRow(id=new_id(), delivery_id=row.id, number=n, started_at=START, duration_ms=1)
        for n in range(1, number + 1)
    ]


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with open_api(database) as opened:
        yield opened


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await Shop(api).begin()


async def overtaken(shop: Shop, lead: LeadRow) -> None:
    """A newer status change, so that the one before is not the lead's current one any more."""
    other = await shop.api.world.label("Nobody hears of it")
    await shop.change(lead, other.id)
    await process(shop.api)


@pytest.mark.parametrize("state", DEAD)
async def test_a_job_of_which_nothing_arrived_goes_once_there_is_a_newer_one(shop: Shop, state: S) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, state)
    await overtaken(shop, lead)
    assert await shop.prune(JOBS) == Pruned()
    shop.pass_days()

    pruned = await shop.prune(JOBS)

    assert pruned == Pruned(jobs=1, deliveries=1, attempts=2)
    assert job_id not in await shop.job_ids()
    assert await shop.api.rows(AttemptRow) == []


@pytest.mark.parametrize("state", [S.DELIVERED, S.ACCEPTED, S.UNCONFIRMED])
async def test_of_a_conversion_that_may_have_arrived_only_the_attempt_log_goes(shop: Shop, state: S) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, state)
    await overtaken(shop, lead)
    shop.pass_days()

    assert await shop.prune(JOBS) == Pruned(attempts=2, jobs=0)
    row = await shop.delivery(job_id)
    assert (row.state, row.attempts) == (state, 1)


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        (S.SCHEDULED, {}),
        (S.HELD, {}),
        (S.SENDING, {}),
        (S.ACCEPTED, {"verdict_at": START}),
        (S.FAILED, {"expires_at": START + timedelta(days=1000)}),
    ],
)
async def test_what_something_may_still_happen_to_stays_whatever_its_age(
    shop: Shop, state: S, columns: dict[str, Any]
) -> None:
    lead = await shop.lead()
    await shop.convert(lead, state, **columns)
    shop.pass_days()
    everything = Retention(leads=365, jobs=365, bodies=365)

    assert (await shop.prune(everything)).leads == 0
    [row] = await shop.api.rows(DeliveryRow)
    assert row.state is state
    assert (row.request is None) == (state is S.FAILED)


async def test_an_active_job_stays_and_so_does_the_newest_of_a_lead(shop: Shop) -> None:
    active, newest = await shop.lead(), await shop.lead(unique_identifier="crm-2")
    await shop.change(active)
    await shop.convert(newest, S.REJECTED)
    shop.pass_days()

    pruned = await shop.prune(JOBS)

    assert pruned.jobs == 0
    assert len(await shop.job_ids()) == 2


async def test_a_label_that_counts_once_still_does_after_any_number_of_years(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    await overtaken(shop, lead)
    for _ in range(3):
        shop.pass_days()
        await shop.prune(Retention(jobs=100, bodies=1, audit=1))

    answer = await shop.change(lead)

    assert [warning["code"] for warning in answer["warnings"]] == ["ALREADY_CONVERTED"]
    assert answer["job"]["deliveries"] == [{"platform": "WEBHOOK", "state": "SKIPPED"}]


async def test_a_conversion_can_still_be_changed_and_taken_back(api: Api) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(Retention(jobs=100, bodies=1, audit=1))

    await shop.change(lead, price=999)
    await process(api)
    await shop.change(lead, "lost")

    rows = sorted(await api.rows(DeliveryRow), key=lambda row: row.id)
    sent = next(row for row in rows if row.kind is DeliveryKind.SEND and row.state is S.DELIVERED)
    followers = [(row.kind, row.follows_id, row.platform_event_id) for row in rows if row.follows_id]
    assert followers == [
        (DeliveryKind.RESTATE, sent.id, sent.platform_event_id),
        (DeliveryKind.RETRACT, sent.id, sent.platform_event_id),
    ]


async def test_what_a_newer_delivery_follows_stays(shop: Shop) -> None:
    lead = await shop.lead()
    first = await shop.convert(lead, S.DELIVERED)
    await shop.change(lead, price=999)
    await process(shop.api, S.DELIVERED)

    def only_the_newer_value_arrived(session: Session) -> None:
        row = session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == first)).one()
        row.state = S.FAILED

    await shop.api.world.database.write(only_the_newer_value_arrived)
    await overtaken(shop, lead)
    shop.pass_days()

    assert (await shop.prune(JOBS)).jobs == 0
    assert first in await shop.job_ids()


async def would_retry(api: Api, delivery_id: UUID) -> int:
    query = (
        "mutation ($ids: [ID!]) { retryDeliveries(filter: {ids: $ids}, dryRun: true) { matched retried } }"
    )
    answer = (await api.ask(query, {"ids": [str(delivery_id)]}))["retryDeliveries"]
    assert answer["matched"] == 1
    return int(answer["retried"])


async def test_what_was_lost_stays_known_to_whoever_tries_an_older_conversion_again(api: Api) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    await api.world.map(shop.label.id, await api.world.integration(Platform.GA4))
    lead = await shop.lead()
    await shop.convert(lead, S.FAILED)
    sent = await api.deliveries()

    def one_platform_has_it(session: Session) -> None:
        session.get_one(DeliveryRow, sent[Platform.GA4].id).state = S.DELIVERED

    await api.world.database.write(one_platform_has_it)
    assert await would_retry(api, sent[Platform.WEBHOOK].id) == 1
    await shop.convert(lead, S.SKIPPED, "lost")
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(JOBS)

    assert await would_retry(api, sent[Platform.WEBHOOK].id) == 0


async def test_that_a_lead_got_its_label_again_stays_known_to_whoever_retracts_the_first_one(
    api: Api,
) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    lost = await shop.convert(lead, S.FAILED, "lost")
    [retraction] = [
        row for row in await api.rows(DeliveryRow) if row.job_id == lost and row.kind is DeliveryKind.RETRACT
    ]
    assert await would_retry(api, retraction.id) == 1
    await shop.convert(lead, S.SKIPPED)
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(JOBS)

    assert await would_retry(api, retraction.id) == 0


async def test_bodies_go_and_all_else_of_a_delivery_stays(shop: Shop) -> None:
    old, newer = await shop.lead(), await shop.lead(unique_identifier="crm-2")
    await shop.convert(old, S.DELIVERED)
    shop.pass_days()
    await shop.convert(newer, S.DELIVERED)
    before = {row.id: row.model_dump() for row in await shop.api.rows(DeliveryRow)}

    assert await shop.prune(BODIES) == Pruned(bodies=1)

    for row in await shop.api.rows(DeliveryRow):
        forgotten = {"request": None, "response": None} if row.lead_id == old.id else {}
        assert row.model_dump() == before[row.id] | forgotten
    assert len(await shop.api.rows(AttemptRow)) == 4


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


@pytest.mark.parametrize("retention", [LEADS, JOBS], ids=["leads", "jobs"])
async def test_the_audit_log_keeps_the_status_changes_of_what_is_deleted(
    shop: Shop, retention: Retention
) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.SKIPPED)
    await overtaken(shop, lead)
    before = await shop.log()
    shop.pass_days()

    assert (await shop.prune(retention)).jobs > 0

    assert await shop.log() == before
    assert [event["keyName"] for event in before] == ["admin-key", "admin-key"]


async def test_the_audit_log_forgets_what_is_older_whether_it_is_an_event_or_a_job(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead)
    await shop.change(lead, "open")
    shop.pass_days()
    await shop.change(lead, "open")
    jobs = [job.model_dump(exclude={"key_id", "request_id"}) for job in await shop.api.jobs()]

    assert await shop.prune(AUDIT) == Pruned(events=2)

    assert [event["action"] for event in await shop.log()] == ["STATUS_CHANGED"]
    assert len(await shop.api.rows(AuditEventRow)) == 1
    after = await shop.api.jobs()
    assert [job.model_dump(exclude={"key_id", "request_id"}) for job in after] == jobs
    assert [(job.key_id, job.request_id) for job in after] == [(None, None)]


async def busy(shop: Shop) -> None:
    """Leads, jobs and deliveries of every kind, old and new, and events beside them."""
    api = shop.api
    for number, state in enumerate([*DEAD, S.DELIVERED, S.UNCONFIRMED, S.ACCEPTED, S.HELD]):
        lead = await shop.lead(unique_identifier=f"old-{number}")
        await shop.convert(lead, state)
        if number % 2:
            await overtaken(shop, lead)
            await shop.change(lead, "open")
    restated = await shop.lead(unique_identifier="restated")
    await shop.convert(restated, S.DELIVERED)
    await shop.change(restated, price=5)
    await process(api, S.REJECTED)

    def nothing_arrived(session: Session) -> None:
        """A SEND that failed, kept for now by what follows it and failed as well."""
        for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.lead_id) == restated.id)):
            row.state = S.FAILED
            session.add_all(_attempts(row, 1) if row.follows_id else [])

    await api.world.database.write(nothing_arrived)
    await overtaken(shop, restated)
    kept = await shop.lead(unique_identifier="kept")
    await shop.convert(kept, S.FAILED)
    shop.pass_days()
    await overtaken(shop, kept)
    await shop.convert(await shop.lead(unique_identifier="new"), S.FAILED)


@pytest.mark.parametrize(
    "retention",
    [
        LEADS,
        JOBS,
        BODIES,
        AUDIT,
        Retention(jobs=365, bodies=365, audit=365),
        Retention(leads=365, jobs=365, bodies=365, audit=365),
        Retention(leads=400, jobs=365, bodies=30, audit=700),
    ],
    ids=lambda retention: " ".join(f"{name}={days}" for name, days in vars_of(retention) if days),
)
async def test_a_count_says_to_the_row_what_a_run_deletes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, retention: Retention
) -> None:
    for name in ("CHUNK", "LEADS_AT_ONCE", "JOBS_AT_ONCE"):
        monkeypatch.setattr(pruning, name, 4)
    await busy(shop)
    before = await everything(shop)

    counted = await shop.count(retention)

    assert await everything(shop) == before
    assert await shop.prune(retention) == counted
    after = await everything(shop)
    assert counted != Pruned()
    assert (counted.leads, counted.jobs, counted.deliveries, counted.attempts) == tuple(
        len(before[table]) - len(after[table]) for table in (LeadRow, JobRow, DeliveryRow, AttemptRow)
    )


def vars_of(retention: Retention) -> list[tuple[str, int | None]]:
    return [(name, getattr(retention, name)) for name in ("leads", "jobs", "bodies", "audit")]


async def everything(shop: Shop) -> dict[Any, list[Any]]:
    tables = (LeadRow, JobRow, DeliveryRow, AttemptRow, AuditEventRow)
    return {
        table: sorted((row.model_dump() for row in await shop.api.rows(table)), key=lambda row: row["id"])
        for table in tables
    }


class Watched:
    """A database that counts transactions, and after the first read lets something else happen."""

    def __init__(self, database: Database, meanwhile: Callable[[], Awaitable[Any]] | None = None) -> None:
        self._database = database
        self._meanwhile = meanwhile
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, work: Any) -> Any:
        result = await self._database.read(work)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return result

    async def write(self, work: Any) -> Any:
        self.writes += 1
        return await self._database.write(work)


async def test_much_of_it_is_deleted_in_several_transactions(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHUNK", "LEADS_AT_ONCE"):
        monkeypatch.setattr(pruning, name, 4)
    for number in range(5):
        await shop.convert(await shop.lead(unique_identifier=f"crm-{number}"), S.DELIVERED)
    shop.pass_days()
    database = Watched(shop.api.world.database)

    assert await shop.prune(LEADS, database) == Pruned(leads=5, jobs=5, deliveries=5, attempts=10)
    # Leads emptied, attempts, deliveries, jobs and leads deleted, at most four at a time.
    assert database.writes >= 2 + 3 + 2 + 3 + 2


async def test_a_lead_whose_status_changes_at_that_very_moment_stays_whole(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    shop.pass_days()
    before = len(await shop.api.rows(AttemptRow))
    database = Watched(shop.api.world.database, lambda: shop.change(lead, "open"))

    assert await shop.prune(LEADS, database) == Pruned()

    [row] = await shop.api.rows(LeadRow)
    assert (row.status, row.email, row.erased_at) == (LeadStatus.OPEN, "ada@example.com", None)
    assert len(await shop.api.rows(AttemptRow)) == before


async def test_a_job_that_is_tried_again_at_that_very_moment_stays(shop: Shop) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, S.FAILED)
    await overtaken(shop, lead)
    shop.pass_days()
    retry = "mutation { retryDeliveries(filter: {}, dryRun: false) { retried } }"
    retried: list[Any] = []

    async def meanwhile() -> None:
        retried.append(await shop.api.ask(retry))

    pruned = await shop.prune(JOBS, Watched(shop.api.world.database, meanwhile))

    assert retried == [{"retryDeliveries": {"retried": 1}}]
    assert (pruned.jobs, pruned.deliveries) == (0, 0)
    assert job_id in await shop.job_ids()


async def test_what_was_broken_off_is_gone_on_with_and_knows_nobody_any_more(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    shop.pass_days()
    steps = prune(shop.api.world.database, LEADS, shop.api.world.clock())
    await anext(steps)
    await steps.aclose()
    [half] = await shop.api.rows(LeadRow)

    assert (half.email, half.email_key, half.erased_at) == (None, None, shop.api.world.clock())
    assert await shop.count(LEADS) == Pruned(leads=1, jobs=1, deliveries=1, attempts=2)
    assert await shop.prune(LEADS) == Pruned(leads=1, jobs=1, deliveries=1, attempts=2)


async def test_nothing_is_deleted_of_what_is_kept_for_ever(shop: Shop) -> None:
    await busy(shop)
    before = await everything(shop)

    assert Retention().is_for_ever
    assert await shop.prune(Retention()) == Pruned()
    assert await everything(shop) == before


async def test_deliveries_that_follow_each_other_go_in_an_order_that_harms_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 2)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)

    def chain(session: Session) -> None:
        row = session.exec(select(DeliveryRow)).one()
        for _ in range(3):
            last = DeliveryRow(**row.model_dump() | {"id": new_id(), "follows_id": row.id})
            last.platform_event_id = str(last.id)
            session.add(last)
            session.flush()
            row = last

    await shop.api.world.database.write(chain)
    shop.pass_days()

    assert (await shop.prune(LEADS)).deliveries == 4


async def test_searches_are_of_a_bounded_number_of_rows(shop: Shop) -> None:
    lead_ids = [(await shop.lead(unique_identifier=f"crm-{number}")).id for number in range(3)]
    shop.pass_days()
    cutoffs = LEADS.cutoffs(shop.api.world.clock())

    found = await shop.api.world.database.read(
        lambda session: statements.find_leads(
            session, cutoffs=cutoffs, after=cast("int", lead_ids[0]), limit=1
        )
    )

    assert found == [lead_ids[1]]
