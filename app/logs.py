"""Logging for the commands: one line an event, to standard error.

What libraries would write of requests and statements is held back where they are used, at any level.
"""

import logging


def configure_logging(level: int = logging.INFO) -> None:
    """Send log lines of `level` and above to standard error."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"
    )
    # A line for each migration step at each start, and never one that helps.
    logging.getLogger("alembic").setLevel(logging.WARNING)
