"""The lock by which one process owns a SQLite file for writing; SQLite's own last one transaction only."""

import fcntl
import os
from pathlib import Path

from app.database.errors import DatabaseLockedError


class FileLock:
    """A lock on `<database>.lock`, given back by release() or by the death of the process."""

    def __init__(self, database: Path) -> None:
        """Prepare the lock of the file `database`, which need not exist."""
        self._database = database
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock at once; DatabaseLockedError when anybody, this process included, has it."""
        path = self._database.with_name(self._database.name + ".lock")
        # Not inherited by programs this process starts: they would keep the lock after its death.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise DatabaseLockedError(self._refusal(owner)) from error
        except OSError:  # a file system without locks
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor
        # Before SQLite makes it readable for everybody: it holds people's data. Its log gets the same mode.
        os.close(os.open(self._database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        # The file stays: one who removed it could take away the lock that another has just been given.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _refusal(self, owner: str) -> str:
        process = f"process {owner}" if owner else "another process"
        return (
            f"{self._database} is in use by {process}. A SQLite file has one writing process: stop that one "
            "first, or use another file. To run several processes on one database, use PostgreSQL "
            "(postgresql+asyncpg://user:password@host/name)."
        )
