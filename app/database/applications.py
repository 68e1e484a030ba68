"""What Leadwire's connections to a PostgreSQL server are called there, and who is connected."""

from importlib import import_module
from typing import Any, Final

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

WORKING: Final = ("leadwire", "leadwire queue")
"""The names of connections of processes that serve or send; set by app.database.postgres and app.queue."""
MIGRATING: Final = "leadwire migration"
COPYING: Final = "leadwire copy"

_CONNECTED = text("""
    SELECT application_name, client_addr::text, count(*), min(backend_start)
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = ANY(:names) AND pid <> pg_backend_pid()
    GROUP BY 1, 2 ORDER BY 1, 2
""")


def named_engine(url: URL, name: str) -> AsyncEngine:
    """An engine of one connection that the server knows as `name`, so that it is not counted as working."""
    # Imported when it is wanted, as in opening.py.
    engine: AsyncEngine = import_module("app.database.postgres").postgres_engine(url, connections=1)

    def rename(
        _dialect: Dialect, _record: ConnectionPoolEntry, _arguments: list[Any], parameters: dict[str, Any]
    ) -> None:
        parameters["server_settings"] = {
            **parameters["server_settings"],
            "application_name": name,
            # Nobody waits for what they hold, and between two statements they have much to think about.
            "idle_in_transaction_session_timeout": "60s",
        }

    event.listen(engine.sync_engine, "do_connect", rename)
    return engine


def working_elsewhere(connection: Connection) -> list[str]:
    """The processes at work on this PostgreSQL database, one entry for each name and place; [] for none.

    Every user of the database may ask; where a connection comes from is shown to members of its role.
    """
    rows = connection.execute(_CONNECTED, {"names": list(WORKING)})
    return [
        f"'{name}' from {place or 'this machine'} ({count} connections since {since:%Y-%m-%d %H:%M %Z})"
        for name, place, count, since in rows
    ]
