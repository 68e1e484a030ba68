"""For migrations: an index on a table that is in use, built while others go on writing to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import op


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Make the index `name`. `options`: those of op.create_index.

    On PostgreSQL no transaction can hold this: a migration that uses it does nothing else, or a failure would
    leave it half done. One that failed is made anew.
    """
    context = op.get_context()
    if context.dialect.name != "postgresql":
        op.create_index(name, table, columns, **options)
        return
    with context.autocommit_block(), _waiting_for_others():
        # A build that was broken off leaves an index that is kept up to date and never used.
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)


@contextmanager
def _waiting_for_others() -> Iterator[None]:
    """Let it wait for transactions under way as long as they take: nobody waits behind it."""
    connection = op.get_bind()
    before = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    connection.exec_driver_sql("SET lock_timeout = 0")
    yield
    connection.exec_driver_sql(f"SET lock_timeout = '{before}'")
