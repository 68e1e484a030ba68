"""API keys: making, listing and revoking them. Whom a key lets in: viewer.py."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database, after_commit
from app.errors import ApiKeyNotFoundError, Problem, invalid
from app.ids import parse_id
from app.repositories.api_keys import find_key_by_id, list_keys, lock_keys
from app.repositories.projects import find_project_by_name, is_in_force
from app.services.auditing import Author, differences, record
from app.services.texts import name_problem, reject
from app.services.viewer import Viewer, key_row, new_key
from app.tables.projects import ApiKeyRow, ProjectRow
from app.values import ApiKeyKind, AuditAction, Scope

STAYS: Final = timedelta(days=1)
"""How much longer a key must be in force to be one that still opens the project when another is revoked."""

Revoked = Callable[[UUID], None]
"""Told of a key that was revoked, right after the commit. Called on the event loop; must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as it is asked for."""

    name: str
    scopes: Collection[Scope] = ()
    kind: ApiKeyKind = ApiKeyKind.SECRET
    expires_at: datetime | None = None
    """None: never."""


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was made."""

    row: ApiKeyRow
    key: str
    """The key itself: it is shown once, and nowhere stored."""


def tell_nobody(_key_id: UUID) -> None:
    """For a process that answers nobody: others find out by themselves."""


@dataclass(frozen=True, slots=True)
class ApiKeyService:
    """Makes, lists and revokes keys: for a project's administrator, and for whoever runs the installation."""

    database: Database
    clock: Clock
    revoked: Revoked = tell_nobody

    async def list(self, viewer: Viewer) -> Sequence[ApiKeyRow]:
        """Every key of the viewer's project, oldest first; those that are revoked or expired too."""
        return await self.database.read(lambda session: list_keys(session, viewer.project_id))

    async def create(self, viewer: Viewer, new: NewKey) -> CreatedKey:
        """Make a key to the viewer's project; InvalidInputError with all that is wrong."""
        return await self._create(lambda _session: Author.of(viewer), new)

    async def revoke(self, viewer: Viewer, given_id: str) -> ApiKeyRow:
        """Put a key of the viewer's project out of force at once; one that is revoked already stays so.

        Raises:
            ApiKeyNotFoundError: the project has no key with this id.
            InvalidInputError: nobody could administer the project any more, or only for less than STAYS.
        """
        key_id, now = parse_id(given_id), self.clock()

        def work(session: Session) -> ApiKeyRow:
            # All of them: two administrators who revoke each other's key must meet.
            keys = lock_keys(session, viewer.project_id)
            key = next((key for key in keys if key.id == key_id), None)
            if key is None:
                raise ApiKeyNotFoundError
            if _administers(key, now) and not any(_stays(other, now) for other in keys if other is not key):
                raise invalid("id", message=_LAST_KEY)
            return self._revoke(session, Author.of(viewer), key, now)

        return await self.database.write(work)

    # ---- for whoever runs the installation ----

    async def list_of(self, project_name: str) -> Sequence[ApiKeyRow]:
        """Every key of the project with this name; InvalidInputError: there is none."""
        return await self.database.read(
            lambda session: list_keys(session, _find_project(session, project_name).id)
        )

    async def create_for(self, project_name: str, new: NewKey) -> CreatedKey:
        """Make a key to the project with this name; InvalidInputError with all that is wrong."""
        return await self._create(lambda session: Author(_find_project(session, project_name).id), new)

    async def revoke_any(self, given_id: str) -> ApiKeyRow:
        """Revoke a key of any project, the last one too: another can be made; ApiKeyNotFoundError."""
        key_id, now = parse_id(given_id), self.clock()

        def work(session: Session) -> ApiKeyRow:
            key = find_key_by_id(session, key_id) if key_id else None
            if key is None:
                raise ApiKeyNotFoundError
            return self._revoke(session, Author(key.project_id), key, now)

        return await self.database.write(work)

    async def _create(self, find_author: Callable[[Session], Author], new: NewKey) -> CreatedKey:
        reject(_problems(new, self.clock()))
        key = new_key(new.kind)

        def work(session: Session) -> ApiKeyRow:
            author = find_author(session)
            row = key_row(
                project_id=author.project_id,
                name=new.name.strip(),
                key=key,
                scopes=frozenset(new.scopes),
                clock=self.clock,
                kind=new.kind,
                expires_at=new.expires_at,
            )
            session.add(row)
            changes = differences({}, _audited_values(row))
            record(session, author, AuditAction.API_KEY_CREATED, row.id, row.created_at, changes=changes)
            return row

        return CreatedKey(await self.database.write(work), key)

    def _revoke(self, session: Session, author: Author, key: ApiKeyRow, now: datetime) -> ApiKeyRow:
        """The one way a key goes out of force by hand."""
        if key.revoked_at is None:
            key.revoked_at = now
            record(session, author, AuditAction.API_KEY_REVOKED, key.id, now)
        after_commit(session, lambda: self.revoked(key.id))
        return key


_LAST_KEY: Final = (
    "is the last key with the scope admin that stays in force: create another one first, or have the operator"
    " revoke it with `leadwire revoke-key`"
)


def _audited_values(key: ApiKeyRow) -> dict[str, Any]:
    expires_at = key.expires_at.isoformat() if key.expires_at else None
    return {"name": key.name, "kind": key.kind.value, "scopes": key.scopes or None, "expiresAt": expires_at}


def _administers(key: ApiKeyRow, now: datetime) -> bool:
    return Scope.ADMIN in key.scopes and is_in_force(key, now)


def _stays(key: ApiKeyRow, now: datetime) -> bool:
    return _administers(key, now + STAYS)


def _find_project(session: Session, name: str) -> ProjectRow:
    project = find_project_by_name(session, name)
    if project is None:
        raise invalid("project", message=f"there is no project named '{name}'")
    return project


def _problems(new: NewKey, now: datetime) -> list[Problem]:
    problems = [name_problem(new.name)]
    if new.kind is ApiKeyKind.PUBLIC and new.scopes:
        problems.append(Problem(("scopes",), "a public key has none: all it may do is create leads"))
    if new.kind is ApiKeyKind.SECRET and not new.scopes:
        problems.append(Problem(("scopes",), "must name at least one"))
    if new.expires_at is not None and new.expires_at <= now:
        problems.append(Problem(("expiresAt",), "must be in the future"))
    return [problem for problem in problems if problem is not None]
