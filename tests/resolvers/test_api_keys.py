"""API keys through the API: made, listed, revoked."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import insert

from app.errors import InvalidInputError
from app.ids import new_id
from app.services.streams import Ending
from app.services.viewer import ViewerService, hash_key
from app.tables.projects import ApiKeyRow
from app.values import Scope
from tests.api import Api
from tests.world import START

CREATE = """
mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeySuccess { key apiKey { ...Shown } }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { code message }
  }
}
fragment Shown on ApiKey { id name kind scopes prefix createdAt expiresAt revokedAt lastUsedAt }
"""
REVOKE = """
mutation ($id: ID!) {
  revokeApiKey(id: $id) {
    __typename
    ... on RevokeApiKeySuccess { apiKey { id revokedAt } }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { code message }
  }
}
"""
LIST = "{ apiKeys { id name kind scopes prefix expiresAt revokedAt lastUsedAt } }"
ASK = "{ conversionLabels { name } }"


async def create(api: Api, **given: Any) -> dict[str, Any]:
    given = {"name": "Form", "scopes": ["LEADS_WRITE"]} | given
    answer: dict[str, Any] = (await api.ask(CREATE, {"input": given}))["createApiKey"]
    return answer


async def revoke(api: Api, key_id: str, key: str | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(REVOKE, {"id": key_id}, key))["revokeApiKey"]
    return answer


async def listed(api: Api) -> dict[str, Any]:
    return {key["name"]: key for key in (await api.ask(LIST))["apiKeys"]}


async def key_id(api: Api, name: str) -> str:
    return str(next(row.id for row in await api.rows(ApiKeyRow) if row.name == name))


async def is_in_force(api: Api, key: str) -> bool:
    return (await api.post('{"query": "{ __typename }"}', **{"x-api-key": key})).status_code == 200


# ---- making ----


async def test_a_key_is_shown_once_and_stored_as_its_hash(api: Api) -> None:
    made = await create(api, name=" Form ", scopes=["LEADS_WRITE", "STATUS_WRITE", "LEADS_WRITE"])

    key, shown = made["key"], made["apiKey"]
    assert key.startswith("lw_")
    assert (shown["name"], shown["kind"], shown["prefix"]) == ("Form", "SECRET", key[:8])
    assert shown["scopes"] == ["LEADS_WRITE", "STATUS_WRITE"]
    row = next(row for row in await api.rows(ApiKeyRow) if str(row.id) == shown["id"])
    assert row.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(row) + str(await listed(api))


async def test_it_opens_what_its_scopes_say(sqlite_api: Api) -> None:
    key = (await create(sqlite_api, scopes=["STATUS_WRITE"]))["key"]

    assert await sqlite_api.ask(ASK, key=key) == {"conversionLabels": [{"name": "Lost"}]}
    answer = await sqlite_api.run(LIST, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_it_works_until_it_expires(api: Api) -> None:
    made = await create(api, scopes=["LEADS_READ"], expiresAt="2026-11-23T11:30:00+01:00")
    assert made["apiKey"]["expiresAt"] == "2026-11-23T10:30:00.000Z"

    before = await is_in_force(api, made["key"])
    api.world.clock.advance(hours=1)  # type: ignore[attr-defined]

    assert (before, await is_in_force(api, made["key"])) == (True, False)


async def test_a_public_key_has_no_scopes_and_says_what_it_is(sqlite_api: Api) -> None:
    made = await create(sqlite_api, kind="PUBLIC", scopes=[])

    assert made["key"].startswith("lwp_")
    assert (made["apiKey"]["kind"], made["apiKey"]["scopes"]) == ("PUBLIC", [])


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"name": " "}, [["name"]]),
        ({"name": "x" * 256}, [["name"]]),
        ({"scopes": []}, [["scopes"]]),
        ({"kind": "PUBLIC"}, [["scopes"]]),
        ({"expiresAt": "2026-11-23T09:30:00Z"}, [["expiresAt"]]),
        (
            {"name": "", "scopes": [], "expiresAt": "2020-01-01T00:00:00Z"},
            [["name"], ["scopes"], ["expiresAt"]],
        ),
    ],
)
async def test_what_is_wrong_with_a_key_is_said_and_none_is_made(
    sqlite_api: Api, given: dict[str, Any], paths: list[list[str]]
) -> None:
    answer = await create(sqlite_api, **given)

    assert (answer["__typename"], answer["code"]) == ("InvalidInputError", "INVALID_INPUT")
    assert [problem["path"] for problem in answer["problems"]] == paths
    assert len(await sqlite_api.rows(ApiKeyRow)) == 1


# ---- listing ----


async def test_keys_are_listed_with_those_that_are_over_and_never_themselves(api: Api) -> None:
    made = await create(api)
    await api.world.key("over", Scope.LEADS_READ, revoked_at=START, expires_at=START + timedelta(days=1))

    keys = await listed(api)

    assert list(keys) == ["admin-key", "Form", "over"]
    assert keys["over"]["revokedAt"] == "2026-11-23T09:30:00.000Z"
    assert keys["over"]["expiresAt"] == "2026-11-24T09:30:00.000Z"
    assert keys["Form"]["prefix"] == made["key"][:8]


async def test_of_a_short_key_not_even_the_beginning_is_told(sqlite_api: Api) -> None:
    assert (await listed(sqlite_api))["admin-key"]["prefix"] is None


async def test_a_key_says_when_it_was_last_used(api: Api) -> None:
    assert (await listed(api))["admin-key"]["lastUsedAt"] is None

    await api.services.gatekeeper.uses.write()

    assert (await listed(api))["admin-key"]["lastUsedAt"] == "2026-11-23T09:30:00.000Z"


async def test_keys_of_another_project_are_neither_seen_nor_found(api: Api) -> None:
    mine = api.world.project_id
    await api.world.begin("Another")
    await api.world.key("theirs", Scope.ADMIN)
    api.world.project_id = mine

    answer = await revoke(api, await key_id(api, "theirs"))

    assert list(await listed(api)) == ["admin-key"]
    assert (answer["__typename"], answer["code"]) == ("ApiKeyNotFoundError", "API_KEY_NOT_FOUND")
    assert await is_in_force(api, "theirs")


@pytest.mark.parametrize("scope", [Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.STATUS_WRITE])
@pytest.mark.parametrize(
    "document",
    [
        LIST,
        'mutation { createApiKey(input: {name: "x", scopes: [ADMIN]}) { __typename } }',
        'mutation { revokeApiKey(id: "x") { __typename } }',
    ],
    ids=["list", "create", "revoke"],
)
async def test_only_an_administrator_has_to_do_with_keys(
    sqlite_api: Api, scope: Scope, document: str
) -> None:
    key = await sqlite_api.world.key("scoped", scope)

    answer = await sqlite_api.run(document, key=key)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert len(await sqlite_api.rows(ApiKeyRow)) == 2


# ---- revoking ----


async def test_a_revoked_key_opens_nothing_from_then_on(api: Api) -> None:
    made = await create(api)
    before = await is_in_force(api, made["key"])

    answer = await revoke(api, made["apiKey"]["id"])

    assert answer["apiKey"] == {"id": made["apiKey"]["id"], "revokedAt": "2026-11-23T09:30:00.000Z"}
    assert (before, await is_in_force(api, made["key"])) == (True, False)


async def test_revoking_it_again_changes_nothing(sqlite_api: Api) -> None:
    made = await create(sqlite_api)
    first = await revoke(sqlite_api, made["apiKey"]["id"])
    sqlite_api.world.clock.advance(hours=1)  # type: ignore[attr-defined]

    assert await revoke(sqlite_api, made["apiKey"]["id"]) == first


@pytest.mark.parametrize("given", ["", "x", "01900000-0000-7000-8000-000000000001"])
async def test_an_id_of_no_key_is_said_to_be_none(sqlite_api: Api, given: str) -> None:
    assert (await revoke(sqlite_api, given))["code"] == "API_KEY_NOT_FOUND"


async def test_what_a_revoked_key_has_open_ends_before_the_answer_and_nothing_else_does(api: Api) -> None:
    await create(api)
    made = await create(api, name="Watcher", scopes=["LEADS_READ"])
    viewers, streams = ViewerService(api.world.database, api.world.clock), api.services.streams
    with streams.opened() as theirs, streams.opened() as mine, streams.opened():
        streams.admit(theirs, await viewers.authenticate(made["key"]))
        streams.admit(mine, await viewers.authenticate(api.key))

        await revoke(api, made["apiKey"]["id"])

        assert theirs.ending.done()
        assert theirs.ending.result() is Ending.KEY
        assert not mine.ending.done()


async def test_a_revocation_that_is_refused_ends_nothing(sqlite_api: Api) -> None:
    viewers, streams = (
        ViewerService(sqlite_api.world.database, sqlite_api.world.clock),
        sqlite_api.services.streams,
    )
    with streams.opened() as mine:
        streams.admit(mine, await viewers.authenticate(sqlite_api.key))

        await revoke(sqlite_api, await key_id(sqlite_api, "admin-key"))

        assert not mine.ending.done()


# ---- not locking oneself out ----


async def test_the_last_administrators_key_cannot_be_revoked(api: Api) -> None:
    await api.world.key("reader", Scope.LEADS_READ)
    await api.world.key("revoked", Scope.ADMIN, revoked_at=START)
    await api.world.key("for today", Scope.ADMIN, expires_at=START + timedelta(hours=24))

    answer = await revoke(api, await key_id(api, "admin-key"))

    assert (answer["code"], [problem["path"] for problem in answer["problems"]]) == (
        "INVALID_INPUT",
        [["id"]],
    )
    assert await is_in_force(api, "admin-key")


async def test_with_another_one_in_force_a_key_may_revoke_itself(api: Api) -> None:
    other = (await create(api, name="Other", scopes=["ADMIN"]))["key"]

    answer = await revoke(api, await key_id(api, "admin-key"))

    assert answer["__typename"] == "RevokeApiKeySuccess"
    assert (await is_in_force(api, "admin-key"), await is_in_force(api, other)) == (False, True)


async def test_a_key_that_administers_nothing_can_always_be_revoked(sqlite_api: Api) -> None:
    await sqlite_api.world.key("reader", Scope.LEADS_READ)

    assert (await revoke(sqlite_api, await key_id(sqlite_api, "reader")))[
        "__typename"
    ] == "RevokeApiKeySuccess"


async def test_administrators_who_revoke_each_other_at_the_same_time_leave_one(api: Api) -> None:
    keys = ["admin-key", *[await api.world.key(f"admin {number}", Scope.ADMIN) for number in range(4)]]
    ids, viewers = (
        [await key_id(api, key) for key in keys],
        ViewerService(api.world.database, api.world.clock),
    )
    callers = [await viewers.authenticate(key) for key in keys]

    answers = await asyncio.gather(
        *(api.services.api_keys.revoke(caller, ids[number - 1]) for number, caller in enumerate(callers)),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [InvalidInputError]
    assert [await is_in_force(api, key) for key in keys].count(True) == 1


async def test_a_key_of_a_version_that_knew_no_kinds_is_a_secret_one(api: Api) -> None:
    old = {"id": new_id(), "project_id": api.world.project_id, "name": "old", "key_hash": hash_key("old")}
    row = insert(ApiKeyRow).values(**old, scopes=["leads:read"], created_at=START)
    await api.world.database.write(lambda session: session.execute(row) and None)

    assert (await listed(api))["old"]["kind"] == "SECRET"
    assert await api.ask(ASK, key="old") == {"conversionLabels": [{"name": "Lost"}]}
