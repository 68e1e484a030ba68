"""Lanes that are stopped."""

from datetime import timedelta
from typing import Any

from app.tables.integrations import IntegrationRow
from app.values import PauseReason
from tests.worker.scripted import START
from tests.worker.stage import Stage

QUARTER = timedelta(minutes=15)
PAUSED = {
    "paused_at": START,
    "pause_reason": PauseReason.AUTHENTICATION,
    "pause_message": "No.",
    "probe_at": START,
}
BY_HAND = {"paused_at": START, "pause_reason": PauseReason.MANUAL}


async def pause(stage: Stage, columns: dict[str, Any]) -> None:
    await stage.change(IntegrationRow, stage.lane, **columns)
