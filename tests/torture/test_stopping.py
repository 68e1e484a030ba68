"""SIGTERM in the middle of work."""

from pathlib import Path

from app.values import DeliveryState, Platform
from tests.torture.callers import Record, queue
from tests.torture.installation import Installation, installed
from tests.torture.peace import reckoned
from tests.torture.stored import read_all

_NOT_BEGUN_OR_RECORDED = {DeliveryState.SCHEDULED, DeliveryState.ACCEPTED, DeliveryState.DELIVERED}


async def test_processes_told_to_stop_finish_what_they_send_and_leave_nothing_uncertain(
    empty_database_url: str, tmp_path: Path
) -> None:
    record = Record()
    async with installed(empty_database_url, tmp_path, webs=1, workers=1) as installation:
        await _start(installation)
        for platform in Platform:
            await installation.script(platform.value.lower(), delayS=0.5)
        await queue(installation, record, 12)
        codes = [await program.stop() for program in installation.programs]
        left = await read_all(empty_database_url)
        received = await installation.tally()
        await installation.calm()
        await _start(installation)
        findings = await reckoned(installation, record)

    states = {delivery.state for delivery in left.deliveries}
    assert set(codes) == {0}
    assert states <= _NOT_BEGUN_OR_RECORDED
    assert all(
        not delivery.attempts for delivery in left.deliveries if delivery.state is DeliveryState.SCHEDULED
    )
    assert any(book["conversions"] for book in received.values())
    assert all(figures.conversions == figures.copies == 12 for figures in findings.platforms.values())


async def _start(installation: Installation) -> None:
    for program in installation.programs:
        program.start()
    for program in installation.programs:
        await program.started()
