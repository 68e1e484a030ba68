"""Versions of the program that are still to come: its migrations, and some more."""

import shutil
from pathlib import Path

from app.database.migrating import MIGRATIONS

ADDING = "op.add_column('project', sa.Column('colour', sa.String(), nullable=True))"
BREAKING = """
    with op.batch_alter_table('project') as batch:
        batch.alter_column('name', new_column_name='title')"""
INDEXING = "create_index('ix_project_name', 'project', ['name'])"

_FILE = '''"""Later."""

import sqlalchemy as sa
from alembic import op

from app.database.migrations.indexes import create_index

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None
{declared}


def upgrade() -> None:
    {change}
'''


def last_revision(migrations: Path = MIGRATIONS) -> str:
    return max(path.name for path in (migrations / "versions").glob("[0-9]*.py"))[:4]


def later_version(folder: Path, *changes: str, declared: str = "") -> Path:
    """The migrations of a version with one more for each of `changes`."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        before = last_revision(migrations)
        revision = f"{int(before) + 1:04d}"
        text = _FILE.format(revision=revision, before=before, declared=declared, change=change)
        (migrations / "versions" / f"{revision}_later.py").write_text(text)
    return migrations
