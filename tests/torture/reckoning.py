"""Compares what was answered, what is stored and what the platforms took."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.connectors.registry import build_connectors
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import BAD_STATES, DeliveryKind, DeliveryState, JobState, LeadStatus, Platform
from tests.torture.callers import Call, Record
from tests.torture.installation import is_shared
from tests.torture.platforms import name_of
from tests.torture.stored import Stored

_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.DELIVERED})
_ALLOWED_ENDS = _TAKEN | {DeliveryState.UNCONFIRMED, DeliveryState.SKIPPED, DeliveryState.CANCELED}
"""Nothing that was scripted refuses a conversion, and no window closes that soon."""

_CONNECTORS = build_connectors()


@dataclass(slots=True)
class PlatformFigures:
    """One platform's part."""

    requests: int = 0
    copies: int = 0
    """Conversions taken, each copy counted."""
    conversions: int = 0
    """As the platform counts them."""
    states: Counter[str] = field(default_factory=Counter)
    """Of the deliveries."""
    lost: int = 0
    doubled: int = 0


@dataclass(slots=True)
class Findings:
    """What is wrong, if anything, and by platform how much there was."""

    wrong: list[str] = field(default_factory=list)
    platforms: dict[Platform, PlatformFigures] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Conversions that are said to be at the platform, and are not."""
        return sum(figures.lost for figures in self.platforms.values())

    @property
    def doubled(self) -> int:
        """Conversions that the platform counts more than once."""
        return sum(figures.doubled for figures in self.platforms.values())


def compare(record: Record, stored: Stored, tally: Mapping[str, Any]) -> Findings:
    """Every rule, over everything."""
    findings = Findings([*record.complaints, *_answers(record, stored), *_rows(stored)])
    for platform in Platform:
        _judge_platform(findings, platform, stored, tally[platform.value.lower()])
    return findings


def _answers(record: Record, stored: Stored) -> Iterator[str]:
    """Every answer that was given, against the jobs."""
    by_price: defaultdict[int | None, list[UUID]] = defaultdict(list)
    for job in stored.jobs:
        by_price[job.price_cents].append(job.id)
    reached: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for delivery in stored.deliveries:
        reached[delivery.job_id].add(delivery.integration_id)
    for call in record.calls:
        yield from _call(call, by_price.pop(call.price_cents, []), reached)
    yield from (f"nobody asked for the jobs {ids}" for ids in by_price.values())


def _call(call: Call, made: Sequence[UUID], reached: Mapping[UUID, set[UUID]]) -> Iterator[str]:
    what = f"call {call.price_cents}"
    if len(made) > 1:
        yield f"{what} made {len(made)} jobs"
    first = call.answers[0]["__typename"] if call.answers else None
    if (
        len({(answer["__typename"], str(answer.get("job"))) for answer in call.answers}) > 1
        and first != "DuplicateJobError"
    ):
        yield f"{what} was answered differently: {call.answers}"
    for answer in call.answers:
        if answer["__typename"] != "QueuedResult":
            continue
        if answer["job"]["id"] not in map(str, made):
            yield f"{what} was told of a job that is not there"
        elif len(reached[UUID(answer["job"]["id"])]) != len(Platform):
            yield f"{what} has a job without a delivery for each platform"
    if first in {"OpenResult", "DuplicateJobError"} and len(call.answers) == 1 and made:
        yield f"{what} was answered {first} and made a job"


def _rows(stored: Stored) -> Iterator[str]:
    """What is stored, against itself."""
    active = Counter(job.lead_id for job in stored.jobs if job.active)
    yield from (
        f"lead {lead_id} has {number} active jobs" for lead_id, number in active.items() if number > 1
    )
    yield from (f"job {job.id} is still active" for job in stored.jobs if job.active)
    yield from (
        f"lead {lead.id} is PENDING for ever" for lead in stored.leads if lead.status is LeadStatus.PENDING
    )
    of_job: defaultdict[UUID, list[DeliveryRow]] = defaultdict(list)
    called_once = {lead.id for lead in stored.leads if not is_shared(lead)}
    for delivery in stored.deliveries:
        of_job[delivery.job_id].append(delivery)
        yield from _delivery(delivery, stored)
        if (
            delivery.state is DeliveryState.UNCONFIRMED
            and delivery.lead_id in called_once
            and _recognises_copies(delivery)
        ):
            yield f"delivery {delivery.id} ({delivery.platform}) was given up, though a copy would do no harm"
    for job in stored.jobs:
        bad = any(delivery.state in BAD_STATES for delivery in of_job[job.id])
        if bad != (job.state is JobState.FAILED) or job.finished_at is None:
            yield f"job {job.id} is {job.state} with {sorted(d.state for d in of_job[job.id])}"


def _delivery(delivery: DeliveryRow, stored: Stored) -> Iterator[str]:
    what = f"delivery {delivery.id} ({delivery.platform})"
    if delivery.state not in _ALLOWED_ENDS:
        yield f"{what} ended {delivery.state}: {delivery.error_code} {delivery.error_message}"
    if delivery.state is DeliveryState.UNCONFIRMED and not (delivery.error_code and delivery.error_message):
        yield f"{what} is UNCONFIRMED and does not say why"
    if delivery.attempts != stored.attempts[delivery.id]:
        yield f"{what} made {delivery.attempts} attempts and has {stored.attempts[delivery.id]} lines in its log"
    died_at = stored.first_death.get(delivery.id)
    if died_at is not None and (delivery.uncertain_since is None or delivery.uncertain_since > died_at):
        yield f"{what} forgot that it may have arrived since {died_at}"


def _recognises_copies(delivery: DeliveryRow) -> bool:
    return _CONNECTORS[delivery.platform].facts.resend_safe_for > timedelta(0)


def _judge_platform(findings: Findings, platform: Platform, stored: Stored, taken: Mapping[str, Any]) -> None:
    """Each conversion of a platform: once where it was taken, never twice, never where it must not be."""
    figures = findings.platforms[platform] = PlatformFigures(
        requests=taken["requests"], conversions=taken["conversions"]
    )
    leads = {lead.id: lead for lead in stored.leads}
    copies = Counter(taken["copies"])
    figures.copies = copies.total()
    known = set()
    for delivery in stored.deliveries:
        if delivery.platform is not platform:
            continue
        figures.states[delivery.state] += 1
        if delivery.kind is not DeliveryKind.SEND:
            continue
        name = _name(delivery, leads[delivery.lead_id])
        known.add(name)
        counted = min(copies[name], 1) if taken["recognisesCopies"] else copies[name]
        figures.lost += delivery.state in _TAKEN and counted == 0
        figures.doubled += counted > 1
        if not _is_right(delivery, counted):
            findings.wrong.append(
                f"{platform}: {name} is {delivery.state} ({delivery.error_code}) after {delivery.attempts} attempts"
                f" and counts {counted} times, of {copies[name]} copies"
            )
    findings.wrong += [
        f"{platform}: took {name}, of which nothing is stored" for name in copies.keys() - known
    ]
    findings.wrong += _values(platform, stored, leads, taken["values"])


def _values(
    platform: Platform,
    stored: Stored,
    leads: Mapping[int | None, LeadRow],
    values: Mapping[str, float | None],
) -> Iterator[str]:
    """What a conversion is worth at the platform, against the last that was said of it."""
    told: defaultdict[UUID, list[DeliveryRow]] = defaultdict(list)
    for delivery in stored.deliveries:
        if delivery.platform is platform and delivery.state in _TAKEN | {DeliveryState.UNCONFIRMED}:
            told[delivery.follows_id or delivery.id].append(delivery)
    for deliveries in told.values():
        # Ids are in the order of time.
        last = max(deliveries, key=lambda delivery: delivery.id)
        name = _name(last, leads[last.lead_id])
        # Whether one that was given up after an attempt nobody answered took it back, nobody knows.
        doubts = [one for one in deliveries if one.kind is DeliveryKind.RETRACT and one.state not in _TAKEN]
        right = {_worth(last), *map(_worth, doubts)}
        if last.state in _TAKEN and name in values and values[name] not in right:
            yield f"{platform}: {name} is worth {values[name]}, and {last.kind} said {_worth(last)}"


def _worth(delivery: DeliveryRow) -> float | None:
    """As the platform writes it; None: nothing any more."""
    if delivery.kind is DeliveryKind.RETRACT:
        return 0.0 if delivery.platform is Platform.GOOGLE_ADS else None
    cents = delivery.value_cents or 0
    return cents if delivery.platform is Platform.WEBHOOK else cents / 100


def _is_right(delivery: DeliveryRow, counted: int) -> bool:
    if delivery.state in _TAKEN:
        return counted == 1
    return counted <= (delivery.state is DeliveryState.UNCONFIRMED)


def _name(delivery: DeliveryRow, lead: LeadRow) -> str:
    """As in the platform's tally."""
    if delivery.platform is Platform.MICROSOFT_ADS:
        assert lead.msclkid is not None
        return name_of((lead.msclkid, delivery.target, delivery.event_at.isoformat()))
    return delivery.platform_event_id
