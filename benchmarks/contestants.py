"""Who runs in the race, and how each is started: a process of its own, on a file of its own."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.load import LEAD, Request
from benchmarks.track import Track

_NODE = Path(__file__).parent / "peers" / "node"
DOCUMENT = """
mutation ChangeStatus($input: UpdateLeadStatusInput!) {
  updateLeadStatus(input: $input) {
    __typename
    ... on QueuedResult {
      message leadId uniqueIdentifier status queued
      job { id state active price currency }
    }
    ... on UserError { code message }
  }
}
"""
"""What every GraphQL server is asked."""
PRICE_CENTS = 12_500
MOST_PER_MINUTE = 10_000_000
"""Requests of a key: they are counted, and never too many."""


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A server."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    graphql: bool = True

    def request(self, track: Track, port: int) -> Request:
        """What is sent to it."""
        path = "graphql" if self.graphql else "updateLeadStatus"
        body = _graphql_body(track.label_id) if self.graphql else _rest_body(track.label_id)
        return Request(f"http://127.0.0.1:{port}/{path}", track.api_key, body)


def _graphql_body(label_id: str) -> str:
    change = {
        "lead": {"uniqueIdentifier": f"crm-{LEAD}"},
        "conversionId": label_id,
        "price": PRICE_CENTS,
        # As it is by default, which mercurius' compiler does not know of.
        "onConflict": "REJECT",
    }
    document = " ".join(DOCUMENT.split())
    return json.dumps({"query": document, "variables": {"input": change}})


def _rest_body(label_id: str) -> str:
    lead = {"unique_identifier": f"crm-{LEAD}"}
    return json.dumps({"lead": lead, "conversion_id": label_id, "price": PRICE_CENTS})


LEADWIRE = Contestant(
    "Leadwire",
    (sys.executable, "-c", "from app.cli import main; main()", "serve"),
    # No contestant sends anything. Whoever may look at /metrics, all that is in it is counted.
    {
        "LEADWIRE_WORKER": "off",
        "LEADWIRE_METRICS": "open",
        "LEADWIRE_RATE_LIMIT_PER_MINUTE": str(MOST_PER_MINUTE),
    },
)


def _uvicorn(app: str, *more: str) -> tuple[str, ...]:
    # Without the log of requests, which all of them would have to write.
    return (sys.executable, "-m", "uvicorn", f"benchmarks.peers.{app}", "--no-access-log", *more)


DOCUMENTED = Contestant(
    "Strawberry + SQLModel + aiosqlite, as documented",
    # What `pip install uvicorn` brings.
    _uvicorn("strawberry_server:documented", "--loop", "asyncio", "--http", "h11"),
)
CACHED = Contestant(
    "the same with both caches, uvloop, httptools",
    _uvicorn("strawberry_server:cached", "--loop", "uvloop", "--http", "httptools"),
)
FASTAPI = Contestant(
    "FastAPI (REST) + SQLModel + aiosqlite, as documented",
    # What `pip install "fastapi[standard]"` brings.
    _uvicorn("fastapi_server:app", "--loop", "uvloop", "--http", "httptools"),
    graphql=False,
)
YOGA = Contestant("graphql-yoga + better-sqlite3", ("node", str(_NODE / "yoga.mjs")))
MERCURIUS = Contestant("mercurius (JIT) + better-sqlite3", ("node", str(_NODE / "mercurius.mjs")))
GROUPED = Contestant(
    "the same with group commit added by hand", ("node", str(_NODE / "mercurius.mjs")), {"RACE_GROUPED": "1"}
)


def entered() -> tuple[list[Contestant], list[str]]:
    """Who can run here, and why the others cannot."""
    contestants, missing = [DOCUMENTED, CACHED], []
    if find_spec("fastapi"):
        contestants.append(FASTAPI)
    else:
        missing.append("FastAPI is not installed: `make bench` installs it")
    if not shutil.which("node"):
        missing.append("there is no Node.js: without graphql-yoga and mercurius")
    elif not (_NODE / "node_modules/better-sqlite3/build/Release/better_sqlite3.node").exists():
        missing.append("the Node.js peers are not installed: without graphql-yoga and mercurius")
    else:
        contestants += [YOGA, MERCURIUS, GROUPED]
    return [*contestants, LEADWIRE], missing
