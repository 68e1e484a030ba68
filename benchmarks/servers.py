"""Servers in processes of their own, and what they use of the machine. Needs Linux's /proc."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from sqlalchemy import make_url

from app.database import pragmas
from benchmarks.track import Track

STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 60


class NotStartedError(Exception):
    """A server did not start. What it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    pid: int
    port: int
    started_in_s: float
    """From the start of its process to its first answer."""

    def peak_mib(self) -> float:
        """Its memory, at the most so far."""
        return self._memory_mib("VmHWM")

    def memory_mib(self) -> float:
        """Its memory now."""
        return self._memory_mib("VmRSS")

    def _memory_mib(self, name: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

    def cpu_s(self) -> float:
        """Seconds of a processor it has used so far."""
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], track: Track, url: str, *, ready_path: str = "/"
) -> Iterator[Server]:
    """A server on the database at `url`, which is as the track's; ended with the context.

    It counts as started once it answers a GET of `ready_path` with anything, or with 200 where that is
    /readyz. NotStartedError.
    """
    port = free_port()
    given = {**os.environ, **_environment(track, url, port), **environment}
    with tempfile.TemporaryFile() as said:
        begun_at = time.perf_counter()
        process = subprocess.Popen(command, env=given, stdout=said, stderr=said)
        try:
            while not _answers(port, ready_path):
                if process.poll() is not None or time.perf_counter() - begun_at > STARTS_WITHIN_S:
                    said.seek(0)
                    raise NotStartedError(f"{command}: {said.read().decode(errors='replace')[-3000:]}")
                time.sleep(0.005)
            yield Server(process.pid, port, time.perf_counter() - begun_at)
        finally:
            process.terminate()
            process.wait(timeout=ENDS_WITHIN_S)


def _environment(track: Track, url: str, port: int) -> dict[str, str]:
    return {
        "LEADWIRE_DATABASE_URL": url,
        "LEADWIRE_SECRET_KEY": track.secret_key,
        "LEADWIRE_PORT": str(port),
        "UVICORN_PORT": str(port),
        "RACE_PORT": str(port),
        "RACE_DATABASE": make_url(url).database or "",
        "RACE_PRAGMAS": ";".join(pragmas.WRITER),
        "NODE_ENV": "production",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10):
            return True
    except HTTPError:
        return path != "/readyz"
    except OSError:
        return False
