"""What a process does with the turns it is given."""

from datetime import datetime

from app.queue.port import SWEEP_LANE, RunTurn, Turn
from app.worker.lane import Lanes
from app.worker.sweep import Sweep


def run_turns(lanes: Lanes, sweep: Sweep) -> RunTurn:
    """A RunTurn for every lane there is."""

    async def run(turn: Turn) -> datetime | None:
        if turn.lane == SWEEP_LANE:
            return await sweep.run(turn)
        return await lanes.run(turn)

    return run
