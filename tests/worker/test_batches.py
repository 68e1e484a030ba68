"""Many due deliveries of one lane in one request, each faring as it would alone."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.connectors.base import Batch, Body, Conversion, Outcome, OutcomeKind
from app.database.database import Database
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState
from app.worker.step import BUNDLE
from tests.worker.scripted import DELIVERED, START, Call, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
K = OutcomeKind


class BatchingConnector(ScriptedConnector):
    """Takes lists of events; what is no good about an event stands in its target."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(batch=Batch(most=1000, keys=("events",)), **facts)
        self.taken: list[str] = []

    def build(self, lead: LeadRow, conversion: Conversion, settings: Any, *, test_mode: bool) -> Body:
        event = super().build(lead, conversion, settings, test_mode=test_mode)
        return {"account": event["account"], "events": [event]}

    def redact(self, body: Body) -> Body:
        return body | {"events": [event | {"email": "***"} for event in body["events"]]}

    def judge(self, call: Call) -> Outcome:
        """All or nothing, without saying which event is no good."""
        if any(event["target"] == "bad" for event in call.body["events"]):
            return outcome(K.REJECTED, code="BAD", http_status=400)
        self.taken += [event["event_id"] for event in call.body["events"]]
        return DELIVERED


@pytest.fixture
def connector() -> BatchingConnector:
    """A platform that takes batches."""
    batching = BatchingConnector()
    batching.script = batching.judge
    return batching


@pytest.fixture
async def stage(sqlite_database: Database, connector: BatchingConnector, http: httpx.AsyncClient) -> Stage:
    """A stage for it."""
    return await build_stage(sqlite_database, http, connector)


def sizes(connector: ScriptedConnector) -> list[int]:
    return [len(call.body["events"]) for call in connector.calls]


async def test_what_is_due_together_goes_out_together(stage: Stage, connector: BatchingConnector) -> None:
    jobs = [await stage.job() for _ in range(BUNDLE)]
    await stage.run()
    assert sizes(connector) == [BUNDLE]
    for job in jobs:
        [delivery] = await stage.deliveries_of(job)
        assert delivery.state is S.DELIVERED
        [event] = delivery.request["events"]
        assert (event["event_id"], event["email"]) == (delivery.platform_event_id, "***")
        assert len(await stage.attempts_of(delivery)) == 1
        assert (await stage.job_row(job)).state is JobState.COMPLETED


@pytest.mark.parametrize("broken", [{"account": "1"}, {"events": [], "account": float("nan")}])
async def test_a_body_that_no_request_can_be_made_of_stops_no_other_delivery(
    stage: Stage, connector: BatchingConnector, broken: Body
) -> None:
    build = connector.build

    def spoil(lead: LeadRow, *given: Any, **more: Any) -> Body:
        return broken if lead.city == "Nowhere" else build(lead, *given, **more)

    connector.build = spoil  # type: ignore[method-assign,assignment]
    poison, other = await stage.job(lead={"city": "Nowhere"}), await stage.job()
    await stage.run()
    assert (await stage.delivery_of(other)).state is S.DELIVERED
    delivery = await stage.delivery_of(poison)
    assert (delivery.state, delivery.error_code) == (S.SCHEDULED, "INTERNAL")


async def test_a_bad_event_takes_no_good_one_with_it(stage: Stage, connector: BatchingConnector) -> None:
    jobs = [await stage.job({"target": "bad" if place in {3, 11} else "Won"}) for place in range(16)]
    await stage.run()
    states = [(await stage.delivery_of(job)).state for job in jobs]
    assert [place for place, state in enumerate(states) if state is S.REJECTED] == [3, 11]
    assert states.count(S.DELIVERED) == 14
    assert sorted(connector.taken) == sorted(
        f"lw-{job.id}" for place, job in enumerate(jobs) if place not in {3, 11}
    )


async def test_one_event_that_is_wrong_for_its_target_holds_that_mapping_alone(
    stage: Stage, connector: BatchingConnector
) -> None:
    connector.script = lambda call: (
        outcome(K.CONFIGURATION, code="NO_SUCH_ACTION")
        if any(event["target"] == "gone" for event in call.body["events"])
        else DELIVERED
    )
    label = stage.label(name="Gone")
    mapping = stage.mapping(stage.lane, label.id, target="gone")
    await stage.add(label, mapping)
    good = [await stage.job() for _ in range(3)]
    gone = await stage.job({"target": "gone", "label_id": label.id})
    await stage.run()
    assert [(await stage.delivery_of(job)).state for job in good] == [S.DELIVERED] * 3
    assert (await stage.delivery_of(gone)).state is S.HELD
    assert (await stage.integration_row()).paused_at is None


async def test_a_lost_answer_is_lost_for_all_of_them(stage: Stage, connector: BatchingConnector) -> None:
    connector.always(outcome(K.AMBIGUOUS, code="TIMEOUT"))
    jobs = [await stage.job() for _ in range(4)]
    await stage.run()
    for job in jobs:
        delivery = await stage.delivery_of(job)
        assert (delivery.state, delivery.uncertain_since) == (S.SCHEDULED, START)
    assert sizes(connector) == [4]


async def test_what_failed_often_shares_its_request_with_fewer(
    stage: Stage, connector: BatchingConnector
) -> None:
    for attempts in (0, 4, 9):
        for _ in range(4):
            await stage.job({"attempts": attempts})
    await stage.run()
    assert sorted(sizes(connector)) == [1, 1, 1, 1, 4, 4]


async def test_a_defect_in_one_payload_does_not_keep_the_others(
    stage: Stage, connector: BatchingConnector
) -> None:
    def build(lead: LeadRow, conversion: Conversion, settings: Any, *, test_mode: bool) -> Body:
        if conversion.target == "bad":
            raise ValueError("boom")
        return BatchingConnector.build(connector, lead, conversion, settings, test_mode=test_mode)

    connector.build = build  # type: ignore[method-assign]
    jobs = [await stage.job({"target": target}) for target in ("Won", "bad", "Won")]
    await stage.run()
    states = [(await stage.delivery_of(job)).state for job in jobs]
    assert states == [S.DELIVERED, S.SCHEDULED, S.DELIVERED]


async def test_requests_are_counted_and_not_events(
    sqlite_database: Database, http: httpx.AsyncClient
) -> None:
    connector = BatchingConnector(requests_per_minute=60)
    connector.script = connector.judge
    stage = await build_stage(sqlite_database, http, connector)
    for _ in range(BUNDLE * 2):
        await stage.job()
    turn = stage.turn()
    await stage.run(turn)
    assert sizes(connector) == [BUNDLE, BUNDLE]
    assert stage.time.now - START >= timedelta(seconds=1)
