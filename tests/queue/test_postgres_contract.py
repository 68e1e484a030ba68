"""The PostgreSQL engine keeps the contract."""

from datetime import timedelta
from typing import Any

import pytest

from app.database.database import Database
from app.queue.postgres import PostgresEngine
from app.queue.postgres_waking import install
from tests.queue.contract import EngineContract, NewEngine
from tests.queue.turns import stop_heart
from tests.worker.scripted import ScriptedConnector
from tests.worker.stage import Stage, build_stage


class TestPostgresEngine(EngineContract):
    @pytest.fixture
    async def stage(self, postgres_database: Database, connector: ScriptedConnector, http: Any) -> Stage:
        """On PostgreSQL alone: the queue is in the same database."""
        return await build_stage(postgres_database, http, connector)

    @pytest.fixture
    async def new_engine(self, stage: Stage, postgres_database_url: str) -> NewEngine:
        await install(postgres_database_url)

        def build() -> PostgresEngine:
            return PostgresEngine(
                postgres_database_url,
                stage.time,
                stage.time.later,
                taken_over_after=timedelta(seconds=1),
                looked_for_every=timedelta(seconds=0.2),
            )

        return build

    def freeze(self, engine: Any) -> None:
        stop_heart(engine)
