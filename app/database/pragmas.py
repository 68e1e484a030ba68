"""How SQLite is set up: one constant per PRAGMA, each with what breaks without it."""

from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

JOURNAL_MODE = "PRAGMA journal_mode = WAL"
"""Without it a reader blocks the writer and the writer every reader: the explorer would stop the lanes."""

SYNCHRONOUS = "PRAGMA synchronous = FULL"
"""Without it (NORMAL) a power cut takes back commits that were answered: a conversion lost in silence."""

FOREIGN_KEYS = "PRAGMA foreign_keys = ON"
"""Without it SQLite reads REFERENCES and ignores it: deliveries of jobs that never were."""

BUSY_TIMEOUT = "PRAGMA busy_timeout = 5000"
"""Milliseconds. Without it a backup or an open `sqlite3` shell fails our writes at once."""

NO_BUSY_TIMEOUT = "PRAGMA busy_timeout = 0"
"""For who must have something else done before waiting."""

WAL_AUTOCHECKPOINT = "PRAGMA wal_autocheckpoint = 4000"
"""Pages of 4 KiB, so about 16 MB. With SQLite's own 1,000 a busy writer stops four times as often to copy
pages that change again the next moment. Many more, and reads and starts after a crash search a long log."""

TEMP_STORE = "PRAGMA temp_store = MEMORY"
"""Without it what undoes a piece of work that fails goes to a temporary file, page by page: half of what a
status change costs SQLite."""

CACHE_SIZE = "PRAGMA cache_size = -16000"
"""KiB. With SQLite's own 2,000 a writer among a million leads reads its indexes' pages again and again."""

QUERY_ONLY = "PRAGMA query_only = ON"
"""Without it only the way the file was opened stops a read that writes: a second lock, as it is free."""

WRITER = (
    JOURNAL_MODE,
    SYNCHRONOUS,
    FOREIGN_KEYS,
    BUSY_TIMEOUT,
    WAL_AUTOCHECKPOINT,
    TEMP_STORE,
    CACHE_SIZE,
)
READER = (BUSY_TIMEOUT, QUERY_ONLY)
# Foreign keys stay off while tables are rebuilt: dropping the old one would empty those that refer to it.
MIGRATION = (JOURNAL_MODE, SYNCHRONOUS, BUSY_TIMEOUT)


def apply(connection: DBAPIConnection | PoolProxiedConnection, pragmas: tuple[str, ...]) -> None:
    """Set up a connection. Not inside a transaction: there SQLite ignores some of these in silence."""
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(pragma)
    cursor.close()
