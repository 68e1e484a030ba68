"""Migrations that say they only add do only add: an older process must not notice them."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, event, inspect
from sqlalchemy.engine.interfaces import ReflectedIndex

from app.database.migrating import MIGRATIONS, alembic_config, run_step

BEFORE_THE_FIRST_RELEASE = {"0001", "0002"}
"""Nobody has large tables that these build indexes on."""


def scripts() -> list[Script]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return list(ScriptDirectory.from_config(config).walk_revisions())


EXPANDING = [script for script in scripts() if getattr(script.module, "expand", False)]


def described(index: ReflectedIndex) -> str:
    conditions = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} {conditions}"


def shape(connection: Connection) -> dict[str, dict[str, Any]]:
    """What an older process relies on: of each table its columns and what its rows must keep."""
    look = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(table)
            },
            "rules": [
                look.get_pk_constraint(table),
                sorted(map(str, look.get_foreign_keys(table))),
                sorted(map(str, look.get_check_constraints(table))),
                sorted(described(index) for index in look.get_indexes(table) if index["unique"]),
            ],
            "indexes": {described(index) for index in look.get_indexes(table) if not index["unique"]},
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def refusals(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """What an older process would notice."""
    found = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        found += [
            f"{table}.{name} has changed"
            for name, kind in old["columns"].items()
            if new["columns"].get(name) != kind
        ]
        found += [
            f"{table}.{name} must be given"
            for name, (_, nullable, default) in new["columns"].items()
            if name not in old["columns"] and not nullable and default is None
        ]
        if old["rules"] != new["rules"]:
            found.append(f"{table} has other rules")
        if not old["indexes"] <= new["indexes"]:
            found.append(f"{table} has lost an index")
    return found


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.revision)
def test_every_migration_says_whether_it_only_adds(script: Script) -> None:
    assert isinstance(getattr(script.module, "expand", None), bool), f"{script.path}: expand = True or False"


def stepping(script: Script, look: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """From the revision before to this one, with a look at both."""

    def step(connection: Connection) -> None:
        config = alembic_config(connection)
        command.downgrade(config, str(script.down_revision or "base"))
        look(connection)
        command.upgrade(config, script.revision)
        look(connection)

    return step


@pytest.mark.parametrize("script", EXPANDING, ids=lambda script: script.revision)
def test_a_migration_that_expands_takes_nothing_away_and_asks_for_nothing_new(
    sqlite_url: str, script: Script
) -> None:
    shapes: list[dict[str, dict[str, Any]]] = []

    run_step(sqlite_url, stepping(script, lambda connection: shapes.append(shape(connection))))

    before, after = shapes
    assert refusals(before, after) == []
    assert before != after


@pytest.mark.parametrize(
    "script",
    [script for script in EXPANDING if script.revision not in BEFORE_THE_FIRST_RELEASE],
    ids=lambda script: script.revision,
)
def test_a_migration_that_expands_builds_indexes_beside_those_who_write(
    sqlite_url: str, script: Script
) -> None:
    """Seen on SQLite, where an index of app.database.migrations.indexes is a statement like any other."""
    source = (MIGRATIONS / "versions" / script.path).read_text()
    tables: list[set[str]] = []
    statements: list[str] = []

    def look(connection: Connection) -> None:
        tables.append(set(inspect(connection).get_table_names()))
        if len(tables) == 1:
            event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))

    run_step(sqlite_url, stepping(script, look))

    on_old_tables = [
        line
        for line in statements
        if "CREATE INDEX" in line and line.split(" ON ")[1].split()[0] in tables[0]
    ]
    assert not on_old_tables or "op.create_index" not in source


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table["columns"].pop("name"), "project.name has changed"),
        (lambda table: table["columns"].update(name=("VARCHAR", True, None)), "project.name has changed"),
        (lambda table: table["columns"].update(new=("VARCHAR", False, None)), "project.new must be given"),
        (lambda table: table["rules"].append("UNIQUE (name)"), "project has other rules"),
        (lambda table: table["indexes"].clear(), "project has lost an index"),
    ],
)
def test_what_an_older_process_would_notice_is_found(change: Callable[[Any], None], said: str) -> None:
    def tables() -> dict[str, dict[str, Any]]:
        return {
            "project": {"columns": {"name": ("VARCHAR", False, None)}, "rules": [], "indexes": {"ix"}},
            "gone": {},
        }

    after = tables()
    del after["gone"]
    change(after["project"])

    assert refusals(tables(), after) == ["gone is gone", said]
