"""Backups: one moment of the database, whole, checked, and nobody's but the owner's."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.database.backing_up import Backup, BackupError, back_up
from app.database.errors import DatabaseUrlError

SCRIPT = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, filling BLOB);
CREATE TABLE child (parent_id INTEGER REFERENCES parent (id));
"""


def nothing(_done: int, _all: int) -> None:
    """Nobody wants to know how far it is."""


def count(path: Path, table: str = "parent") -> int:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A database of some 12 MB, in a folder of its own."""
    path = tmp_path / "source" / "leadwire.sqlite3"
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCRIPT)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO parent VALUES (?, randomblob(100000))", [(i,) for i in range(120)]
        )
        connection.execute("INSERT INTO child VALUES (1)")
        connection.execute("COMMIT")
    return path


def backed_up(
    source: Path, target: Path, *, replace: bool = False, progress: Callable[[int, int], None] = nothing
) -> Backup:
    return back_up(source, target, replace=replace, progress=progress)


def test_a_backup_is_the_database_in_a_file_that_only_its_owner_reads(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"

    made = backed_up(source, target)

    assert made == Backup(target, target.stat().st_size)
    assert target.stat().st_mode & 0o777 == 0o600
    assert (count(target), count(target, "child")) == (120, 1)
    assert sorted(os.listdir(tmp_path)) == ["copy.sqlite3", "source"]


def test_a_backup_holds_one_moment_and_comes_to_an_end_whatever_is_committed_meanwhile(
    source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy.sqlite3"
    steps: list[tuple[int, int]] = []
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:

        def commit_one_more(done: int, whole: int) -> None:
            steps.append((done, whole))
            writer.execute("INSERT INTO parent VALUES (NULL, randomblob(100000))")
            writer.execute("UPDATE parent SET filling = randomblob(100000) WHERE id = 0")

        backed_up(source, target, progress=commit_one_more)
        assert count(source) == 120 + len(steps)

    assert count(target) == 120
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] == target.stat().st_size


def test_a_backup_of_a_crashed_database_has_what_was_in_its_log(source: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("INSERT INTO parent VALUES (NULL, 'late')")
        log.write_bytes(source.with_name("leadwire.sqlite3-wal").read_bytes())
        main = source.read_bytes()
    source.write_bytes(main)
    source.with_name("leadwire.sqlite3-wal").write_bytes(log.read_bytes())

    backed_up(source, tmp_path / "copy.sqlite3")

    assert count(tmp_path / "copy.sqlite3") == 121


def test_a_file_that_is_there_stays_as_it_is(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("precious")

    with pytest.raises(BackupError, match="exists already; --force"):
        backed_up(source, target)
    assert target.read_text() == "precious"


def test_a_file_that_comes_up_meanwhile_stays_as_it_is(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"

    with pytest.raises(BackupError, match="exists already"):
        backed_up(source, target, progress=lambda _done, _all: target.write_text("precious") and None)
    assert target.read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["copy.sqlite3", "source"]


def test_a_file_can_be_replaced(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("old")

    backed_up(source, target, replace=True)

    assert count(target) == 120


@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".lock"])
def test_the_database_does_not_replace_itself(source: Path, end: str) -> None:
    with pytest.raises(BackupError, match="belongs to the database itself"):
        backed_up(source, source.with_name(source.name + end), replace=True)
    assert count(source) == 120


def test_another_name_of_the_database_does_not_help(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)

    with pytest.raises(BackupError, match="belongs to the database itself"):
        backed_up(source, tmp_path / "link", replace=True)


def test_a_file_that_somebody_works_on_is_not_replaced(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.with_name("copy.sqlite3-wal").touch()

    with pytest.raises(BackupError, match="somebody uses"):
        backed_up(source, target, replace=True)


def test_a_folder_that_is_missing_or_named_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is not there; create it first"):
        backed_up(source, tmp_path / "nowhere" / "copy.sqlite3")
    with pytest.raises(BackupError, match="is a folder"):
        backed_up(source, tmp_path, replace=True)


def test_a_database_that_is_missing_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUrlError, match="there is no database file"):
        backed_up(tmp_path / "nothing.sqlite3", tmp_path / "copy.sqlite3")
    assert os.listdir(tmp_path) == []


def break_pages(source: Path) -> None:
    content = bytearray(source.read_bytes())
    content[4096 * 40 : 4096 * 60] = os.urandom(4096 * 20)
    source.write_bytes(content)


def no_database(source: Path) -> None:
    source.write_bytes(b"ada@example.com " * 4096)


def make_an_orphan(source: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("INSERT INTO child VALUES (404)")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (break_pages, "is damaged, so its copy was thrown away"),
        (no_database, "cannot be copied: file is not a database"),
        (make_an_orphan, "rows of child refer to rows of parent that are not there"),
    ],
)
def test_a_damaged_database_makes_no_backup(
    source: Path, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(source)

    with pytest.raises(BackupError, match=said) as failure:
        backed_up(source, tmp_path / "copy.sqlite3")
    assert "example.com" not in str(failure.value)
    assert os.listdir(tmp_path) == ["source"]


def test_what_is_broken_off_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    def give_up(_done: int, _all: int) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        backed_up(source, tmp_path / "copy.sqlite3", progress=give_up)
    assert os.listdir(tmp_path) == ["source"]
