"""Ids of everything but leads: UUID version 7, time-ordered, so that indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new id, later in order than those made before."""
    return uuid7()
