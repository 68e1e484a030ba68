"""Outcomes that could not be recorded together: one by one, again and again, until each of them is."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from app.database.errors import DatabaseClosedError
from app.worker.attempts import Ended
from app.worker.recording import without_texts

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 10.0
_WHOLE_TRIES = 3
"""From this try on an outcome is recorded without its texts when it is not taken with them."""

_logger = logging.getLogger(__name__)

RecordOne = Callable[[Ended], Awaitable[None]]
"""Records one outcome in a transaction of its own; raises when that fails."""


async def save(ended: Sequence[Ended], record: RecordOne, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Return once all are recorded; DatabaseClosedError when that cannot be any more.

    Giving one up would mean sending it a second time. `sleep` waits for so many seconds.
    """
    pending = list(ended)
    wait_s = _FIRST_WAIT_S
    tries = 0
    while True:
        tries += 1
        pending = [one for one in pending if not await _saved(one, record, tries)]
        if not pending:
            return
        await sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


async def _saved(ended: Ended, record: RecordOne, tries: int) -> bool:
    # An answer that the database refuses must not take the outcome with it; one that fails with everything
    # else is left whole.
    versions = [ended] if tries < _WHOLE_TRIES else [ended, without_texts(ended)]
    for version in versions:
        try:
            await record(version)
        except DatabaseClosedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the outcome must not be lost
            _logger.error(  # noqa: TRY400 - its text and frames may hold personal data
                "delivery %s: recording failed: %s", ended.delivery.id, type(error).__name__
            )
        else:
            return True
    return False
