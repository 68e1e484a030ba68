"""What a database itself says about its tables, as text that can be compared."""

import re

from sqlalchemy import Connection, text

_SQLITE = """
SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%' ORDER BY name
"""

_POSTGRESQL = {
    "column": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%' ORDER BY table_name, column_name
    """,
    "constraint": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'alembic%'
        ORDER BY 1, 2
    """,
    "index": """
        SELECT indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%' ORDER BY indexname
    """,
}


def catalogue(connection: Connection) -> list[str]:
    """One line for each column, constraint and index, conditions of partial indexes included."""
    if connection.dialect.name == "postgresql":
        return [
            f"{kind}: {' '.join(map(str, row))}"
            for kind, query in _POSTGRESQL.items()
            for row in connection.execute(text(query))
        ]
    return [
        f"{name}: {part}" for name, sql in connection.execute(text(_SQLITE)) for part in sorted(_parts(sql))
    ]


def _parts(sql: str) -> list[str]:
    """A statement cut at its outer parentheses and commas: SQLite keeps added columns as they were written."""
    head, _, rest = " ".join(sql.split()).partition("(")
    inner, _, tail = rest.rpartition(")")
    return [head.strip(), tail.strip(), *re.split(r"\s*,\s+(?![^(]*\))", inner.strip())]
