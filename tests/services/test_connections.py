"""Connecting a platform: what is stored, and what is refused without repeating a secret."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from app.connectors.registry import build_connectors
from app.database.database import Database
from app.errors import InvalidInputError
from app.repositories.chores import find_lanes_with_work
from app.services.connections import add_integration
from app.tables.integrations import IntegrationRow
from app.values import Platform
from tests.world import CREDENTIALS, SETTINGS, START, FakeClock, World, new_cipher


@pytest.fixture
async def world(sqlite_database: Database) -> World:
    return await World(sqlite_database, FakeClock(), new_cipher(), dict(build_connectors())).begin()


async def connect(world: World, platform: Platform, **changes: Any) -> IntegrationRow:
    given: dict[str, Any] = {
        "settings": SETTINGS.get(platform, {}),
        "credentials": CREDENTIALS.get(platform, {}),
    } | changes

    def work(session: Session) -> IntegrationRow:
        return add_integration(
            session,
            project_id=world.project_id,
            platform=platform,
            name="Shop",
            connectors=world.connectors,
            cipher=world.cipher,
            now=START,
            **given,
        )

    return await world.database.write(work)


@pytest.mark.parametrize("platform", sorted(CREDENTIALS))
async def test_credentials_are_stored_encrypted_and_settings_normalised(
    world: World, platform: Platform
) -> None:
    row = await connect(world, platform)

    assert isinstance(row.id, UUID)
    for secret in CREDENTIALS[platform].values():
        assert secret not in row.credentials
    assert world.cipher.decrypt(row.credentials) == CREDENTIALS[platform]
    if platform is Platform.GOOGLE_ADS:
        assert row.settings["customer_id"] == "1234567890"


@pytest.mark.parametrize("platform", sorted(CREDENTIALS))
async def test_a_connection_is_tried_a_day_later_even_if_nothing_is_sent_until_then(
    world: World, platform: Platform
) -> None:
    row = await connect(world, platform)

    a_day_later = START + timedelta(days=1)
    can_be_asked = world.connectors[platform].facts.probe_every is not None
    assert row.probe_at == (a_day_later if can_be_asked else None)
    lanes = await world.database.read(lambda session: find_lanes_with_work(session, a_day_later))
    assert lanes == ([row.id] if can_be_asked else [])


async def test_settings_and_credentials_are_checked_and_a_secret_is_never_repeated(world: World) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await connect(
            world, Platform.META, credentials={"access_token": ["leaky-secret"], "extra": "leaky-secret"}
        )

    paths = {problem.path for problem in refused.value.problems}
    assert paths == {("credentials", "accessToken"), ("credentials", "extra")}
    assert "leaky-secret" not in repr(refused.value) + str(refused.value)


async def test_a_setting_that_is_wrong_is_named_with_its_path(world: World) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await connect(world, Platform.GOOGLE_ADS, settings={"customer_id": "12"})

    assert [problem.path for problem in refused.value.problems] == [("settings", "customerId")]


async def test_a_platform_without_a_connector_cannot_be_connected(world: World) -> None:
    del world.connectors[Platform.META]

    with pytest.raises(InvalidInputError, match="platform"):
        await connect(world, Platform.META)
