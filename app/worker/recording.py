"""Records how attempts ended: the delivery, the attempt log, the job and the lead, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.connectors.base import Outcome, OutcomeKind, PlatformFacts
from app.repositories.outcomes import (
    AttemptLine,
    Exchange,
    OutcomeChange,
    Sending,
    lock_sending,
    record_outcomes,
)
from app.repositories.retargeting import retarget_refused
from app.repositories.settling import lock_jobs
from app.services.progress import settle_locked
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState
from app.worker.attempts import Ended
from app.worker.backoff import Jitter
from app.worker.consequences import WORKER_DIED, Circumstances, consequence
from app.worker.holding import PROBE_EVERY, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a lane's outcomes are recorded with."""

    standing: Standing
    outdated: frozenset[UUID]
    """Deliveries whose target is refused and that no mapping can be held for."""
    facts: PlatformFacts | None
    """None: this version has no connector, so that nothing is known of the platform."""
    jitter: Jitter
    now: datetime

    def circumstances(self, *, taken_back: bool, is_test: bool = False) -> Circumstances:
        """What decides about one of the deliveries."""
        verdict_after = self.facts.verdict_after[:1] if self.facts else ()
        return Circumstances(
            now=self.now,
            # Of a platform nobody can name any more nothing is known to be safe.
            resend_safe_for=self.facts.resend_safe_for if self.facts else timedelta(0),
            taken_back=taken_back,
            jitter=self.jitter,
            is_test=is_test,
            verdict_after=verdict_after[0] if verdict_after else None,
        )

    def is_test(self, ended: Ended) -> bool:
        """Whether it was sent in test mode, to a platform that counts no tests."""
        counts = self.facts is None or self.facts.counts_tests
        return ended.channel is not None and ended.channel.connection.test_mode and not counts

    def placed(
        self, session: Session, changes: Mapping[UUID, tuple[DeliveryRow, OutcomeChange]]
    ) -> list[OutcomeChange]:
        """These changes, of what is to wait with what holds it, or with its new target."""
        waiting = {one for one, (_, change) in changes.items() if change.state is DeliveryState.SCHEDULED}
        moved = retarget_refused(session, waiting & self.outdated)
        return [
            self._placed(change, delivery, moved.get(delivery_id)) if delivery_id in waiting else change
            for delivery_id, (delivery, change) in changes.items()
        ]

    def _placed(self, change: OutcomeChange, delivery: DeliveryRow, moved_to: str | None) -> OutcomeChange:
        held = self.standing.mapping_of(delivery.label_id, moved_to or delivery.target)
        warning = self.standing.warning(held, self.now)
        if warning is not None:
            return replace(change, state=DeliveryState.HELD, warning=warning)
        if change.id in self.outdated and moved_to is None:
            # Nothing else would tell whether it works again.
            return replace(change, next_attempt_at=self.now + PROBE_EVERY)
        return change


def record(session: Session, ended: Sequence[Ended], recording: Recording) -> int:
    """Record them; answers how many were not this owner's any more, which is all that is done about those."""
    jobs = lock_jobs(session, (one.delivery.job_id for one in ended))
    sending = lock_sending(session, [one.delivery.id for one in ended])
    mine = [
        _without_person(one) if sending[one.delivery.id].erased else one
        for one in ended
        if _is_mine(one, sending)
    ]
    record_outcomes(
        session,
        recording.placed(session, {one.delivery.id: _change(one, sending, recording) for one in mine}),
        [_exchange(one) for one in mine if one.request is not None or one.outcome.request_id is not None],
        [_line(one) for one in mine],
    )
    settle_locked(session, jobs, recording.now)
    return len(ended) - len(mine)


def ended_by_death(delivery: DeliveryRow, now: datetime) -> Ended:
    """The attempt of an owner that is gone: whether the request was written, nobody knows."""
    assert delivery.turn_id is not None
    assert delivery.sending_since is not None
    return Ended(
        delivery=delivery,
        turn_id=delivery.turn_id,
        outcome=Outcome(
            kind=OutcomeKind.AMBIGUOUS,
            code=WORKER_DIED,
            message="The worker stopped meanwhile, so it is not known whether the conversion arrived.",
        ),
        started_at=delivery.sending_since,
        duration_ms=max(0, round((now - delivery.sending_since).total_seconds() * 1000)),
    )


def without_texts(ended: Ended) -> Ended:
    """The same with nothing in it that a database could refuse: what must not be lost is the outcome.

    What the platform calls the request stays, being visible ASCII: it is asked about under that name.
    """
    outcome = replace(ended.outcome, message=None, response=None, code=ended.outcome.kind.value)
    return replace(ended, outcome=outcome, request=None)


def _without_person(ended: Ended) -> Ended:
    """The same with nothing that was sent or said: the lead was erased while the attempt was under way."""
    return replace(ended, outcome=replace(ended.outcome, message=None, response=None), request=None)


def _is_mine(ended: Ended, sending: dict[UUID, Sending]) -> bool:
    stored = sending.get(ended.delivery.id)
    return stored is not None and stored.turn_id == ended.turn_id


def _change(
    ended: Ended, sending: Mapping[UUID, Sending], recording: Recording
) -> tuple[DeliveryRow, OutcomeChange]:
    is_test = recording.is_test(ended)
    given = recording.circumstances(taken_back=sending[ended.delivery.id].taken_back, is_test=is_test)
    is_live = not recording.standing.integration.test_mode
    outcome = ended.outcome
    if is_test and is_live and outcome.kind is OutcomeKind.DELIVERED:
        # Whatever was planned since took it for a conversion that counts.
        outcome = _LIVE_BY_NOW
    return ended.delivery, consequence(ended.delivery, outcome, given)


_LIVE_BY_NOW = Outcome(
    kind=OutcomeKind.RETRY,
    code="ONLY_TESTED",
    message="It was sent as a test, and test mode was switched off meanwhile. It is sent again.",
)


def _exchange(ended: Ended) -> Exchange:
    return Exchange(
        id=ended.delivery.id,
        platform_request_id=ended.outcome.request_id,
        request=ended.request,
        response=ended.outcome.response,
    )


def _line(ended: Ended) -> AttemptLine:
    return AttemptLine(
        delivery_id=ended.delivery.id,
        number=ended.delivery.attempts,
        started_at=ended.started_at,
        duration_ms=ended.duration_ms,
        http_status=ended.outcome.http_status,
        error_code=ended.outcome.code,
        error_message=ended.outcome.message,
    )
