"""Sends random requests, so many at a time, and keeps what is to be told of them."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from pathlib import Path
from random import Random
from typing import Final

import httpx
from graphql import build_schema

from tests.fuzz.asking import Asked, Requests
from tests.fuzz.documents import Documents
from tests.fuzz.judging import REFUSED, complaints
from tests.fuzz.supplies import supply
from tests.fuzz.values import Values

SCHEMA: Final = build_schema((Path(__file__).resolve().parents[2] / "schema.graphql").read_text("utf-8"))
SLOWEST: Final = 8
_KEEP_ALIVE: Final = b":\n\n"


@dataclass
class Report:
    """What became of a run."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of request and what came back."""
    wrong: list[tuple[Asked, str]] = field(default_factory=list)
    slowest: list[tuple[float, int, Asked]] = field(default_factory=list)
    """Seconds, a number that nobody needs, and the request."""
    memory: list[int] = field(default_factory=list)
    """Bytes that the server has resident, now and then."""

    @property
    def asked(self) -> int:
        """How many requests were answered."""
        return sum(self.answers.values())

    @property
    def refused(self) -> int:
        """How many of them were refused because there was too much to do."""
        return sum(
            count for (_, outcome), count in self.answers.items() if outcome in {str(one) for one in REFUSED}
        )


@dataclass
class Fuzz:
    """One run."""

    http: httpx.AsyncClient
    requests: Requests
    values: Values
    memory: Callable[[], int] = lambda: 0
    report: Report = field(default_factory=Report)

    async def run(self, count: int, *, at_a_time: int) -> Report:
        """Send `count` requests."""
        left = iter(range(count))
        every = max(count // 50, 1)

        async def send() -> None:
            for number in left:
                if number % every == 0:
                    self.report.memory.append(self.memory())
                    self.values.known = await supply(self.http, self.requests.key)
                await self._one(number, self.requests.make())

        async with asyncio.TaskGroup() as group:
            for _ in range(at_a_time):
                group.create_task(send())
        return self.report

    async def _one(self, number: int, asked: Asked) -> None:
        begun = time.perf_counter()
        response, content = await send(self.http, asked)
        self._remember(time.perf_counter() - begun, number, asked)
        outcome = str(response.status_code)
        try:
            said = list(complaints(asked, response, content))
        except ValueError as error:
            said = [f"no JSON: {error}"]
        if response.status_code == 200 and not asked.is_stream and not said:
            answer = json.loads(content)
            self.values.learn(answer)
            outcome += " data" if answer.get("data") else " errors"
        self.report.answers[asked.kind, outcome] += 1
        self.report.wrong += [(asked, line) for line in said]

    def _remember(self, seconds: float, number: int, asked: Asked) -> None:
        entry = (seconds, number, asked)
        if len(self.report.slowest) < SLOWEST:
            heappush(self.report.slowest, entry)
        elif entry > self.report.slowest[0]:
            heapreplace(self.report.slowest, entry)


def new_fuzz(http: httpx.AsyncClient, seed: int, *, key: str, memory: Callable[[], int] = lambda: 0) -> Fuzz:
    """A run over the committed schema."""
    values = Values(Random(seed))
    return Fuzz(http, Requests(Documents(SCHEMA, values), key), values, memory)


async def send(http: httpx.AsyncClient, asked: Asked) -> tuple[httpx.Response, bytes]:
    """The answer, or of one that may stay open the first event."""
    async with http.stream(
        asked.method, asked.path, content=asked.content, headers=asked.headers
    ) as response:
        content = b""
        async for chunk in response.aiter_bytes():
            content += chunk
            if asked.is_stream and b"\n\n" in content.replace(_KEEP_ALIVE, b""):
                break
        return response, content
