"""What Alembic runs for each command: migrate the connection that app.database.migrating hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Enum
from sqlalchemy.types import TypeEngine
from sqlmodel.sql.sqltypes import AutoString

from app.tables.columns import UtcDateTime
from app.tables.registry import metadata


def render_item(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write a column's type as what the database keeps: a migration outlives the code it was made from."""
    if kind != "type" or not isinstance(item, TypeEngine):
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    if isinstance(item, AutoString):
        return "sa.String()"
    if isinstance(item, JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    # SQLite cannot alter most things in place: the table is rebuilt and its rows are copied.
    render_as_batch=True,
    compare_server_default=True,
    # For PostgreSQL, where no transaction can hold an index that is built beside others. On SQLite all run in
    # the one that app.database.migrating has begun.
    transaction_per_migration=True,
)

with context.begin_transaction():
    context.run_migrations()
