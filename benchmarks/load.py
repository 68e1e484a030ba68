"""Puts a server under load: wrk where it is installed, else a small generator of our own.

Both send one status change after the other on each connection, each for a lead of its own, and look at every
reply; a wrong one ends the race.
"""

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks.generator import generate

EXPECTED = '"QueuedResult"'
"""In every reply."""
LEAD = "@LEAD@"
"""In a body: where the lead's number goes."""
_SCRIPT = Path(__file__).with_name("load.lua")


class WrongReplyError(Exception):
    """A server answered something else than that the conversion is queued, or not at all."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, for any lead."""

    url: str
    api_key: str
    body: str


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it."""

    replies: int
    seconds: float
    p50_ms: float
    p99_ms: float
    next_lead: int
    """The first whose status nobody asked to change."""

    @property
    def rate(self) -> float:
        """Replies a second."""
        return self.replies / self.seconds


def generator_name() -> str:
    """What puts servers under load here."""
    return "wrk" if shutil.which("wrk") else "the project's own generator, as there is no wrk"


def put_load(request: Request, *, connections: int, seconds: int, first_lead: int) -> Load:
    """Load for some whole seconds. WrongReplyError."""
    drive = _wrk if shutil.which("wrk") else _own
    return drive(request, connections, seconds, first_lead)


def _wrk(request: Request, connections: int, seconds: int, first_lead: int) -> Load:
    environment = {
        "RACE_FIRST": str(first_lead),
        "RACE_BODY": request.body,
        "RACE_KEY": request.api_key,
        "RACE_EXPECTED": EXPECTED,
    }
    count = ("--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s")
    command = ("wrk", *count, "--timeout", "30s", "--script", str(_SCRIPT), request.url)
    told = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    result = next(line for line in told.stdout.splitlines() if line.startswith("RACE "))
    replies, wrong, last, lost, took_us, p50_us, p99_us = (float(part) for part in result.split()[1:])
    if wrong or lost or not replies:
        example = next(line for line in told.stdout.splitlines() if line.startswith("WRONG "))
        raise WrongReplyError(f"{wrong:.0f} of {replies:.0f} replies, {lost:.0f} broken off: {example[:600]}")
    return Load(int(replies), took_us / 1e6, p50_us / 1e3, p99_us / 1e3, int(last) + 1)


def _own(request: Request, connections: int, seconds: int, first_lead: int) -> Load:
    numbers = iter(range(first_lead, first_lead + 10**9))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        generated = runner.run(
            generate(
                [request.url],
                (request.body.replace(LEAD, str(number)).encode() for number in numbers),
                api_key=request.api_key,
                expected=EXPECTED.encode(),
                connections=connections,
                seconds=seconds,
            )
        )
    if generated.wrong:
        raise WrongReplyError(generated.wrong[:600])
    return Load(
        len(generated.took_ms),
        generated.seconds,
        generated.percentile(0.5),
        generated.percentile(0.99),
        next(numbers),
    )
