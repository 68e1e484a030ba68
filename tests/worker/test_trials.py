"""Connections that are tried before a conversion finds out, and those nothing is held for."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import Session, col

from app.connectors.base import Outcome, OutcomeKind, Renewal
from app.database.database import Database
from app.repositories.chores import find_lanes_with_work
from app.repositories.lanes import try_lane_at
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, PauseReason
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
K = OutcomeKind
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@pytest.fixture
def connector() -> ScriptedConnector:
    """A platform whose connections can be tried."""
    return ScriptedConnector(probe_every=DAY)


@pytest.fixture
async def stage(sqlite_database: Database, connector: ScriptedConnector, http: httpx.AsyncClient) -> Stage:
    """A stage for it."""
    return await build_stage(sqlite_database, http, connector)


async def paused(stage: Stage, reason: PauseReason = PauseReason.AUTHENTICATION) -> None:
    await stage.change(
        IntegrationRow,
        stage.lane,
        paused_at=START,
        pause_reason=reason,
        pause_message="No.",
        probe_at=None if reason is PauseReason.MANUAL else START,
    )


async def test_a_new_connection_is_tried_a_day_later(stage: Stage, connector: ScriptedConnector) -> None:
    assert await stage.run() == START + DAY
    assert connector.probes == []
    stage.time.now = START + DAY
    await stage.run()
    assert connector.probes == [None]
    assert (await stage.integration_row()).probe_at == START + DAY * 2


async def test_a_dead_token_is_found_before_a_conversion_is_sent(
    stage: Stage, connector: ScriptedConnector
) -> None:
    await stage.change(IntegrationRow, stage.lane, probe_at=START)
    connector.probe_outcome = outcome(K.AUTHENTICATION, message="The token has ended.")
    await stage.run()
    integration = await stage.integration_row()
    assert integration.pause_reason is PauseReason.AUTHENTICATION
    assert integration.pause_message == "The token has ended."
    assert connector.calls == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (K.AUTHENTICATION, PauseReason.AUTHENTICATION),
        (K.API_SUNSET, PauseReason.API_SUNSET),
        (K.CONFIGURATION, PauseReason.CONFIGURATION),
        (K.RETRY, None),
        (K.AMBIGUOUS, None),
        (K.DELIVERED, None),
        (K.REJECTED, None),
    ],
)
async def test_what_a_trial_finds_decides_whether_the_lane_is_held(
    stage: Stage, connector: ScriptedConnector, kind: OutcomeKind, reason: PauseReason | None
) -> None:
    await stage.change(IntegrationRow, stage.lane, probe_at=START)
    connector.probe_outcome = outcome(kind)
    await stage.run()
    assert (await stage.integration_row()).pause_reason is reason


async def test_a_held_lane_with_nothing_to_let_through_is_tried_and_goes_on(
    stage: Stage, connector: ScriptedConnector
) -> None:
    await paused(stage)
    await stage.run()
    assert connector.probes == [None]
    assert (await stage.integration_row()).paused_at is None


async def test_a_trial_that_fails_leaves_the_lane_held(stage: Stage, connector: ScriptedConnector) -> None:
    await paused(stage)
    connector.probe_outcome = outcome(K.AUTHENTICATION)
    assert await stage.run() == START + QUARTER
    assert (await stage.integration_row()).paused_at == START


async def test_a_held_delivery_is_a_better_trial(stage: Stage, connector: ScriptedConnector) -> None:
    await paused(stage)
    job = await stage.job({"state": S.HELD, "warning": {}})
    await stage.run()
    assert connector.probes == []
    assert (await stage.delivery_of(job)).state is S.DELIVERED


async def test_what_a_person_paused_is_not_tried(stage: Stage, connector: ScriptedConnector) -> None:
    await paused(stage, PauseReason.MANUAL)
    stage.time.now = START + DAY * 3
    await stage.run()
    assert connector.probes == []


async def test_what_is_switched_off_is_not_tried(stage: Stage, connector: ScriptedConnector) -> None:
    await stage.change(IntegrationRow, stage.lane, enabled=False, probe_at=START)
    await stage.run()
    assert connector.probes == []


@pytest.mark.parametrize(("kind", "held"), [(K.DELIVERED, False), (K.CONFIGURATION, True), (K.RETRY, True)])
async def test_a_held_mapping_with_nothing_to_let_through_is_tried_with_its_target(
    stage: Stage, connector: ScriptedConnector, kind: OutcomeKind, held: bool
) -> None:
    mapping = await stage.mapping_row()
    await stage.change(LabelMappingRow, mapping.id, held_at=START, hold_message="Gone.", probe_at=START)
    connector.probe_outcome = outcome(kind, message="Still gone.")
    await stage.run()
    assert connector.probes == ["Won"]
    mapping = await stage.mapping_row()
    assert (mapping.held_at is not None) is held
    assert (mapping.probe_at == START + QUARTER) is held


async def test_a_trial_with_credentials_that_were_replaced_meanwhile_says_nothing(
    stage: Stage, connector: ScriptedConnector
) -> None:
    await stage.change(IntegrationRow, stage.lane, probe_at=START)
    connector.probe_outcome = outcome(K.AUTHENTICATION)
    replaced = stage.cipher.encrypt({"token": "new"})
    probe = connector.probe

    async def replace_meanwhile(*given: object) -> object:
        await stage.change(IntegrationRow, stage.lane, credentials=replaced)
        return await probe(*given)  # type: ignore[arg-type]

    connector.probe = replace_meanwhile  # type: ignore[method-assign,assignment]
    await stage.run()
    assert (await stage.integration_row()).paused_at is None


async def test_a_platform_whose_version_has_ended_is_held_until_another_is_configured(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.API_SUNSET, message="Version 202511 has ended."))
    job = await stage.job()
    await stage.run()
    integration = await stage.integration_row()
    assert integration.pause_reason is PauseReason.API_SUNSET
    assert (await stage.delivery_of(job)).state is S.HELD


async def test_a_defect_in_trying_is_logged_without_its_text(
    stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> object:
        raise ValueError("secret-token")

    connector.probe = fail  # type: ignore[method-assign,assignment]
    await stage.change(IntegrationRow, stage.lane, probe_at=START)
    await stage.run()
    assert "ValueError" in caplog.text
    assert "secret-token" not in caplog.text
    assert (await stage.integration_row()).paused_at is None


@pytest.mark.parametrize("name", ["refresh_token", "refreshToken"])
async def test_a_refresh_token_that_the_platform_replaced_is_stored(
    stage: Stage, connector: ScriptedConnector, name: str
) -> None:
    secrets = {"token": "secret", name: "old"}
    await stage.change(IntegrationRow, stage.lane, credentials=stage.cipher.encrypt(secrets))
    lanes = stage.lanes()

    def renew(_call: object) -> Outcome:
        lanes.opener.renewals.add(stage.lane, Renewal(SecretStr("old"), SecretStr("new")))
        return DELIVERED

    connector.script = renew
    job = await stage.job()
    await lanes.run(stage.turn())
    assert (await stage.delivery_of(job)).state is S.DELIVERED
    kept = stage.cipher.decrypt((await stage.integration_row()).credentials)
    assert kept == {"token": "secret", name: "new"}
    assert lanes.opener.renewals.get(stage.lane) is None


async def test_credentials_that_a_person_replaced_meanwhile_stay(
    stage: Stage, connector: ScriptedConnector
) -> None:
    secrets = {"token": "secret", "refresh_token": "by hand"}
    lanes = stage.lanes()
    lanes.opener.renewals.add(stage.lane, Renewal(SecretStr("old"), SecretStr("new")))
    await stage.change(IntegrationRow, stage.lane, credentials=stage.cipher.encrypt(secrets))
    await lanes.run(stage.turn())
    assert stage.cipher.decrypt((await stage.integration_row()).credentials) == secrets
    assert lanes.opener.renewals.get(stage.lane) is None


async def test_a_time_that_nothing_comes_of_is_forgotten(database: Database, http: httpx.AsyncClient) -> None:
    stage = await build_stage(database, http, ScriptedConnector(probe_every=None))
    await stage.change(IntegrationRow, stage.lane, probe_at=START)
    await stage.run()
    assert (await stage.integration_row()).probe_at is None
    lanes = await stage.database.read(lambda session: find_lanes_with_work(session, START + DAY))
    assert lanes == []


@pytest.mark.parametrize(
    "change",
    [
        {"probe_at": START + timedelta(seconds=1)},
        {"paused_at": START, "pause_reason": PauseReason.MANUAL, "probe_at": None},
        {"paused_at": None, "pause_reason": None, "probe_at": None},
    ],
)
async def test_what_a_person_changed_since_a_lane_looked_stays_as_it_is(
    database: Database, http: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    stage = await build_stage(database, http, ScriptedConnector())
    await paused(stage)

    def work(session: Session) -> bool:
        integration = session.get_one(IntegrationRow, stage.lane)
        changed = update(IntegrationRow).where(col(IntegrationRow.id) == stage.lane).values(change)
        session.connection().execute(changed)
        return try_lane_at(session, integration, START + QUARTER)

    assert await stage.database.write(work) is False
    assert (await stage.integration_row()).probe_at == change["probe_at"]
