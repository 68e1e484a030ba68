"""What every connector that puts several events into one request must do, against its played platform."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.connectors.base import Body, Outcome, OutcomeKind
from app.connectors.batching import group, join, send_together
from app.connectors.http import json_bytes
from tests.connectors.cases import A_YEAR_AGO, CASES, Case
from tests.connectors.http_server import HttpServer, Reply
from tests.connectors.leads import EVENT_AT, NOW, lead
from tests.connectors.sandboxed import Sandboxed, is_played, sandboxed
from tests.connectors.test_sending_contract import FUZZ

BATCHING = [case for case in CASES if case.connector().facts.batch is not None]
every_batching: Callable[..., Any] = pytest.mark.parametrize("case", BATCHING, ids=lambda case: case.name)
every_played_one: Callable[..., Any] = pytest.mark.parametrize(
    "case", [case for case in BATCHING if is_played(case)], ids=lambda case: case.name
)

TOO_OLD, TO_COME = A_YEAR_AGO, NOW + timedelta(days=2)
"""Times no platform takes."""
MIXTURES: dict[str, Sequence[int]] = {
    "none": (),
    "the first": (0,),
    "the last": (11,),
    "some": (2, 3, 7),
    "every other": range(0, 12, 2),
    "all but one": (*range(5), *range(6, 12)),
    "all": range(12),
}


def bodies(case: Case, settings: Any, bad: Sequence[int], *, count: int = 12) -> list[Body]:
    """Conversions of a person each; those of `bad` are much too old, or not yet."""
    connector = case.connector()
    return [
        connector.build(
            lead(id=number, email=f"person{number}@example.com", msclkid=f"{number:032x}"),
            case.conversion(event_id=f"lw-{number}", event_at=_event_at(number, is_bad=number in bad)),
            settings,
            test_mode=False,
        )
        for number in range(count)
    ]


def _event_at(number: int, *, is_bad: bool) -> datetime:
    if is_bad:
        return TOO_OLD if number % 3 else TO_COME
    return EVENT_AT - timedelta(minutes=number)


async def together(stage: Sandboxed, all_bodies: list[Body]) -> tuple[list[Outcome], int]:
    fared: dict[int, Outcome] = {}
    requests = 0
    for indices in group(all_bodies, stage.connector.facts.batch):
        sent = await send_together(stage.connector, stage.connection, [all_bodies[i] for i in indices])
        fared.update(zip(indices, sent.outcomes, strict=True))
        requests += sent.requests
    return [fared[index] for index in range(len(all_bodies))], requests


def told(outcome: Outcome) -> tuple[Any, ...]:
    """What decides over a delivery, and what a person reads; which place an event had may show in it."""
    message = re.sub(r"\d+(?:, \d+)*", "0", outcome.message or "")
    return (outcome.kind, outcome.code, message, outcome.retry_after_s, outcome.known)


def counted(book: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted((item["key"], item["copies"], item["value"], item["currency"]) for item in book["counted"])


@every_batching
def test_a_body_has_its_events_where_the_facts_say(case: Case) -> None:
    batch = case.connector().facts.batch
    settings = case.connector().settings_model.model_validate(case.settings)
    assert batch is not None
    assert batch.most > 1
    for body in bodies(case, settings, ()):
        [key] = [key for key in batch.keys if key in body]
        assert len(body[key]) == 1


@every_batching
def test_conversions_of_one_connection_share_a_request(case: Case) -> None:
    settings = case.connector().settings_model.model_validate(case.settings)
    assert group(bodies(case, settings, ()), case.connector().facts.batch) == [list(range(12))]


@every_played_one
@pytest.mark.parametrize("bad", MIXTURES.values(), ids=MIXTURES.keys())
async def test_the_effect_and_what_is_told_equal_one_by_one(case: Case, bad: Sequence[int]) -> None:
    async with sandboxed(case) as batched, sandboxed(case) as single:
        all_bodies = bodies(case, batched.connection.settings, bad)
        fared, requests = await together(batched, all_bodies)
        alone = [await single.connector.send(single.connection, body) for body in all_bodies]
        assert [told(outcome) for outcome in fared] == [told(outcome) for outcome in alone]
        assert counted(await batched.book()) == counted(await single.book())
        book = await batched.book()
        assert book["conversions"] == 12 - len(bad)
        assert {item["copies"] for item in book["counted"]} <= {1}
    assert [outcome.events for outcome in fared] == [{}] * 12
    good = {outcome.kind for index, outcome in enumerate(fared) if index not in bad}
    assert good <= {case.success_kind}
    assert not bad or {fared[index].kind for index in bad} == {OutcomeKind.REJECTED}
    assert requests <= 2 * len(bad) + 1


@every_played_one
async def test_when_all_goes_well_one_request_carries_all(case: Case) -> None:
    async with sandboxed(case) as stage:
        fared, requests = await together(stage, bodies(case, stage.connection.settings, ()))
        assert requests == 1
        assert (await stage.book())["received"] == 1
    assert {outcome.kind for outcome in fared} == {case.success_kind}


@every_played_one
async def test_a_second_copy_of_all_counts_nothing_more(case: Case) -> None:
    async with sandboxed(case) as stage:
        all_bodies = bodies(case, stage.connection.settings, (4,))
        await together(stage, all_bodies)
        await together(stage, all_bodies)
        assert (await stage.book())["conversions"] == 11


@every_played_one
async def test_a_dead_connection_is_asked_once_for_all(case: Case) -> None:
    async with sandboxed(case, in_force=False) as stage:
        fared, requests = await together(stage, bodies(case, stage.connection.settings, (4,)))
        assert (await stage.book())["conversions"] == 0
    assert {outcome.kind for outcome in fared} == {OutcomeKind.AUTHENTICATION}
    assert requests == 1


@every_batching
@pytest.mark.parametrize("reply", FUZZ.values(), ids=FUZZ.keys())
async def test_no_answer_to_a_batch_makes_a_connector_raise(
    case: Case, reply: Reply, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = case.connector()
    connection = case.connection(connector, server, http)
    server.tell("", reply)
    joined = join(bodies(case, connection.settings, (), count=3), connector.facts.batch)
    outcome = await connector.send(connection, joined)
    assert all(0 <= index < 3 for index in outcome.events)


@every_batching
async def test_a_batch_writes_the_same_bytes_each_time(case: Case) -> None:
    settings = case.connector().settings_model.model_validate(case.settings)
    batch = case.connector().facts.batch
    first, second = (json_bytes(join(bodies(case, settings, ()), batch)) for _ in range(2))
    assert first == second
