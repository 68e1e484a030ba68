"""What engines do about turns that fail."""

import logging
import traceback
from datetime import timedelta
from uuid import UUID

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=30)
"""Between turns of a lane that fails. No wake-up shortens it: each commit would cost a failing turn."""

_logger = logging.getLogger(__name__)


def pause_after(failures: int) -> timedelta:
    """How long a lane rests after so many failures in a row, from 1."""
    return min(_FIRST_PAUSE * (1 << min(failures - 1, 16)), _LONGEST_PAUSE)


def log_failed_turn(lane: UUID, error: Exception) -> None:
    """Log where it was raised, and never what it says: the text of an error may quote personal data."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("lane %s: a turn failed: %s\n%s", lane, type(error).__name__, where)
