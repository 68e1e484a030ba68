"""`make torture`: hundreds of kills on each database. Exit code 0: nothing lost, nothing doubled."""

import asyncio
import random
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from tests.postgres_server import PostgresServer, postgres_server
from tests.torture.ordeal import Plan, ordeal, told

_LARGEST_SEED = 10**6


def main(
    database: Annotated[str, typer.Option(help="sqlite, postgresql or both.")] = "both",
    kills: Annotated[int, typer.Option(help="On each database.")] = 200,
    seed: Annotated[int | None, typer.Option(help="Repeats the decisions of another run.")] = None,
    restarts: Annotated[int, typer.Option(help="Of PostgreSQL itself, on the way.")] = 5,
    keep: Annotated[Path | None, typer.Option(help="A folder for the logs and the SQLite file.")] = None,
) -> None:
    """Kill an installation's processes while it works, and count what became of the conversions."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever ends this, in the background too, ends all that it has started.
        signal.signal(number, signal.default_int_handler)
    chosen = random.randrange(_LARGEST_SEED) if seed is None else seed
    kinds = ["sqlite", "postgresql"] if database == "both" else [database]
    wrong = [_run(kind, chosen, kills, restarts, keep) for kind in kinds]
    sys.exit(any(wrong))


def _run(kind: str, seed: int, kills: int, restarts: int, keep: Path | None) -> bool:
    typer.echo(f"## {kind}: {kills} kills with seed {seed}\n")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadwire-torture-")))
        if keep is not None:
            folder = keep / kind
            folder.mkdir(parents=True)
        postgres: PostgresServer | None = None
        url = f"sqlite+aiosqlite:///{folder / 'leadwire.sqlite3'}"
        if kind == "postgresql":
            # What was answered must outlive the server's own death.
            postgres = stack.enter_context(postgres_server(synchronous_commit="on"))
            url = postgres.url
        plan = Plan(seed=seed, kills=kills, database_restarts=restarts if postgres else 0)
        report = asyncio.run(ordeal(plan, url, folder, postgres=postgres))
    typer.echo(told(report, plan) + "\n")
    return bool(report.wrong)


if __name__ == "__main__":
    typer.run(main)
