"""Refresh tokens that platforms replace: stored over the old one, and over nothing else."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import Session, col

from app.connectors.base import Renewal
from app.connectors.opening import Opener
from app.database.database import Database
from app.services.renewing import store_renewal
from app.tables.integrations import IntegrationRow
from tests.worker.scripted import ScriptedConnector
from tests.worker.stage import Stage, build_stage

RENEWAL = Renewal(SecretStr("old"), SecretStr("new"))


@pytest.fixture
async def stage(database: Database, http: httpx.AsyncClient) -> Stage:
    """A stage on each kind of database."""
    return await build_stage(database, http, ScriptedConnector())


async def renew(stage: Stage, *, meanwhile: str | None = None) -> Opener:
    """Store the renewal; `meanwhile`: credentials somebody stores after the integration was read."""
    opener = stage.opener()
    opener.renewals.add(stage.lane, RENEWAL)

    def work(session: Session) -> None:
        integration = session.get_one(IntegrationRow, stage.lane)
        if meanwhile is not None:
            changed = update(IntegrationRow).where(col(IntegrationRow.id) == stage.lane)
            session.connection().execute(changed.values(credentials=meanwhile))
        store_renewal(session, integration, opener)

    await stage.database.write(work)
    return opener


async def stored(stage: Stage) -> dict[str, Any]:
    return stage.cipher.decrypt((await stage.integration_row()).credentials)


@pytest.mark.parametrize("name", ["refresh_token", "refreshToken"])
async def test_a_token_takes_the_place_of_the_one_it_replaces(stage: Stage, name: str) -> None:
    await stage.change(
        IntegrationRow, stage.lane, credentials=stage.cipher.encrypt({"a": None, name: " old "})
    )
    opener = await renew(stage)
    assert await stored(stage) == {"a": None, name: "new"}
    assert opener.renewals.get(stage.lane) is None


@pytest.mark.parametrize("token", ["by hand", None])
async def test_another_token_stays_and_the_replaced_one_is_forgotten(stage: Stage, token: str | None) -> None:
    given = {"refreshToken": token}
    await stage.change(IntegrationRow, stage.lane, credentials=stage.cipher.encrypt(given))
    opener = await renew(stage)
    assert await stored(stage) == given
    assert opener.renewals.get(stage.lane) is None


async def test_credentials_that_come_in_between_stay_and_decide_the_next_time(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, credentials=stage.cipher.encrypt({"refresh_token": "old"}))
    opener = await renew(stage, meanwhile=stage.cipher.encrypt({"refresh_token": "by hand"}))
    assert await stored(stage) == {"refresh_token": "by hand"}
    assert opener.renewals.get(stage.lane) == RENEWAL


async def test_what_was_disconnected_in_between_gets_no_credentials(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, credentials=stage.cipher.encrypt({"refresh_token": "old"}))
    await renew(stage, meanwhile="")
    assert (await stage.integration_row()).credentials == ""
    opener = await renew(stage)
    assert opener.renewals.get(stage.lane) is None
