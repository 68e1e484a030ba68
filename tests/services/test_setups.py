"""A project's setup is in memory as it is in the database, whoever changed it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlmodel import Session, SQLModel

from app.database.database import Database
from app.database.setup import SETUP
from app.errors import LabelNotFoundError
from app.ids import new_id
from app.repositories.disconnecting import delete_mappings, find_uncleared
from app.repositories.integrations import replace_credentials
from app.repositories.lanes import (
    Hold,
    hold_mapping,
    own_lane,
    pause_lane,
    release_mapping,
    resume_lane,
    try_lane_at,
)
from app.services.answers import Queued
from app.services.connections import ConnectionChange, NewConnection
from app.services.disconnecting import clear_away
from app.services.identifying import LeadIdentifier
from app.services.label_mappings import Mapping
from app.services.labels import LabelChange, NewLabel
from app.services.setups import Setup, Setups, read_setup
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.making import columns_of
from app.values import PauseReason, Platform, Scope
from schema.context import Services
from tests.api import open_api
from tests.services.test_remembering import Monotonic
from tests.world import CREDENTIALS, SETTINGS, START, World

OF_LANES = {"turn_id", "pace_full_at", "rests_until", "probe_at", "alerted_at", "credentials", "updated_at"}
"""What changes all the time, and no status change looks at."""


@dataclass
class Stage:
    """A project, what may change it, and what remembers it while time stands still."""

    world: World
    services: Services
    viewer: Viewer
    setups: Setups
    monotonic: Monotonic
    label: LabelRow
    integration: IntegrationRow

    async def known(self) -> Setup:
        return await self.setups.of(self.viewer.project_id)

    async def stored(self) -> Setup:
        """Past everything that remembers."""
        project_id, connectors = self.viewer.project_id, self.setups.connectors
        return await self.world.database.read(lambda session: read_setup(session, project_id, connectors))

    async def write(self, work: Callable[[Session], Any]) -> None:
        await self.world.database.write(work)

    async def mapping(self) -> LabelMappingRow:
        return (await self.stored()).mappings[self.label.id][self.integration.id]


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    async with open_api(database) as api:
        label, integration = await api.world.label(), await api.world.integration(Platform.META)
        await api.world.map(label.id, integration)
        monotonic = Monotonic()
        yield Stage(
            world=api.world,
            services=api.services,
            viewer=Viewer(api.world.project_id, new_id(), frozenset({Scope.ADMIN})),
            setups=Setups(api.world.database, api.world.connectors, monotonic),
            monotonic=monotonic,
            label=label,
            integration=integration,
        )


def shown(setup: Setup) -> Any:
    """All that status changes look at."""
    return (
        columns_of(setup.project),
        {label_id: columns_of(label) for label_id, label in setup.labels.items()},
        [_but_for_lanes(row) for row in setup.integrations],
        {
            label_id: {lane: _but_for_lanes(row) for lane, row in mappings.items()}
            for label_id, mappings in setup.mappings.items()
        },
        setup.settings,
    )


def _but_for_lanes(row: SQLModel) -> dict[str, Any]:
    return {name: value for name, value in columns_of(row).items() if name not in OF_LANES}


Change = Callable[[Stage], Awaitable[Any]]


def label_change(**given: Any) -> Change:
    return lambda on: on.services.labels.update(on.viewer, str(on.label.id), LabelChange(**given))


def connection_change(**given: Any) -> Change:
    return lambda on: on.services.connections.update(
        on.viewer, str(on.integration.id), ConnectionChange(**given)
    )


async def a_label_is_created(on: Stage) -> None:
    mapping = Mapping(str(on.integration.id), "Lead")
    await on.services.labels.create(on.viewer, NewLabel(name="Won", mappings=[mapping]))


async def a_target_is_changed(on: Stage) -> None:
    mapping = Mapping(str(on.integration.id), "Another")
    await label_change(mappings=[mapping])(on)


async def an_integration_is_connected(on: Stage) -> None:
    new = NewConnection(
        platform=Platform.WEBHOOK,
        name="Hook",
        settings=SETTINGS[Platform.WEBHOOK],
        credentials=CREDENTIALS[Platform.WEBHOOK],
    )
    await on.services.connections.connect(on.viewer, new)


async def an_integration_is_resumed(on: Stage) -> None:
    await on.services.pausing.resume(on.viewer, str(on.integration.id))


async def an_integration_is_paused(on: Stage) -> None:
    await on.services.pausing.pause(on.viewer, str(on.integration.id))


async def an_integration_is_disconnected(on: Stage) -> None:
    await on.services.disconnecting.disconnect(on.viewer, str(on.integration.id))


HOLD = Hold(at=START, message="no such target", probe_at=START + timedelta(minutes=5))


async def a_lane_pauses_itself(on: Stage) -> None:
    await on.write(lambda session: pause_lane(session, on.integration.id, PauseReason.AUTHENTICATION, HOLD))


async def a_lane_goes_on(on: Stage) -> None:
    await on.write(lambda session: resume_lane(session, on.integration.id))


async def a_lane_holds_a_mapping(on: Stage) -> None:
    target = (await on.mapping()).target
    await on.write(lambda session: hold_mapping(session, on.integration.id, on.label.id, target, HOLD))


async def a_lane_releases_a_mapping(on: Stage) -> None:
    mapping_id = (await on.mapping()).id
    await on.write(lambda session: release_mapping(session, mapping_id))


async def mappings_are_cleared_away(on: Stage) -> None:
    await on.write(lambda session: delete_mappings(session, on.integration.id))


SETTINGS_OF_META = {"datasetId": "999888777666", "mode": "website"}

CHANGES: list[tuple[str, tuple[Change, ...], Change]] = [
    ("label created", (), a_label_is_created),
    ("label renamed", (), label_change(name="Very qualified")),
    ("label priced", (), label_change(default_price_cents=500)),
    ("label archived", (), label_change(archived=True)),
    ("label in use again", (label_change(archived=True),), label_change(archived=False)),
    ("target changed", (), a_target_is_changed),
    ("mapping removed", (), label_change(mappings=[])),
    ("mapping added", (label_change(mappings=[]),), a_target_is_changed),
    ("integration connected", (), an_integration_is_connected),
    ("integration renamed", (), connection_change(name="Shop")),
    ("settings changed", (), connection_change(settings=SETTINGS_OF_META)),
    ("test mode", (), connection_change(test_mode=True)),
    ("integration switched off", (), connection_change(enabled=False)),
    ("integration switched on", (connection_change(enabled=False),), connection_change(enabled=True)),
    ("integration paused", (), an_integration_is_paused),
    ("integration resumed", (an_integration_is_paused,), an_integration_is_resumed),
    ("integration disconnected", (), an_integration_is_disconnected),
    ("mappings cleared away", (), mappings_are_cleared_away),
    ("lane pauses itself", (), a_lane_pauses_itself),
    ("lane goes on", (a_lane_pauses_itself,), a_lane_goes_on),
    ("mapping held", (), a_lane_holds_a_mapping),
    ("mapping released", (a_lane_holds_a_mapping,), a_lane_releases_a_mapping),
]


@pytest.mark.parametrize(("before", "change"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
async def test_a_change_is_seen_at_once(stage: Stage, before: tuple[Change, ...], change: Change) -> None:
    for one in before:
        await one(stage)
    old = shown(await stage.known())

    await change(stage)

    new = shown(await stage.known())
    assert new != old
    assert new == shown(await stage.stored())


async def test_it_is_read_once(stage: Stage) -> None:
    assert await stage.known() is await stage.known()


def _touch(**columns: Any) -> Change:
    async def change(on: Stage) -> None:
        def work(session: Session) -> None:
            row = session.get_one(IntegrationRow, on.integration.id)
            for name, value in columns.items():
                setattr(row, name, value)

        await on.write(work)

    return change


async def _a_turn_begins(on: Stage) -> None:
    await on.write(lambda session: own_lane(session, on.integration.id, new_id()) and None)


async def _a_trial_is_put_off(on: Stage) -> None:
    def work(session: Session) -> None:
        assert try_lane_at(session, session.get_one(IntegrationRow, on.integration.id), START)

    await on.write(work)


async def _a_token_is_renewed(on: Stage) -> None:
    def work(session: Session) -> None:
        assert replace_credentials(session, session.get_one(IntegrationRow, on.integration.id), "other")

    await on.write(work)


@pytest.mark.parametrize(
    "change",
    [
        _a_turn_begins,
        _a_trial_is_put_off,
        _a_token_is_renewed,
        _touch(pace_full_at=START, rests_until=START),
        _touch(probe_at=START, alerted_at=START, updated_at=START + timedelta(hours=1)),
    ],
    ids=["turn", "trial", "token", "pace", "times"],
)
async def test_what_a_lane_writes_all_the_time_has_nobody_read_again(stage: Stage, change: Change) -> None:
    known = await stage.known()

    await change(stage)

    assert await stage.known() is known


async def test_a_change_that_is_undone_has_nobody_read_again(stage: Stage) -> None:
    known = await stage.known()

    with pytest.raises(LabelNotFoundError):
        await stage.services.labels.update(stage.viewer, str(new_id()), LabelChange(name="x"))

    def work(session: Session) -> None:
        pause_lane(session, stage.integration.id, PauseReason.AUTHENTICATION, HOLD)
        session.get_one(LabelRow, stage.label.id).name = "never"
        session.flush()
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await stage.write(work)
    assert await stage.known() is known


async def test_a_transaction_counts_once_however_much_it_changes(stage: Stage) -> None:
    def work(session: Session) -> None:
        for number in range(3):
            session.get_one(LabelRow, stage.label.id).name = f"name {number}"
            session.flush()
            pause_lane(session, stage.integration.id, PauseReason.AUTHENTICATION, HOLD)

    before = SETUP.number
    await stage.write(work)

    assert SETUP.number == before + 1


async def test_a_status_change_goes_by_what_was_changed_before_it(stage: Stage) -> None:
    lead = await stage.world.complete_lead()
    service = StatusService(stage.world.database, stage.setups, lambda _lanes: None, stage.world.clock)
    change = StatusChange(lead=LeadIdentifier(lead_id=str(lead.id)), conversion_id=str(stage.label.id))
    await stage.known()

    await label_change(archived=True)(stage)

    with pytest.raises(LabelNotFoundError):
        await service.update(stage.viewer, change)


# ---- another process ----


@pytest.fixture
async def other_process(postgres_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Which this one hears nothing of."""
    url = make_url(postgres_database_url).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    yield connection
    await connection.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_another_process_changed_is_seen_after_a_second(
    stage: Stage, other_process: asyncpg.Connection
) -> None:
    await stage.known()
    await other_process.execute(
        "UPDATE conversion_label SET name = 'Elsewhere' WHERE id = $1", stage.label.id
    )

    stage.monotonic.now += 1.0
    assert await name_of(stage, stage.label.id) == "Qualified"
    stage.monotonic.now += 0.001
    assert await name_of(stage, stage.label.id) == "Elsewhere"


async def name_of(stage: Stage, label_id: UUID) -> str:
    return (await stage.known()).labels[label_id].name


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_was_planned_for_an_integration_that_is_gone_already_is_cleared_away(
    stage: Stage, other_process: asyncpg.Connection
) -> None:
    """A status change may go by what was right a second ago."""
    lead = await stage.world.complete_lead()
    service = StatusService(stage.world.database, stage.setups, lambda _lanes: None, stage.world.clock)
    await stage.known()
    lane = stage.integration.id
    await other_process.execute(
        "UPDATE integration SET disconnected_at = $1, enabled = false WHERE id = $2", START, lane
    )

    change = StatusChange(lead=LeadIdentifier(lead_id=str(lead.id)), conversion_id=str(stage.label.id))
    answer = await service.update(stage.viewer, change)
    assert isinstance(answer, Queued)
    assert [one.delivery.integration_id for one in answer.planned] == [lane]

    assert await stage.world.database.read(find_uncleared) == [lane]
    await clear_away(stage.world.database, lane, START, most=10)
    [state, active] = await other_process.fetchrow(
        "SELECT d.state, j.active FROM delivery d JOIN conversion_job j ON j.id = d.job_id"
    )
    assert (state, active) == ("CANCELED", False)
