"""Thirty conversions due at once, bad ones among them, from the mutation to the platform and back."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.connectors.base import Connector, PlatformFacts
from app.connectors.registry import build_connectors
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform
from tests.end_to_end.expectations import is_understandable
from tests.end_to_end.live import Live
from tests.end_to_end.routes import HurriedClock, Route, connected, house
from tests.resolvers.integrations import change

MANY = 30
BATCHING = [
    platform for platform, connector in build_connectors().items() if connector.facts.batch is not None
]
KEPT = {"id", "project_id", "status", "currency", "created_at", "updated_at"}
FINAL = {DeliveryState.DELIVERED, DeliveryState.REJECTED}


@dataclass(frozen=True)
class Mixture:
    """What is wrong with which of them."""

    nobody: tuple[int, ...]
    """They say nothing of a person by the time they are sent."""
    too_old: tuple[int, ...]
    fail: str | None = None
    """What the platform does all the while."""

    @property
    def bad(self) -> set[int]:
        return {*self.nobody, *self.too_old}


SOME = Mixture((3, 4, 17), (11, 29))
SILENT = Mixture((3,), (29,), fail="UNNAMED")
"""The platform refuses requests without naming the event that is to blame: they are taken apart, in halves."""
MIXTURES = [
    *(pytest.param(platform, SOME, id=platform.value.lower()) for platform in BATCHING),
    pytest.param(Platform.META, SILENT, id="meta-silent"),
]


class OneByOne:
    """A connector that sends each event in a request of its own."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.facts: PlatformFacts = replace(connector.facts, batch=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)


@pytest.fixture(scope="module")
async def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with house(sqlite_template, tmp_path_factory.mktemp("batches"), HurriedClock()) as opened:
        yield opened


def test_there_are_platforms_that_take_batches() -> None:
    assert len(BATCHING) >= 4


@pytest.mark.parametrize(("platform", "mixture"), MIXTURES)
async def test_good_ones_are_counted_once_and_bad_ones_refused_as_if_each_had_gone_alone(
    live: Live, platform: Platform, mixture: Mixture
) -> None:
    together = await fared(live, platform, mixture)
    alone = await fared(live, platform, mixture, one_by_one=True)

    for fate, _, counted in (together, alone):
        assert {number for number, (state, _, _) in fate.items() if state == "REJECTED"} == mixture.bad
        assert {state for state, _, _ in fate.values()} == {"DELIVERED", "REJECTED"}
        assert counted == [((1_000 + number) / 100, 1) for number in range(MANY) if number not in mixture.bad]
    assert together[0] == alone[0]
    assert alone[1] == MANY
    assert together[1] < MANY
    assert all(is_understandable(told) for state, _, told in together[0].values() if state == "REJECTED")
    reasons = [
        {together[0][number][1:] for number in numbers} for numbers in (mixture.nobody, mixture.too_old)
    ]
    assert [len(found) for found in reasons] == [1, 1]
    assert reasons[0] != reasons[1]


Fate = dict[int, tuple[str, str | None, str]]
"""By number: state, code and words, without the place an event had in a request."""


async def fared(
    live: Live, platform: Platform, mixture: Mixture, *, one_by_one: bool = False
) -> tuple[Fate, int, list[tuple[float, int]]]:
    """How each fared, how many requests it took, and what the platform counts: value and copies."""
    connectors = live.world.connectors
    usual = connectors[platform]
    if one_by_one:
        connectors[platform] = OneByOne(usual)
    try:
        async with connected(live, platform) as route:
            numbers = await wait_together(route, mixture)
            await live.forget(route.name)
            if mixture.fail is not None:
                await live.script(route.name, fail=mixture.fail, times=10_000)
            await change(live, "resumeIntegration", route.integration.id)
            await live.until(lambda: all_final(route))
            book = await live.book(route.name)
            fate = {
                numbers[str(row.job_id)]: (row.state.value, row.error_code, placeless(row.error_message))
                for row in await rows_of(route)
            }
    finally:
        connectors[platform] = usual
    return fate, book["received"], sorted((item["value"], item["copies"]) for item in book["counted"])


async def wait_together(route: Route, mixture: Mixture) -> dict[str, int]:
    """Let as many conversions wait for the paused integration; their numbers by job."""
    live = route.live
    await change(live, "pauseIntegration", route.integration.id)
    leads = [await live.lead_now(email=f"person{number}@example.com") for number in range(MANY)]
    answers = await asyncio.gather(
        *(
            live.update({"leadId": lead}, route.label.id, price=1_000 + number)
            for number, lead in enumerate(leads)
        )
    )
    jobs = [answer["job"]["id"] for answer in answers]
    await live.world.database.write(lambda session: spoil(session, leads, jobs, mixture))
    return {job: number for number, job in enumerate(jobs)}


def spoil(session: Session, leads: list[str], jobs: list[str], mixture: Mixture) -> None:
    """Let the bad ones be bad, in ways that only the platform finds."""
    for number in mixture.nobody:
        lead = session.get_one(LeadRow, int(leads[number]))
        for name in set(LeadRow.model_fields) - KEPT:
            setattr(lead, name, None)
    for row in session.exec(select(DeliveryRow)).all():
        if str(row.job_id) in {jobs[number] for number in mixture.too_old}:
            row.event_at -= timedelta(days=365)


async def rows_of(route: Route) -> list[DeliveryRow]:
    def work(session: Session) -> list[DeliveryRow]:
        of_lane = col(DeliveryRow.integration_id) == route.integration.id
        return list(session.exec(select(DeliveryRow).where(of_lane)).all())

    return await route.live.world.database.read(work)


async def all_final(route: Route) -> bool:
    return {row.state for row in await rows_of(route)} <= FINAL


def placeless(text: str | None) -> str:
    return re.sub(r"\d+(?:, \d+)*", "0", text or "")
