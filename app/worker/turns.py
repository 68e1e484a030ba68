"""What a process does with the turns it is given."""

from datetime import datetime

from app.queue.port import ALERT_LANE, SWEEP_LANE, RunTurn, Turn
from app.worker.alerts import Alerts
from app.worker.lane import Lanes
from app.worker.sweep import Sweep


def run_turns(lanes: Lanes, sweep: Sweep, alerts: Alerts | None = None) -> RunTurn:
    """A RunTurn for every lane there is; `alerts`: None when nobody is to be told."""

    async def run(turn: Turn) -> datetime | None:
        if turn.lane == SWEEP_LANE:
            return await sweep.run(turn)
        if turn.lane == ALERT_LANE:
            return None if alerts is None else await alerts.run(turn)
        return await lanes.run(turn)

    return run
