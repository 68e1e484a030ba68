"""Who is calling: API keys, and what they open."""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from app.clock import Clock
from app.database.database import Database
from app.errors import UnauthenticatedError
from app.ids import new_id
from app.repositories.projects import find_key, is_in_force, keys_in_force
from app.services.remembering import Remembered, seen_within_s
from app.tables.projects import ApiKeyRow
from app.values import ApiKeyKind, Scope

MISSING_KEY = "Missing X-API-Key header"
INVALID_KEY = "Invalid API key"

_PREFIXES: Final = {ApiKeyKind.SECRET: "lw_", ApiKeyKind.PUBLIC: "lwp_"}
"""What secret scanners can look for, and people who see a key somewhere."""
_SHOWN: Final = 8
"""Characters of a key that are kept readable."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The holder of a key that is in force."""

    project_id: UUID
    key_id: UUID
    scopes: frozenset[Scope]
    kind: ApiKeyKind = ApiKeyKind.SECRET
    key_name: str = field(default="", compare=False)
    request_id: str | None = field(default=None, compare=False)
    """What the caller is doing just now; None: nothing with an id."""

    @property
    def is_public(self) -> bool:
        """Whether it may be anybody who has opened a web page."""
        return self.kind is ApiKeyKind.PUBLIC

    def may(self, scope: Scope) -> bool:
        """Whether the key carries the scope; admin carries all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


def hash_key(key: str) -> str:
    """How a key is stored."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def new_key(kind: ApiKeyKind = ApiKeyKind.SECRET) -> str:
    """A fresh key: 256 random bits behind a prefix that says what it is."""
    return f"{_PREFIXES[kind]}{secrets.token_urlsafe(32)}"


def key_row(
    *,
    project_id: UUID,
    name: str,
    key: str,
    scopes: frozenset[Scope],
    clock: Clock,
    kind: ApiKeyKind = ApiKeyKind.SECRET,
    expires_at: datetime | None = None,
) -> ApiKeyRow:
    """The row that makes `key` open the project."""
    return ApiKeyRow(
        id=new_id(),
        project_id=project_id,
        name=name,
        key_hash=hash_key(key),
        # Of a short one, such as the demo's, the beginning would be most of it.
        prefix=key[:_SHOWN] if len(key) >= 4 * _SHOWN else None,
        kind=kind,
        scopes=sorted(scope.value for scope in scopes),
        created_at=clock(),
        expires_at=expires_at,
    )


_KEYS: Final = 10_000
"""Remembered at a time; half a kilobyte each."""


class ViewerService:
    """Finds out who is calling."""

    def __init__(
        self, database: Database, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.database, self.clock = database, clock
        self._remembered = Remembered[str, tuple[ApiKeyRow, Viewer]](
            self._read, most=_KEYS, lasts_s=seen_within_s(database), monotonic=monotonic
        )

    async def authenticate(self, key: str | None) -> Viewer:
        """The viewer of this key; UnauthenticatedError without one, and for one that is not in force."""
        if key is None:
            raise UnauthenticatedError(MISSING_KEY)
        key_hash = hash_key(key)
        known = self._remembered.get(key_hash) or await self._remembered.fetch(key_hash)
        if known is None or not is_in_force(known[0], self.clock()):
            raise UnauthenticatedError(INVALID_KEY)
        return known[1]

    async def _read(self, key_hash: str) -> tuple[ApiKeyRow, Viewer] | None:
        row = await self.database.read(lambda session: find_key(session, key_hash))
        return None if row is None else (row, _viewer(row))

    async def in_force(self, viewers: Collection[Viewer]) -> frozenset[Viewer]:
        """Those of them whose keys still are in force and open the same."""
        key_ids, now = [viewer.key_id for viewer in viewers], self.clock()
        rows = await self.database.read(lambda session: keys_in_force(session, key_ids, now))
        return frozenset(viewers) & {_viewer(row) for row in rows}


def _viewer(row: ApiKeyRow) -> Viewer:
    return Viewer(
        project_id=row.project_id,
        key_id=row.id,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        kind=row.kind,
        key_name=row.name,
    )
