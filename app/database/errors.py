"""What can go wrong below the domain. None of these is a caller's mistake: they are for the operator."""


class DatabaseError(Exception):
    """The database layer could not do what it was asked."""


class DatabaseUrlError(DatabaseError):
    """The URL names no database this project can use, or a driver for it is missing."""


class DatabaseLockedError(DatabaseError):
    """Another process owns the SQLite file for writing."""


class DatabaseClosedError(DatabaseError):
    """The database was closed, or is being closed: nothing was written."""


class DatabaseBusyError(DatabaseError):
    """Too much is waiting: the work was not begun in the time its caller gave it, and will not be."""


class GroupFailedError(DatabaseError):
    """The transaction this piece of work shared with others failed: nothing of it was written.

    The piece itself may be without fault, and may be tried again. `__cause__` is the driver's error.
    """


class MigrationError(DatabaseError):
    """The tables cannot be brought up to date: nothing was changed."""
