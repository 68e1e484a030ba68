"""What GraphQL itself costs: one `updateLeadStatus` with a service that does nothing, in process.

Through the project's schema with all its extensions, and through a default strawberry.Schema of the same
types, which has neither caches nor limits nor masking. Both take turns in one run, in time of the processor,
as nothing here waits. Takes about 10 seconds; fails below the ratio that is demanded. Run it from the
project's folder:

    python -m benchmarks.graphql_layer
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import strawberry
from pydantic import SecretStr

from app.asgi import build_services
from app.clock import utc_now
from app.encryption import new_secret_key
from app.ids import new_id
from app.runtime import open_runtime, prepare_database
from app.services.answers import Queued
from app.services.gatekeeper import RateLimits
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.settings import Settings
from app.tables.jobs import JobRow
from app.tables.leads import LeadRow
from app.values import JobState, LeadIdentifierKind, LeadStatus, Scope
from benchmarks.contestants import DOCUMENT, MOST_PER_MINUTE
from benchmarks.databases import bench_folder, sqlite_url
from resolvers.root import Mutation, Query, Subscription, schema
from schema.context import Context, Services
from schema.execution import Executor
from schema.payloads import OperationRequest

ROUNDS = 9
ROUND_S = 0.5
DEMANDED = 12.0


class NoOpStatus:
    """Stands for StatusService: answers the same at once."""

    def __init__(self) -> None:
        now, project_id = utc_now(), new_id()
        job = JobRow(
            id=new_id(),
            project_id=project_id,
            lead_id=1,
            label_id=new_id(),
            state=JobState.PENDING,
            active=True,
            lead_status_after=LeadStatus.OPEN,
            price_cents=12_500,
            currency="EUR",
            occurred_at=now,
            warnings=[],
            created_at=now,
        )
        lead = LeadRow(
            id=1,
            project_id=project_id,
            unique_identifier="crm-1",
            status=LeadStatus.PENDING,
            currency="EUR",
            created_at=now,
            updated_at=now,
        )
        self._answer = Queued(
            lead=lead,
            unique_identifier=lead.unique_identifier,
            identified_by=LeadIdentifierKind.UNIQUE_IDENTIFIER,
            job=job,
            superseded_job=None,
            warnings=[],
        )

    async def update(self, _viewer: Viewer, _change: StatusChange) -> Queued:
        return self._answer


@asynccontextmanager
async def open_services() -> AsyncIterator[Services]:
    """The server's services, on an empty database; of them the one of the star mutation does nothing."""
    with bench_folder() as folder:
        url = sqlite_url(folder / "empty.sqlite3")
        await prepare_database(url)
        settings = Settings.model_construct(
            database_url=url, secret_key=SecretStr(new_secret_key()), worker="off"
        )
        async with open_runtime(settings, clock=utc_now) as runtime:
            services = build_services(
                database=runtime.database,
                opener=runtime.opener,
                wake=runtime.wake,
                clock=runtime.clock,
                limits=RateLimits(per_key=MOST_PER_MINUTE),
            )
            yield replace(services, status=cast("StatusService", NoOpStatus()))


def request(number: int) -> OperationRequest:
    """For another lead each time: nothing that depends on it can be remembered."""
    change = {
        "lead": {"uniqueIdentifier": f"crm-{number}"},
        "conversionId": "01a21c20-ff3d-7701-bc87-e84230aa007f",
        "price": 12_500,
    }
    return OperationRequest(query=DOCUMENT, variables={"input": change}, operation_name=None)


Execute = Callable[[OperationRequest, Context], Awaitable[Any]]
"""Answers the operation's data."""


def by_default() -> Execute:
    """A schema of the same types, without any extension."""
    default = strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription, config=schema.config
    )

    async def execute(asked: OperationRequest, context: Context) -> Any:
        variables = asked.variables
        return (await default.execute(asked.query, variable_values=variables, context_value=context)).data

    return execute


def ours() -> Execute:
    """What the view calls, from the text of the document to what is encoded as JSON."""
    executor = Executor(schema)

    async def execute(asked: OperationRequest, context: Context) -> Any:
        return (await executor.answer(executor.find(asked), asked, context)).payload["data"]

    return execute


async def microseconds(execute: Execute, services: Services, seconds: float) -> float:
    """Of one operation, while doing one after the other for `seconds`. AssertionError: a wrong answer."""
    viewer = Viewer(new_id(), new_id(), frozenset({Scope.STATUS_WRITE}))
    begun_at, done = time.process_time(), 0
    while time.process_time() - begun_at < seconds:
        context = Context(viewer=viewer, services=services, request_id="bench")
        data = await execute(request(done), context)
        assert data["updateLeadStatus"]["__typename"] == "QueuedResult", data
        done += 1
    return (time.process_time() - begun_at) / done * 1e6


async def compare() -> float:
    """Print both, and answer how many times as long the default schema takes."""
    contestants = {"strawberry.Schema by default": by_default(), "Leadwire, all extensions": ours()}
    took: dict[str, list[float]] = {name: [] for name in contestants}
    async with open_services() as services:
        for _ in range(ROUNDS):
            for name, execute in contestants.items():
                took[name].append(await microseconds(execute, services, ROUND_S))
    # The first round warms up.
    us = {name: statistics.median(some[1:]) for name, some in took.items()}
    for name, spent in us.items():
        print(f"{name:30} {spent:7,.0f} us an operation")
    default, leadwire = us.values()
    ratio = default / leadwire
    print(f"The default takes {ratio:.1f} times as long (at least {DEMANDED:.0f} demanded)")
    return ratio


def main() -> None:
    ratio = asyncio.run(compare())
    if ratio < DEMANDED:
        raise SystemExit(f"too slow: {ratio:.1f} times")


if __name__ == "__main__":
    main()
