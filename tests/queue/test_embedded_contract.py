"""The embedded engine keeps the contract."""

import pytest

from tests.queue.contract import EngineContract, NewEngine
from tests.worker.stage import Stage


class TestEmbeddedEngine(EngineContract):
    @pytest.fixture
    def new_engine(self, stage: Stage) -> NewEngine:
        return stage.embedded
