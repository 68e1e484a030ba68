"""jobUpdated over graphql-transport-ws."""

import asyncio
import logging

import pytest
from sqlmodel import Session, col, delete, update

from app.services import watching
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.projects import ApiKeyRow
from app.values import DeliveryState, Platform, Scope
from schema.conversions import ConversionJob
from tests.api import process
from tests.streaming.stage import WATCH, Stage
from tests.world import START, World

SECRET = "ada@example.com"


async def set_delivery(stage: Stage, platform: Platform, **columns: object) -> None:
    """Change a delivery behind everybody's back, as another process would."""
    statement = update(DeliveryRow).where(col(DeliveryRow.platform) == platform).values(**columns)
    await stage.world.database.write(lambda session: session.execute(statement))


async def test_it_tells_the_present_state_then_each_change_and_completes_when_all_is_final(
    stage: Stage,
) -> None:
    job_id = await stage.queued()
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        first = await caller.state()
        await set_delivery(stage, Platform.META, state=DeliveryState.SENDING, attempts=1)
        second = await caller.state()
        await process(stage)
        await set_delivery(stage, Platform.META, state=DeliveryState.DELIVERED)
        await process(stage)
        rest = await caller.hear_until("complete")

    assert (first["id"], first["state"], first["active"]) == (job_id, "PENDING", True)
    assert {d["platform"]: d["state"] for d in second["deliveries"]} == {
        "META": "SENDING",
        "GA4": "SCHEDULED",
    }
    last = rest[-2]["payload"]["data"]["jobUpdated"]
    assert (last["state"], last["active"]) == ("COMPLETED", False)
    assert {delivery["state"] for delivery in last["deliveries"]} == {"DELIVERED"}
    assert rest[-1] == {"id": "1", "type": "complete"}


async def test_a_verdict_to_come_keeps_it_open_and_one_that_will_not_come_does_not(stage: Stage) -> None:
    job_id = await stage.queued(Platform.GOOGLE_ADS)
    await process(stage, DeliveryState.ACCEPTED)
    await set_delivery(stage, Platform.GOOGLE_ADS, verdict_at=START)
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        first = await caller.state()
        await set_delivery(stage, Platform.GOOGLE_ADS, verdict_at=None)
        second, complete = await caller.hear_until("complete")

    assert (first["state"], first["deliveries"][0]["state"]) == ("COMPLETED", "ACCEPTED")
    assert second["payload"]["data"]["jobUpdated"]["deliveries"][0]["state"] == "ACCEPTED"
    assert complete["type"] == "complete"


async def test_a_job_that_is_over_is_told_once(stage: Stage) -> None:
    job_id = await stage.queued()
    await process(stage)
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        heard = await caller.hear_until("complete")

    assert [message["type"] for message in heard] == ["next", "complete"]
    await stage.nothing_left()


async def test_a_job_without_deliveries_waits_for_the_worker(stage: Stage) -> None:
    lead, label = await stage.world.complete_lead(), await stage.world.label()
    job_id = (await stage.update({"leadId": str(lead.id)}, label.id))["job"]["id"]
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        first = await caller.state()
        await process(stage)
        second, _ = await caller.hear_until("complete")

    assert first["state"] == "PENDING"
    assert second["payload"]["data"]["jobUpdated"]["state"] == "COMPLETED"


async def test_two_callers_hear_the_same_and_one_who_has_enough_hears_no_more(stage: Stage) -> None:
    job_id = await stage.queued()
    async with stage.socket() as one, stage.socket() as other:
        for caller in (one, other):
            await caller.begin()
            await caller.watch(job_id)
            await caller.state()
        await set_delivery(stage, Platform.META, attempts=1)
        told = [await one.state(), await other.state()]
        await one.say(id="1", type="complete")
        await one.say(type="ping")
        assert await one.hear() == {"type": "pong"}
        await process(stage)
        await other.hear_until("complete")
        await one.say(type="ping")
        after = await one.hear()

    assert told[0] == told[1]
    assert after == {"type": "pong"}


async def test_one_who_comes_back_hears_the_present_state_first(stage: Stage) -> None:
    job_id = await stage.queued()
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.state()
    await set_delivery(stage, Platform.META, attempts=3)
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        state = await caller.state()

    assert {d["platform"]: d["attempts"] for d in state["deliveries"]} == {"META": 3, "GA4": 0}


async def test_several_subscriptions_share_a_connection_and_an_id_may_be_used_again(stage: Stage) -> None:
    first, second = await stage.queued(), await stage.queued()
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(first, named="a")
        await caller.watch(second, named="b")
        told = {message["id"]: message for message in (await caller.hear(), await caller.hear())}
        await caller.say(id="a", type="complete")
        await caller.watch(second, named="a")
        again = await caller.hear()

    assert told["a"]["payload"]["data"]["jobUpdated"]["id"] == first
    assert told["b"]["payload"]["data"]["jobUpdated"]["id"] == second
    assert (again["id"], again["payload"]["data"]["jobUpdated"]["id"]) == ("a", second)


@pytest.mark.parametrize("how", ["leaves", "is cut off"])
async def test_nothing_is_left_of_a_caller_who_is_gone(stage: Stage, how: str) -> None:
    job_id = await stage.queued()
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.state()
        assert (stage.services.watching.watching, stage.services.streams.open) == (1, 1)
        if how == "is cut off":
            caller.socket.transport.abort()
    await stage.nothing_left()


async def test_callers_who_are_gone_at_once_in_the_middle_of_a_read_harm_nobody(stage: Stage) -> None:
    job_id = await stage.queued()

    async def come_and_go(number: int) -> None:
        async with stage.socket() as caller:
            await caller.begin()
            await caller.watch(job_id)
            for _ in range(number % 4):
                await asyncio.sleep(0)
            caller.socket.transport.abort()

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(come_and_go(number))
    await stage.nothing_left()

    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        assert (await caller.state())["id"] == job_id


async def test_a_job_that_is_deleted_ends_it(stage: Stage) -> None:
    lead, label = await stage.world.complete_lead(), await stage.world.label()
    job_id = (await stage.update({"leadId": str(lead.id)}, label.id))["job"]["id"]
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.state()
        await stage.world.database.write(lambda session: session.execute(delete(JobRow)))
        heard = await caller.hear()

    assert heard == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("job_id", ["", "x", "01a00000-0000-7000-8000-000000000001"])
async def test_an_unknown_job_is_refused_before_anything_is_told(stage: Stage, job_id: str) -> None:
    async with stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        heard = await caller.hear()

    assert (heard["id"], heard["type"]) == ("1", "error")
    assert [error["extensions"]["code"] for error in heard["payload"]] == ["BAD_USER_INPUT"]
    assert heard["payload"][0]["message"] == "jobId: there is no job with this id"


async def test_a_job_of_another_project_is_as_unknown_as_any_other(stage: Stage) -> None:
    job_id = await stage.queued()
    world = stage.world
    other = await World(world.database, world.clock, world.cipher, world.connectors).begin("Other")
    await other.key("other-key", Scope.ADMIN)
    async with stage.socket() as caller:
        await caller.begin("other-key")
        await caller.watch(job_id)
        heard = await caller.hear()

    assert heard["type"] == "error"
    assert heard["payload"][0]["message"] == "jobId: there is no job with this id"


@pytest.mark.parametrize(
    ("scope", "query", "allowed"),
    [
        (Scope.STATUS_WRITE, WATCH, True),
        (Scope.LEADS_READ, WATCH, True),
        (Scope.LEADS_WRITE, WATCH, False),
        (Scope.STATUS_WRITE, "subscription($id: ID!) { jobUpdated(jobId: $id) { lead { email } } }", False),
        (Scope.LEADS_READ, "subscription($id: ID!) { jobUpdated(jobId: $id) { lead { email } } }", True),
    ],
)
async def test_it_needs_the_scopes_that_reading_the_job_needs(
    sqlite_stage: Stage, scope: Scope, query: str, allowed: bool
) -> None:
    job_id = await sqlite_stage.queued()
    await sqlite_stage.world.key("scoped", scope)
    async with sqlite_stage.socket() as caller:
        await caller.begin("scoped")
        await caller.watch(job_id, query=query)
        heard = await caller.hear()

    assert (heard["type"] == "next") == allowed, heard
    if not allowed:
        assert heard["payload"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "columns", [{"revoked_at": START}, {"expires_at": START}, {"scopes": ["leads:write"]}]
)
async def test_a_key_that_is_revoked_expires_or_opens_less_ends_what_it_opened(
    stage: Stage, columns: dict[str, object]
) -> None:
    job_id = await stage.queued()
    await stage.world.key("short", Scope.LEADS_READ)
    async with stage.socket() as caller, stage.socket() as other:
        await other.begin()
        await caller.begin("short")
        await caller.watch(job_id)
        await caller.state()

        def change(session: Session) -> None:
            session.execute(update(ApiKeyRow).where(col(ApiKeyRow.name) == "short").values(**columns))

        await stage.world.database.write(change)
        closed = await caller.closed()
        await other.say(type="ping")
        assert await other.hear() == {"type": "pong"}

    assert closed == (4403, "Invalid API key")


async def test_a_bug_when_subscribing_is_masked_and_logged_with_its_request_id(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    job_id = await sqlite_stage.queued()
    monkeypatch.setattr(watching, "find_job_mark", fail)
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        heard = await caller.hear()

    [error] = heard["payload"]
    assert heard["type"] == "error"
    assert set(error["extensions"]) == {"code", "requestId"}
    assert SECRET not in str(heard) + caplog.text
    assert error["extensions"]["requestId"] in caplog.text


async def test_a_bug_in_a_later_event_is_masked_and_logged_with_its_request_id(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    job_id = await sqlite_stage.queued()
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.state()
        monkeypatch.setattr(ConversionJob, "of", fail)
        await process(sqlite_stage)
        heard = await caller.hear()
        complete = await caller.hear()

    [error] = heard["payload"]["errors"]
    assert heard["type"] == "next"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert complete["type"] == "complete"
    assert SECRET not in str(heard) + caplog.text
    assert error["extensions"]["requestId"] in caplog.text


async def test_a_bug_in_the_poll_is_told_to_those_who_watch_and_the_next_one_is_served(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    job_id = await sqlite_stage.queued()
    async with sqlite_stage.socket() as caller:
        await caller.begin()
        await caller.watch(job_id)
        await caller.state()
        with monkeypatch.context() as patched:
            patched.setattr(watching, "job_marks", fail)
            heard = await caller.hear_until("complete")
        await caller.watch(job_id, named="2")
        assert (await caller.state())["id"] == job_id

    assert heard[0]["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert SECRET not in str(heard) + caplog.text


async def test_log_lines_say_nothing_of_who_connects(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = await sqlite_stage.queued()
    with caplog.at_level(logging.INFO, logger="leadwire"):
        async with sqlite_stage.socket() as caller:
            await caller.begin()
            await caller.watch(job_id)
            await caller.state()
    assert [record for record in caplog.records if record.name.startswith(("leadwire", "strawberry"))] == []
