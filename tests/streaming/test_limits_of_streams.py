"""Rate limits and public keys where a connection stays open."""

import json

from app.database.database import Database
from app.services.gatekeeper import FAILED_PER_MINUTE, RateLimits
from app.values import ApiKeyKind, Scope
from schema.socket_messages import Code
from tests.streaming.stage import Stage, all_events, open_stage


async def test_subscribing_too_often_is_an_error_with_a_code_and_ends_nothing(
    sqlite_database: Database,
) -> None:
    async with open_stage(sqlite_database, rate_limits=RateLimits(per_key=3)) as stage:
        await stage.world.key("watcher", Scope.LEADS_READ)
        async with stage.socket() as caller:
            await caller.begin("watcher")
            for named in ("1", "2"):
                await caller.watch("nothing", named)
                assert (await caller.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"

            await caller.watch("nothing", "3")
            refused = await caller.hear()
            stage.world.clock.advance(seconds=20)  # type: ignore[attr-defined]
            await caller.watch("nothing", "3")

            assert (await caller.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    assert refused == {
        "id": "3",
        "type": "error",
        "payload": [
            {
                "message": "Too many requests with this API key. Try again in 20 s.",
                "extensions": {"code": "RATE_LIMITED", "retryAfter": 20},
            }
        ],
    }


async def test_connecting_too_often_closes_the_connection(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database, rate_limits=RateLimits(per_key=1)) as stage:
        async with stage.socket() as first:
            await first.begin()
        async with stage.socket() as second:
            await second.say(type="connection_init", payload={"X-API-Key": "admin-key"})
            code, reason = await second.closed()

    assert (code, reason) == (Code.TRY_LATER, "Too many requests with this API key. Try again in 60 s.")


async def test_guessing_keys_over_sockets_is_counted_with_the_rest(sqlite_stage: Stage) -> None:
    body = json.dumps({"query": "{ __typename }"})
    for _ in range(FAILED_PER_MINUTE):
        assert (await sqlite_stage.post(body, **{"x-api-key": "wrong"})).status_code == 401

    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", payload={"X-API-Key": "wrong"})
        code, reason = await caller.closed()

    assert code == Code.TRY_LATER
    assert reason is not None
    assert reason.startswith("Too many requests with invalid API keys from this address")


async def test_a_public_key_opens_no_socket(sqlite_stage: Stage) -> None:
    await sqlite_stage.world.key("public", kind=ApiKeyKind.PUBLIC)

    async with sqlite_stage.socket() as caller:
        await caller.say(type="connection_init", payload={"X-API-Key": "public"})
        code, reason = await caller.closed()

    assert code == Code.FORBIDDEN
    assert reason is not None
    assert "public key" in reason


async def test_a_public_key_subscribes_to_nothing_over_events(sqlite_stage: Stage) -> None:
    await sqlite_stage.world.key("public", kind=ApiKeyKind.PUBLIC)
    job_id = await sqlite_stage.queued()

    async with sqlite_stage.events(
        f'subscription {{ jobUpdated(jobId: "{job_id}") {{ id }} }}', key="public"
    ) as told:
        events = await all_events(told)

    [refused, _complete] = events
    assert refused[1]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_that_is_revoked_through_the_api_ends_what_it_watches(stage: Stage) -> None:
    await stage.world.key("watcher", Scope.LEADS_READ)
    job_id = await stage.queued()
    keys = (await stage.ask("{ apiKeys { id name } }"))["apiKeys"]
    watcher = next(key["id"] for key in keys if key["name"] == "watcher")

    async with stage.socket() as caller:
        await caller.begin("watcher")
        await caller.watch(job_id)
        await caller.state()
        await stage.ask(f'mutation {{ revokeApiKey(id: "{watcher}") {{ __typename }} }}')
        code, reason = await caller.closed()

    assert (code, reason) == (Code.FORBIDDEN, "Invalid API key")
