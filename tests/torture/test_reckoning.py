"""The judge of the torture finds what is wrong: a verdict of "nothing" is worth no more than that."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.ids import new_id
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus, Platform
from tests.torture.callers import Record
from tests.torture.reckoning import Findings, compare
from tests.torture.stored import Stored

_NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_NO_COPIES = {Platform.GA4, Platform.LINKEDIN}


@dataclass
class Aftermath:
    """A lead whose status was changed once, and what came of it at every platform: all is well."""

    record: Record = field(default_factory=Record)
    lead: LeadRow = field(
        default_factory=lambda: LeadRow(
            id=1, status=LeadStatus.RATED, msclkid="click", unique_identifier="crm-1"
        )
    )
    job_id: UUID = field(default_factory=new_id)
    deliveries: dict[Platform, DeliveryRow] = field(default_factory=dict)
    more: list[DeliveryRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)
    attempts: Counter[UUID] = field(default_factory=Counter)
    deaths: dict[UUID, datetime] = field(default_factory=dict)
    tally: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        call = self.record.new_call({"leadId": "1"}, "label")
        call.answers.append({"__typename": "QueuedResult", "job": {"id": str(self.job_id)}})
        self.jobs.append(self.job(self.job_id, call.price_cents))
        for platform in Platform:
            delivery = self.deliveries[platform] = self.delivery(platform, call.price_cents)
            name = (
                f"click|Won|{_NOW.isoformat()}"
                if platform is Platform.MICROSOFT_ADS
                else delivery.platform_event_id
            )
            worth = call.price_cents if platform is Platform.WEBHOOK else call.price_cents / 100
            self.tally[platform.value.lower()] = {
                "requests": 1,
                "conversions": 1,
                "copies": {name: 1},
                "values": {} if platform is Platform.GA4 else {name: worth},
                "recognisesCopies": platform not in _NO_COPIES,
            }

    def job(self, job_id: UUID, price_cents: int) -> JobRow:
        return JobRow(
            id=job_id,
            lead_id=1,
            price_cents=price_cents,
            state=JobState.COMPLETED,
            active=False,
            finished_at=_NOW,
        )

    def delivery(self, platform: Platform, value_cents: int, **columns: Any) -> DeliveryRow:
        row = DeliveryRow(
            **{
                "id": new_id(),
                "job_id": self.job_id,
                "lead_id": 1,
                "integration_id": new_id(),
                "platform": platform,
                "kind": DeliveryKind.SEND,
                "state": DeliveryState.DELIVERED,
                "platform_event_id": f"lw-{self.job_id}",
                "event_at": _NOW,
                "target": "Won",
                "value_cents": value_cents,
                "attempts": 1,
                **columns,
            }
        )
        self.attempts[row.id] = row.attempts
        return row

    def book(self, platform: Platform) -> dict[str, Any]:
        book: dict[str, Any] = self.tally[platform.value.lower()]
        return book

    def name(self, platform: Platform) -> str:
        return str(next(iter(self.book(platform)["copies"])))

    def findings(self) -> Findings:
        deliveries = [*self.deliveries.values(), *self.more]
        return compare(
            self.record, Stored(self.jobs, deliveries, [self.lead], self.attempts, self.deaths), self.tally
        )


@pytest.fixture
def aftermath() -> Aftermath:
    return Aftermath()


def test_where_all_is_well_nothing_is_found(aftermath: Aftermath) -> None:
    findings = aftermath.findings()

    assert (findings.wrong, findings.lost, findings.doubled) == ([], 0, 0)


def test_a_conversion_that_never_arrived_is_lost(aftermath: Aftermath) -> None:
    aftermath.book(Platform.META)["copies"].clear()

    findings = aftermath.findings()

    assert (findings.lost, findings.doubled, len(findings.wrong)) == (1, 0, 1)


@pytest.mark.parametrize("platform", Platform)
def test_a_second_copy_is_doubled_where_it_is_not_recognised(
    aftermath: Aftermath, platform: Platform
) -> None:
    aftermath.book(platform)["copies"][aftermath.name(platform)] += 1

    findings = aftermath.findings()

    doubled = int(platform in _NO_COPIES)
    assert (findings.lost, findings.doubled, len(findings.wrong)) == (0, doubled, doubled)


def test_what_is_uncertain_may_count_or_not(aftermath: Aftermath) -> None:
    for platform in _NO_COPIES:
        delivery = aftermath.deliveries[platform]
        delivery.state, delivery.error_code, delivery.error_message = (
            DeliveryState.UNCONFIRMED,
            "E",
            "Unknown.",
        )
    aftermath.jobs[0].state = JobState.FAILED
    aftermath.book(Platform.GA4)["copies"].clear()

    findings = aftermath.findings()

    assert (findings.wrong, findings.lost, findings.doubled) == ([], 0, 0)


def _overstated(of: Aftermath, platform: Platform) -> None:
    of.book(platform)["values"][of.name(platform)] += 1


def _restated(of: Aftermath, platform: Platform) -> None:
    send = of.deliveries[platform]
    assert send.value_cents is not None
    restated = of.delivery(
        platform,
        send.value_cents + 100,
        kind=DeliveryKind.RESTATE,
        follows_id=send.id,
        integration_id=send.integration_id,
    )
    of.more.append(restated)


@pytest.mark.parametrize("platform", sorted(set(Platform) - {Platform.GA4}))
@pytest.mark.parametrize("spoil", [_overstated, _restated], ids=["another value", "an old value"])
def test_a_value_that_is_not_the_last_one_is_found(
    aftermath: Aftermath, platform: Platform, spoil: Callable[[Aftermath, Platform], None]
) -> None:
    spoil(aftermath, platform)

    [wrong] = aftermath.findings().wrong
    assert "is worth" in wrong


@pytest.mark.parametrize(("worth", "wrong"), [(None, 0), (12.5, 1)], ids=["taken back", "another value"])
def test_what_a_retraction_that_nobody_answered_did_is_not_known(
    aftermath: Aftermath, worth: float | None, wrong: int
) -> None:
    platform = Platform.MICROSOFT_ADS
    send = aftermath.deliveries[platform]
    assert send.value_cents is not None
    shared = {"follows_id": send.id, "integration_id": send.integration_id}
    retracted = {"kind": DeliveryKind.RETRACT, "state": DeliveryState.UNCONFIRMED}
    said = {"error_code": "E", "error_message": "Unknown."}
    restated = aftermath.delivery(platform, send.value_cents, kind=DeliveryKind.RESTATE, **shared)
    retraction = aftermath.delivery(platform, send.value_cents, **shared, **retracted, **said)
    restated.id, retraction.id = max(restated.id, retraction.id), min(restated.id, retraction.id)
    aftermath.attempts.update({restated.id: 1, retraction.id: 1})
    aftermath.more += [retraction, restated]
    aftermath.jobs[0].state = JobState.FAILED
    aftermath.book(platform)["values"][aftermath.name(platform)] = worth

    assert len([one for one in aftermath.findings().wrong if "is worth" in one]) == wrong


def _spoil_state(of: Aftermath) -> None:
    of.deliveries[Platform.META].state = DeliveryState.REJECTED
    of.jobs[0].state = JobState.FAILED
    of.book(Platform.META)["copies"].clear()


def _cancel_what_counts(of: Aftermath) -> None:
    of.deliveries[Platform.META].state = DeliveryState.CANCELED


def _give_up(of: Aftermath) -> None:
    delivery = of.deliveries[Platform.META]
    delivery.state, delivery.error_code, delivery.error_message = DeliveryState.UNCONFIRMED, "E", "Unknown."
    of.jobs[0].state = JobState.FAILED


def _say_nothing(of: Aftermath) -> None:
    of.deliveries[Platform.GA4].state = DeliveryState.UNCONFIRMED
    of.jobs[0].state = JobState.FAILED


def _forget_attempt(of: Aftermath) -> None:
    of.attempts[of.deliveries[Platform.META].id] = 0


def _forget_death(of: Aftermath) -> None:
    of.deaths[of.deliveries[Platform.META].id] = _NOW
    of.deliveries[Platform.META].uncertain_since = _NOW + timedelta(seconds=1)


def _keep_active(of: Aftermath) -> None:
    of.jobs[0].active = True


def _keep_pending(of: Aftermath) -> None:
    of.lead.status = LeadStatus.PENDING


def _forget_job(of: Aftermath) -> None:
    of.record.calls[0].answers[0]["job"]["id"] = str(new_id())


def _forget_delivery(of: Aftermath) -> None:
    del of.deliveries[Platform.META]
    of.book(Platform.META)["copies"].clear()


def _make_two_jobs(of: Aftermath) -> None:
    of.jobs.append(of.job(new_id(), of.record.calls[0].price_cents))


def _make_a_job_of_nothing(of: Aftermath) -> None:
    of.jobs.append(of.job(new_id(), 1))


def _answer_differently(of: Aftermath) -> None:
    of.record.calls[0].answers.append({"__typename": "OpenResult"})


def _invent(of: Aftermath) -> None:
    of.book(Platform.META)["copies"]["lw-nobody"] = 1


def _complain(of: Aftermath) -> None:
    of.record.complaints.append("an answer that must not be")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_spoil_state, "ended REJECTED"),
        (_cancel_what_counts, "counts 1 times"),
        (_give_up, "was given up, though a copy would do no harm"),
        (_say_nothing, "does not say why"),
        (_forget_attempt, "made 1 attempts and has 0 lines"),
        (_forget_death, "forgot that it may have arrived"),
        (_keep_active, "is still active"),
        (_keep_pending, "is PENDING for ever"),
        (_forget_job, "told of a job that is not there"),
        (_forget_delivery, "has a job without a delivery for each platform"),
        (_make_two_jobs, "made 2 jobs"),
        (_make_a_job_of_nothing, "nobody asked for the jobs"),
        (_answer_differently, "was answered differently"),
        (_invent, "took lw-nobody, of which nothing is stored"),
        (_complain, "an answer that must not be"),
    ],
)
def test_whatever_must_not_be_is_found(
    aftermath: Aftermath, spoil: Callable[[Aftermath], None], said: str
) -> None:
    spoil(aftermath)

    assert any(said in one for one in aftermath.findings().wrong), aftermath.findings().wrong
