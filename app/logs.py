"""Logging for the commands: one line an event, to standard error, and nothing personal in it."""

import logging

_TALKATIVE = ("httpx", "httpcore", "aiosqlite", "alembic", "asyncio", "sqlalchemy.engine")
"""These write addresses with secrets, statements with parameters, or bodies at INFO or DEBUG."""


def configure_logging(level: int = logging.INFO) -> None:
    """Send log lines of `level` and above to standard error."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
