from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.sandboxed import sandboxed

[CASE] = [case for case in CASES if case.name == "microsoft_ads"]
GOALS = "/CampaignManagement/v13/ConversionGoals/QueryByIds"


def goal(name: Any, status: Any = "Active") -> dict[str, Any]:
    return {"Name": name, "Status": status, "Type": "OfflineConversion"}


async def probed(
    server: HttpServer, http: httpx.AsyncClient, *goals: Any, target: str | None = "Won lead"
) -> Outcome:
    connector = CASE.connector()
    server.tell(GOALS, answer(200, {"ConversionGoals": list(goals), "PartialErrors": []}))
    return await connector.probe(CASE.connection(connector, server, http), target)


async def test_all_offline_goals_of_the_account_are_asked_for_with_a_new_token(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    connection = CASE.connection(connector, server, http)
    server.tell(GOALS, answer(200, {"ConversionGoals": [], "PartialErrors": []}))
    for _ in range(2):
        assert (await connector.probe(connection, None)).kind is OutcomeKind.DELIVERED
    assert len(server.requests("/token")) == 2
    assert server.requests(GOALS)[0].json == {
        "ConversionGoalIds": None,
        "ConversionGoalTypes": "OfflineConversion",
    }


async def test_a_goal_of_exactly_this_name_is_found(server: HttpServer, http: httpx.AsyncClient) -> None:
    outcome = await probed(server, http, None, goal("Lost"), goal("Won lead"), target=" Won lead ")
    assert outcome.kind is OutcomeKind.DELIVERED
    assert outcome.message


async def test_a_goal_is_found_among_as_many_as_large_accounts_have(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    others = [goal(f"Goal {number}") | {"Filler": "x" * 500} for number in range(500)]
    outcome = await probed(server, http, *others, goal("Won lead"))
    assert outcome.kind is OutcomeKind.DELIVERED


@pytest.mark.parametrize(
    ("goals", "code", "words"),
    [
        ([], "GOAL_NOT_FOUND", "no offline conversion goal of this name"),
        ([goal("Lost"), goal(None), "x"], "GOAL_NOT_FOUND", "no offline conversion goal of this name"),
        ([goal("won Lead")], "GOAL_NOT_FOUND", "letter by letter"),
        ([goal("Wonlead ")], "GOAL_NOT_FOUND", "letter by letter"),
        ([goal("Won lead", "Paused")], "GOAL_NOT_ACTIVE", "paused or deleted"),
        ([goal("Won lead", "Deleted")], "GOAL_NOT_ACTIVE", "paused or deleted"),
        ([goal("Won lead", None)], "GOAL_NOT_ACTIVE", "paused or deleted"),
    ],
)
async def test_a_goal_under_which_nothing_would_be_counted_is_told_in_words(
    goals: list[Any], code: str, words: str, server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(server, http, *goals)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, code)
    assert outcome.message
    assert words in outcome.message


async def test_a_deleted_goal_that_was_made_anew_is_found(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    outcome = await probed(server, http, goal("Won lead"), goal("Won lead", "Deleted"))
    assert outcome.kind is OutcomeKind.DELIVERED


@pytest.mark.parametrize("body", [{}, {"ConversionGoals": None}, {"ConversionGoals": {"Name": "Won lead"}}])
async def test_an_answer_without_goals_tells_nothing(
    body: Any, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    server.tell(GOALS, answer(200, body))
    outcome = await connector.probe(CASE.connection(connector, server, http), None)
    assert outcome.kind is OutcomeKind.RETRY


async def test_a_refused_token_of_this_moment_is_not_asked_for_again(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    server.tell(GOALS, answer(401, b"{}"))
    outcome = await connector.probe(CASE.connection(connector, server, http), None)
    assert outcome.kind is OutcomeKind.AUTHENTICATION
    assert len(server.requests(GOALS)) == 1


@pytest.mark.parametrize("target", [None, "Won lead"])
async def test_in_test_mode_a_probe_says_that_nothing_would_be_sent(target: str | None) -> None:
    async with sandboxed(CASE) as stage:
        connection = replace(stage.connection, test_mode=True)
        outcome = await stage.connector.probe(connection, target)
        assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "NO_TEST_MODE")
        missing = await stage.connector.probe(connection, "Goal 404")
        assert missing.code == "GOAL_NOT_FOUND"


async def test_an_account_of_somebody_else_is_found_out() -> None:
    async with sandboxed(CASE, account_id="180000404") as stage:
        outcome = await stage.connector.probe(stage.connection, None)
        assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "106")


@pytest.mark.parametrize(
    ("target", "code"), [("Goal 404", "GOAL_NOT_FOUND"), ("Paused goal", "GOAL_NOT_ACTIVE")]
)
async def test_goals_that_would_count_nothing_are_found_in_the_sandbox(target: str, code: str) -> None:
    async with sandboxed(CASE) as stage:
        outcome = await stage.connector.probe(stage.connection, target)
        assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, code)
