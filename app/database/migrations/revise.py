"""For developers: `python -m app.database.migrations.revise "Say why"` drafts a migration from the tables.

The draft is to be read and corrected: Alembic sees neither renamed columns nor changed index conditions.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import Connection

from app.database.migrating import MIGRATIONS, alembic_config, run_step, upgrade_to_head


def draft_revision(message: str) -> None:
    """Write the difference between an up-to-date empty database and the tables into a new, numbered file."""
    number = f"{len(list((MIGRATIONS / 'versions').glob('[0-9]*.py'))) + 1:04d}"

    def draft(connection: Connection) -> None:
        upgrade_to_head(connection)
        command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)

    with TemporaryDirectory() as folder:
        run_step(f"sqlite+aiosqlite:///{Path(folder) / 'draft.sqlite3'}", draft)


if __name__ == "__main__":
    draft_revision(sys.argv[1])
