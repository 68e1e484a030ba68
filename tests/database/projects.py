"""Rows for the tests of the database layer: projects, because they need no other row."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import make_url
from sqlmodel import Session, col, select

from app.tables.projects import ProjectRow


def new_project(name: str) -> ProjectRow:
    return ProjectRow(
        id=uuid4(), name=name, country_code="DE", currency="EUR", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def adding(name: str) -> Callable[[Session], None]:
    """Work that adds one project."""

    def work(session: Session) -> None:
        session.add(new_project(name))
        session.flush()

    return work


def names(session: Session) -> list[str]:
    """The names of all projects this session sees."""
    return list(session.exec(select(ProjectRow.name).order_by(col(ProjectRow.name))))


def committed_names(sqlite_url: str) -> list[str]:
    """The names of all projects that a connection of its own sees: what is committed in the SQLite file."""
    connection = sqlite3.connect(make_url(sqlite_url).database or "")
    try:
        return [name for (name,) in connection.execute("SELECT name FROM project ORDER BY name")]
    finally:
        connection.close()
