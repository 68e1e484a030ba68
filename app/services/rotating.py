"""Encrypting with the newest key what is stored under an older one, while others work on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.database.database import Database
from app.encryption import Cipher, CredentialsUnreadableError
from app.repositories.health import list_connected
from app.repositories.integrations import integrations_by_id, replace_credentials
from app.tables.integrations import IntegrationRow

CHUNK: Final = 100
"""Integrations in one transaction."""

_PASSES: Final = 5
"""How often it is begun anew. What is still to do then is put back by a process that lacks the newest key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How it ended. Everything stored was read again at the end."""

    stored: int
    """Connected integrations; each has credentials."""
    renewed: int
    """Times that credentials were encrypted anew."""
    behind: Sequence[str]
    """Names of integrations that are still under an older key."""
    closed: Sequence[str]
    """Names of integrations that no key opens."""

    @property
    def is_complete(self) -> bool:
        """Whether the newest key opens everything, so that the others can go."""
        return not self.behind and not self.closed


async def rotate(database: Database, cipher: Cipher) -> Rotation:
    """Encrypt anew, a chunk to a transaction, until the newest key opens all that any key does.

    Credentials that somebody replaces meanwhile are looked at again.
    """
    renewed = 0
    for _ in range(_PASSES):
        found = await database.read(list_connected)
        closed = [row for row in found if not _opens(cipher, row)]
        behind = [row for row in found if row not in closed and not cipher.is_current(row.credentials)]
        if not behind:
            break
        for start in range(0, len(behind), CHUNK):
            ids = [row.id for row in behind[start : start + CHUNK]]
            renewed += await database.write(partial(_renew, cipher=cipher, ids=ids))
    return Rotation(
        stored=len(found),
        renewed=renewed,
        behind=[row.name for row in behind],
        closed=[row.name for row in closed],
    )


def _opens(cipher: Cipher, row: IntegrationRow) -> bool:
    try:
        cipher.decrypt(row.credentials)
    except CredentialsUnreadableError:
        return False
    return True


def _renew(session: Session, *, cipher: Cipher, ids: Sequence[UUID]) -> int:
    """Encrypt these anew, but for what somebody replaces in between; answers how many were."""
    # In order of id: so two of these at once cannot wait for each other.
    found = sorted(integrations_by_id(session, ids), key=lambda row: row.id)
    rows = [row for row in found if row.credentials and _opens(cipher, row)]
    return sum(
        replace_credentials(session, row, cipher.encrypt(cipher.decrypt(row.credentials))) for row in rows
    )
