"""Ids of everything but leads: UUID version 7, time-ordered, so that indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new id, later in order than those made before."""
    return uuid7()


def parse_id(given: str) -> UUID | None:
    """The id a caller wrote; None when it can be nobody's."""
    try:
        return UUID(given)
    except ValueError:
        return None
