"""What a lane may do now: send what is due, let through what is held, ask, try; and what must not be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.repositories.deliveries import (
    Due,
    begin_attempts,
    next_due_at,
    select_due,
    select_lane_probe,
    select_mapping_probe,
)
from app.repositories.lanes import held_mappings, try_lane_at, try_mapping_at
from app.repositories.settling import lock_jobs
from app.repositories.verdicts import next_verdict_at, take_questions
from app.repositories.waiting import finish
from app.services.progress import settle_locked
from app.worker.attempts import Attempt, Channel, Question, Trial
from app.worker.holding import PROBE_EVERY, Standing
from app.worker.judging import ASK_AGAIN
from app.worker.sorting import Unsendable, sort_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What came of claiming."""

    attempts: Sequence[Attempt] = ()
    unsendable: Sequence[Unsendable] = ()
    """To be ended in a transaction of its own: here their jobs cannot be locked any more."""
    postponed: int = 0
    """Deliveries that are due later now."""
    questions: Sequence[Question] = ()
    trials: Sequence[Trial] = ()
    reached_limit: bool = False
    """There may be more."""
    requests: int = 0
    """How many all of it takes at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is room for."""

    deliveries: int
    requests: int
    """Of any kind."""
    asks_first: bool
    """Of one request alone: a question has it, if there is one; False: a conversion."""


def claim(session: Session, standing: Standing, channel: Channel, room: Room, now: datetime) -> Claims:
    """Claim for the lane's owner: trials, questions, probes, then what expires first."""
    facts = channel.connector.facts
    probes, trials = _probes(session, standing, channel, room.requests, now)
    left_over = max(0, room.requests - len(trials))
    asked_later = left_over == 1 and not room.asks_first
    questions = _questions(session, standing, channel, 0 if asked_later else _share(left_over), now)
    requests = left_over - len(questions)
    most = room.deliveries if facts.batch and requests else min(room.deliveries, requests)
    left = max(0, most - len(probes))
    due = [] if standing.stopped else select_due(session, standing.integration.id, now, left)
    test_mode = channel.connection.test_mode
    found = sort_out(session, (*probes, *due), facts, now, test_mode=test_mode)
    tried = {one.delivery.id for one in probes}
    attempts = [
        Attempt(delivery=one.delivery, lead=one.lead, channel=channel, is_probe=one.delivery.id in tried)
        for one in found.sendable
    ]
    turn_id = standing.integration.turn_id
    assert turn_id is not None
    begin_attempts(session, [attempt.delivery for attempt in attempts], turn_id, now)
    if asked_later and not (probes or due):
        questions = _questions(session, standing, channel, left_over, now)
    sending = min(len(attempts), 1) if facts.batch else len(attempts)
    return Claims(
        attempts=attempts,
        unsendable=found.unsendable,
        postponed=found.postponed,
        questions=questions,
        trials=trials,
        reached_limit=len(probes) + len(due) >= most,
        requests=len(trials) + len(questions) + sending,
    )


def lane_due_at(session: Session, standing: Standing, now: datetime) -> datetime | None:
    """When the lane has something to do next, later than now; None: not before somebody wakes it."""
    integration = standing.integration
    if not standing.is_tried_by_itself:
        return None
    times = [integration.probe_at]
    if not standing.paused:
        held = held_mappings(session, integration.id) if standing.held else ()
        times += [mapping.probe_at for mapping in held]
        times.append(next_due_at(session, integration.id, now))
        times.append(next_verdict_at(session, integration.id, now))
    return min((at for at in times if at is not None and at > now), default=None)


def end_unsendable(session: Session, unsendable: Sequence[Unsendable], now: datetime) -> None:
    """Give deliveries that were due and must not be sent the state that says so."""
    jobs = lock_jobs(session, (one.job_id for one in unsendable))
    for end in {one.end for one in unsendable}:
        finish(
            session,
            [one.id for one in unsendable if one.end == end],
            end.state,
            code=end.code,
            message=end.message,
            now=now,
        )
    settle_locked(session, jobs, now)


def _share(requests: int) -> int:
    """How many of so many requests questions may take: neither they nor conversions wait for the others."""
    return max(1, requests // 4) if requests else 0


def _questions(
    session: Session, standing: Standing, channel: Channel, limit: int, now: datetime
) -> Sequence[Question]:
    if standing.stopped or limit == 0 or not channel.connector.facts.verdict_after:
        return ()
    rows = take_questions(session, standing.integration.id, now, again_at=now + ASK_AGAIN, limit=limit)
    return [Question(delivery=row, channel=channel) for row in rows]


def _probes(
    session: Session, standing: Standing, channel: Channel, most: int, now: datetime
) -> tuple[list[Due], list[Trial]]:
    """What it is time to try: with a held delivery where there is one, else without a conversion.

    The time after that is set at once.
    """
    if not standing.is_tried_by_itself:
        return [], []
    if standing.paused:
        return _lane_probe(session, standing, channel, now)
    probes: list[Due] = []
    trials: list[Trial] = []
    for mapping in standing.held.values():
        if not _is_time(mapping.probe_at, now) or len(probes) + len(trials) >= most:
            continue
        try_mapping_at(session, mapping.id, now + PROBE_EVERY)
        found = select_mapping_probe(session, standing.integration.id, mapping.label_id, mapping.target, now)
        probes += found
        if not found and channel.connector.facts.probe_every:
            trials.append(Trial(label_id=mapping.label_id, target=mapping.target, channel=channel))
    # After the mappings: whoever is told of them holds theirs, and waits for the integration.
    if len(probes) + len(trials) < most:
        trials += _check_up(session, standing, channel, now)
    return probes, trials


def _lane_probe(
    session: Session, standing: Standing, channel: Channel, now: datetime
) -> tuple[list[Due], list[Trial]]:
    integration = standing.integration
    if not _is_time(integration.probe_at, now) or not try_lane_at(session, integration, now + PROBE_EVERY):
        return [], []
    probes = select_lane_probe(session, integration.id, now, any_target=False)
    if probes:
        return probes, []
    if channel.connector.facts.probe_every is None:
        # A refused target tells of the connection too, and nothing else would ever be tried.
        return select_lane_probe(session, integration.id, now, any_target=True), []
    return [], [Trial(label_id=None, target=None, channel=channel)]


def _check_up(session: Session, standing: Standing, channel: Channel, now: datetime) -> list[Trial]:
    """A connection that nothing seems wrong with is tried now and then, before a conversion finds out."""
    integration, every = standing.integration, channel.connector.facts.probe_every
    was_due = _is_time(integration.probe_at, now)
    if not was_due and (every is None or integration.probe_at is not None):
        return []
    # None: a time that is over and that nothing comes of would have the lane woken for ever.
    taken = try_lane_at(session, integration, now + every if every else None)
    return [Trial(label_id=None, target=None, channel=channel)] if taken and was_due and every else []


def _is_time(probe_at: datetime | None, now: datetime) -> bool:
    return probe_at is not None and probe_at <= now
