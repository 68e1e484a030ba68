"""One transaction of a lane's turn: record what ended, then claim what may go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from sqlmodel import Session

from app.connectors.opening import Opener, UnusableIntegrationError
from app.repositories.deliveries import select_abandoned
from app.repositories.lanes import Hold, find_lane, own_lane
from app.services.renewing import store_renewal
from app.tables.integrations import IntegrationRow
from app.values import Platform
from app.worker.attempts import Attempt, Channel, Ended, Judged, Question, Result, Trial
from app.worker.backoff import Jitter
from app.worker.claiming import Claims, Room, claim, lane_due_at
from app.worker.holding import PROBE_EVERY, Reaction, Standing, pause, react, read_standing
from app.worker.judging import record_judgements
from app.worker.pace import Pace
from app.worker.recording import Recording, ended_by_death, record
from app.worker.sorting import Unsendable
from app.worker.tidying import is_untidy

BUNDLE = 64
"""Outcomes, and claims, in one transaction: with their jobs, leads and attempts about 400 rows."""

SENT_FOR_A_QUESTION = 3
"""Conversions to a question where requests may be made one at a time only: a busy lane has more questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a step is to do."""

    now: datetime
    begin: bool
    """Take the lane over: whoever had it before may claim nothing more."""
    results: Sequence[Result]
    """At most BUNDLE."""
    in_flight: int
    """Requests."""
    claiming: bool
    """False: the turn is coming to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of it."""

    attempts: Sequence[Attempt] = ()
    """To be sent."""
    questions: Sequence[Question] = ()
    """To be asked."""
    trials: Sequence[Trial] = ()
    """To be carried out."""
    unsendable: Sequence[Unsendable] = ()
    """For end_unsendable()."""
    untidy: bool = False
    """For tidy(); nothing was claimed before that is done."""
    more: bool = False
    """Another step would find more at once."""
    unfinished_beginning: bool = False
    """Another step is to begin again: more was left behind than one transaction takes."""
    due_at: datetime | None = None
    """When there will be something to claim; None: not before somebody wakes the lane."""
    lost: bool = False
    """The lane is another owner's, or gone: the turn is over."""
    notices: Sequence[str] = ()
    """For the log, once committed."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process remembers of all its lanes."""

    unasked: dict[UUID, int] = field(default_factory=dict)
    """Requests since one was a question, by lane."""
    strange_codes: set[tuple[Platform, str]] = field(default_factory=set)
    """Codes that no catalogue has and that were logged: once is enough."""


class LaneSteps:
    """The steps of one turn. Runs inside transactions, one at a time."""

    def __init__(self, lane: UUID, turn_id: UUID, *, opener: Opener, jitter: Jitter, memory: Memory) -> None:
        """`memory` is kept from turn to turn."""
        self._lane = lane
        self._turn_id = turn_id
        self._opener = opener
        self._jitter = jitter
        self._memory = memory
        self._stored: tuple[object, ...] = ()
        self._channel: Channel | None = None
        self._pace: Pace | None = None
        """None: nothing was claimed yet."""
        self._problem: UnusableIntegrationError | None = None

    def take(self, session: Session, order: Order) -> Step:
        """Take a step."""
        find = self._own if order.begin else find_lane
        integration = find(session, self._lane)
        if integration is None:
            return Step(lost=True)
        self._open(integration)
        standing = read_standing(session, integration)
        abandoned = self._abandoned(session, order)
        results = [*order.results, *abandoned]
        if integration.turn_id != self._turn_id:
            self._record(session, standing, Reaction(), results, order.now)
            return Step(lost=True)
        reaction = react(session, standing, results, self._channel, order.now)
        notices = [*reaction.notices, *self._pause_if_unusable(session, standing, order.now)]
        notices += self._strange(integration, results)
        if reaction.changed or self._problem:
            find_lane(session, self._lane)  # reads the row again, into the same object
            standing = read_standing(session, integration)
        self._record(session, standing, reaction, results, order.now)
        self._keep_renewal(session, integration)
        return replace(
            self._go_on(session, standing, order),
            notices=notices,
            unfinished_beginning=len(abandoned) == BUNDLE,
        )

    def spend(self, requests: int, now: datetime) -> None:
        """So many requests were made beyond those a step counted."""
        if self._pace is not None and requests > 0:
            self._pace.spend(requests, now)

    def _strange(self, integration: IntegrationRow, results: Sequence[Result]) -> list[str]:
        """Codes that nobody has looked up yet: somebody should."""
        answers = [one.outcome for one in results if one.outcome.http_status is not None]
        codes = {(integration.platform, str(answer.code)) for answer in answers if not answer.known}
        new = codes - self._memory.strange_codes
        self._memory.strange_codes.update(new)
        return [
            f"{platform.value} gave a code that is not known here: {code}" for platform, code in sorted(new)
        ]

    def _own(self, session: Session, lane: UUID) -> IntegrationRow | None:
        return own_lane(session, lane, self._turn_id)

    def _keep_renewal(self, session: Session, integration: IntegrationRow) -> None:
        """Store a refresh token that was replaced. The channel stays: the connector knows of it already."""
        is_open = self._stored == _stored(integration)
        store_renewal(session, integration, self._opener)
        if is_open:
            self._stored = _stored(integration)

    def _open(self, integration: IntegrationRow) -> None:
        """Open the integration, unless that was done and nothing has changed since."""
        stored = _stored(integration)
        if stored == self._stored:
            return
        self._stored, self._channel, self._problem = stored, None, None
        try:
            connector, connection = self._opener.open(integration)
        except UnusableIntegrationError as problem:
            self._problem = problem
        else:
            self._channel = Channel(connector=connector, connection=connection)

    def _abandoned(self, session: Session, order: Order) -> list[Ended]:
        """What a dead owner was sending."""
        if not order.begin:
            return []
        left = select_abandoned(session, self._lane, self._turn_id, BUNDLE)
        return [ended_by_death(delivery, order.now) for delivery in left]

    def _pause_if_unusable(self, session: Session, standing: Standing, now: datetime) -> list[str]:
        integration = standing.integration
        if self._problem is None or not integration.enabled:
            return []
        if standing.paused and (integration.probe_at is None or integration.probe_at > now):
            return []
        hold = Hold(at=now, message=self._problem.message, probe_at=now + PROBE_EVERY)
        return pause(session, standing, self._problem.reason, hold)

    def _record(
        self,
        session: Session,
        standing: Standing,
        reaction: Reaction,
        results: Sequence[Result],
        now: datetime,
    ) -> None:
        # The platform's rules hold also where its connection cannot be opened any more.
        connector = self._opener.connectors.get(standing.integration.platform)
        recording = Recording(
            standing=standing,
            outdated=reaction.outdated,
            facts=connector.facts if connector else None,
            jitter=self._jitter,
            now=now,
        )
        ended = [one for one in results if isinstance(one, Ended)]
        if ended:
            record(session, ended, recording)
        record_judgements(session, [one for one in results if isinstance(one, Judged)], recording)

    def _go_on(self, session: Session, standing: Standing, order: Order) -> Step:
        """Claim, or say what is in the way."""
        pace = self._paced(standing.integration, order)
        if is_untidy(session, standing):
            return Step(untidy=True)
        if not order.claiming or self._channel is None or not standing.integration.enabled:
            return Step(due_at=lane_due_at(session, standing, order.now))
        room = self._channel.connector.facts.max_concurrency - order.in_flight
        requests = int(min(room, BUNDLE, pace.allowance(order.now)))
        claims = _NONE_ALLOWED
        if requests > 0:
            unasked = self._memory.unasked.get(self._lane, 0)
            asks_first = unasked >= SENT_FOR_A_QUESTION
            place = Room(deliveries=BUNDLE, requests=requests, asks_first=asks_first)
            claims = claim(session, standing, self._channel, place, order.now)
            self._memory.unasked[self._lane] = 0 if claims.questions else unasked + claims.requests
        pace.spend(claims.requests, order.now)
        _keep(pace, standing.integration)
        ready_at = pace.ready_at(order.now)
        if claims.reached_limit:
            due_at = ready_at if ready_at > order.now else None
        elif claims.requests:
            due_at = None  # whoever records what comes of them looks again
        else:
            due_at = lane_due_at(session, standing, order.now)
        return Step(
            attempts=claims.attempts,
            questions=claims.questions,
            trials=claims.trials,
            unsendable=claims.unsendable,
            more=claims.reached_limit
            and claims.requests + claims.postponed > 0
            and claims.requests < room
            and ready_at == order.now,
            due_at=due_at,
        )

    def _paced(self, integration: IntegrationRow, order: Order) -> Pace:
        """The lane's pace, which goes from owner to owner with its row."""
        if self._pace is None:
            connector = self._opener.connectors.get(integration.platform)
            self._pace = Pace(
                connector.facts.requests_per_minute if connector else None,
                full_at=integration.pace_full_at,
                rests_until=integration.rests_until,
            )
        for result in order.results:
            outcome = result.outcome
            if outcome.http_status == HTTPStatus.TOO_MANY_REQUESTS and outcome.retry_after_s:
                self._pace.rest(order.now, outcome.retry_after_s)
        # What was spent beyond the last claim is known by now.
        _keep(self._pace, integration)
        return self._pace


def _keep(pace: Pace, integration: IntegrationRow) -> None:
    """Leave the pace to the next owner; most lanes have none, and setting what is there costs a flush."""
    if integration.pace_full_at != pace.full_at:
        integration.pace_full_at = pace.full_at
    if integration.rests_until != pace.rests_until:
        integration.rests_until = pace.rests_until


def _stored(integration: IntegrationRow) -> tuple[object, ...]:
    """What a connection is made of."""
    return integration.settings, integration.credentials, integration.test_mode


_NONE_ALLOWED = Claims(reached_limit=True)
