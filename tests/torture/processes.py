"""Processes of an installation that may be killed at any moment, and started again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
"""How long anything may take that must come: a bound against hanging, not a measurement."""
LEADWIRE = ("-c", "from app.cli import main; main()")


class Program:
    """A Python program of ours, one process at a time."""

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], *, says: str, log: Path
    ) -> None:
        """`says`: when it has started; `log`: takes all it says, over all its lives."""
        self.name = name
        self._says = says
        self.log = log
        self._arguments = arguments
        self._environment = environment
        self._output: IO[bytes] | None = None
        self._begun_at = 0
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def copy(self, name: str) -> Iterator["Program"]:
        """Another of its kind; at the end nothing of it runs any more."""
        log = self.log.with_stem(name)
        with closing(Program(name, self._arguments, self._environment, says=self._says, log=log)) as made:
            yield made

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def ended_by_itself(self) -> bool:
        """Whether its process is gone, and nobody killed it."""
        return self._process is not None and self._process.poll() is not None

    @property
    def has_started(self) -> bool:
        """Whether this life got so far as to say so."""
        return self._says in self.heard()

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Begin a life."""
        assert not self.is_running
        self.close()
        self._output = self.log.open("ab")
        self._begun_at = self._output.tell()
        self._process = subprocess.Popen(
            [sys.executable, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=self.log.parent,
            env=_clean() | {"PYTHONPATH": str(ROOT)} | dict(self._environment),
        )

    def kill(self) -> None:
        """End its life without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def stop(self) -> int:
        """Ask it to end, and answer its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, PATIENCE_S)

    async def started(self) -> None:
        """Wait until it says that it has."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.has_started:
                assert self.is_running, f"{self.name} ended: {self.heard()[-2000:]}"
                await asyncio.sleep(0.02)

    def heard(self) -> str:
        """All that this life has said."""
        return self.log.read_bytes()[self._begun_at :].decode(errors="replace")

    def close(self) -> None:
        """End its life and let go of its log."""
        self.kill()
        if self._output is not None:
            self._output.close()
            self._output = None


async def listens(port: int) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


def _clean() -> dict[str, str]:
    """The environment without settings of ours, and without measuring coverage: a killed process tells none."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LEADWIRE_", "COVERAGE_", "COV_"))
    }
