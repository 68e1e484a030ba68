"""What all parts of the contract begin with: an engine."""

from collections.abc import Callable
from typing import Any

import pytest

from app.queue.port import Engine
from tests.worker.stage import Stage

NewEngine = Callable[[], Engine]


class EngineSuite:
    """Tests of engines that the suite of each builds. `stage.time` moves what their clocks and timers say."""

    @pytest.fixture
    def new_engine(self, stage: Stage) -> NewEngine:
        """Another engine over the stage's database, as another process would have it."""
        raise NotImplementedError

    @pytest.fixture
    async def engine(self, new_engine: NewEngine) -> Any:
        engine = new_engine()
        yield engine
        await engine.stop(grace_s=0)

    def freeze(self, engine: Any) -> None:
        """Let the engine look dead to others while it lives."""
