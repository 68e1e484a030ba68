"""The command `leadwire`."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from app.asgi import build_app, build_services, build_watched
from app.backup import run_backup
from app.clock import utc_now
from app.copying import CHUNK, run_copy
from app.database.database import Database
from app.database.errors import DatabaseError
from app.database.migrating import upgrade
from app.database.opening import open_database
from app.database.redaction import plain_text
from app.doctor.examining import run_doctor
from app.encryption import new_secret_key
from app.errors import DomainError, invalid
from app.key_table import key_table
from app.limits import Load
from app.logs import configure_logging
from app.metrics.instruments import Instruments
from app.metrics.loop_lag import measured_lag
from app.metrics.page import read_page
from app.policy import read_limits, read_policy
from app.pruning import run_prune
from app.rotating import run_rotation
from app.runtime import is_postgres, open_runtime, prepare_database, read_retention
from app.services.api_keys import ApiKeyService, NewKey
from app.services.key_uses import written_uses
from app.services.projects import ProjectService
from app.services.texts import SHORT, is_encodable, reject, text_problem
from app.serving import answer, bind, until_stopped
from app.settings import LEAST_DAYS, SettingsError, read_settings
from app.values import ApiKeyKind, Scope
from resolvers.root import schema
from schema.examples import blank_examples

main = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Leadwire: from a CRM's status change to a conversion at every connected ad platform.",
)


@main.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to listen on 127.0.0.1; 0: any free port.")] = 8000,
) -> None:
    """Run everything in one process on throw-away data, connected to the built-in sandbox."""
    configure_logging()
    # Imported when it is wanted: the sandbox costs a start a quarter of a second, and memory for good.
    _run(lambda: import_module("app.demo").run_demo(port, typer.echo))


@main.command()
def serve() -> None:
    """Answer HTTP and, unless LEADWIRE_WORKER is off, send what is queued. Updates the tables first."""
    configure_logging()
    _run(_serve)


async def _serve() -> None:
    settings = read_settings()
    policy = read_policy(settings)
    listening = bind(settings.host, settings.port)
    with listening:
        await prepare_database(settings.database_url)
        instruments, load = Instruments(), Load(settings.max_requests)
        async with (
            open_runtime(settings, clock=utc_now, watch=instruments) as runtime,
            measured_lag(instruments.lagged),
        ):
            services = build_services(
                database=runtime.database,
                opener=runtime.opener,
                wake=runtime.wake,
                clock=runtime.clock,
                limits=read_limits(settings),
            )
            metrics = read_page(
                settings, instruments=instruments, load=load, database=runtime.database, clock=utc_now
            )
            app = build_app(
                services,
                database=runtime.database,
                examples=blank_examples(),
                policy=policy,
                load=load,
                metrics=metrics,
            )
            typer.echo(f"Leadwire answers at http://{settings.host}:{listening.getsockname()[1]}/graphql")
            async with written_uses(services.gatekeeper.uses):
                await answer(
                    app,
                    listening,
                    stopping=services.streams.stop,
                    trusted_proxies=settings.trusted_proxies,
                )


@main.command()
def worker() -> None:
    """Send what is queued and answer no HTTP: for PostgreSQL, on as many machines as you like."""
    configure_logging()
    _run(_work)


async def _work() -> None:
    settings = read_settings()
    if not is_postgres(settings.database_url):
        raise SettingsError(
            "`leadwire worker` is for PostgreSQL; on SQLite `leadwire serve` sends by itself."
        )
    await prepare_database(settings.database_url)
    instruments = Instruments()
    sending_settings = settings.model_copy(update={"worker": "embedded"})
    async with (
        open_runtime(sending_settings, clock=utc_now, watch=instruments) as runtime,
        measured_lag(instruments.lagged),
    ):
        typer.echo("Leadwire sends what is queued")
        if settings.worker_port is None:
            await until_stopped()
            return
        metrics = read_page(
            settings, instruments=instruments, load=Load(0), database=runtime.database, clock=utc_now
        )
        with bind(settings.host, settings.worker_port) as listening:
            typer.echo(f"It can be watched at http://{settings.host}:{listening.getsockname()[1]}/readyz")
            await answer(build_watched(runtime.database, metrics), listening)


@main.command()
def migrate() -> None:
    """Bring the tables of LEADWIRE_DATABASE_URL up to date."""
    _run(lambda: prepare_database(read_settings().database_url))
    typer.echo("The database is up to date.")


@main.command()
def create_project(
    name: str,
    country: Annotated[
        str, typer.Option(prompt="Country (e.g. NL)", help="ISO 3166-1 alpha-2: how phone numbers are read.")
    ],
    currency: Annotated[
        str, typer.Option(prompt="Currency (e.g. EUR)", help="ISO 4217: what prices are in.")
    ],
) -> None:
    """Create a project, with its built-in label Lost. Asks for what is missing; updates the tables first."""

    async def work() -> None:
        _check_name("name", name)
        async with _database() as database:
            await ProjectService(database, utc_now).create(name=name, country_code=country, currency=currency)

    _run(work)
    typer.echo(f"Created project '{name}'. Next: leadwire create-key {shlex.quote(name)} --scope ...")


@main.command()
def create_key(
    project: str,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="Several may be given; none for a public key.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    kind: Annotated[
        ApiKeyKind,
        typer.Option(case_sensitive=False, help="public: for web pages; it may only create leads."),
    ] = ApiKeyKind.SECRET,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"], help="When it ends; a day ends in UTC."),
    ] = None,
) -> None:
    """Create an API key and print it, once. Updates the tables first."""

    async def work() -> str:
        _check_name("project", project)
        _check_name("name", name)
        new = NewKey(name=name, scopes=scope or (), kind=kind, expires_at=_end_of_day(expires))
        async with _database() as database:
            return (await ApiKeyService(database, utc_now).create_for(project, new)).key

    typer.echo(_run(work))


def _end_of_day(given: datetime | None) -> datetime | None:
    """An instant as it is; a day, which comes without an offset, as its end in UTC."""
    if given is None or given.tzinfo is not None:
        return given
    return given.replace(tzinfo=UTC) + timedelta(days=1)


@main.command()
def list_keys(project: str) -> None:
    """Show a project's keys: what they may do, when they were last used. Updates the tables first."""

    async def work() -> str:
        async with _database() as database:
            return key_table(await ApiKeyService(database, utc_now).list_of(project), utc_now())

    typer.echo(_run(work))


@main.command()
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `leadwire list-keys` shows it.")],
) -> None:
    """Put an API key out of force, at once and for good. Updates the tables first."""

    async def work() -> str:
        async with _database() as database:
            return (await ApiKeyService(database, utc_now).revoke_any(key_id)).name

    typer.echo(f"Revoked the key '{_run(work)}'.")


def _check_name(argument: str, value: str) -> None:
    """InvalidInputError for what is no name, or what no database could hold."""
    if not is_encodable(value):
        # A terminal hands over any bytes, and Python keeps those it cannot read as halves of surrogate pairs.
        raise invalid(argument, message="must be text in UTF-8")
    if not value.strip():
        raise invalid(argument, message="must not be blank")
    problem = text_problem((argument,), value, SHORT)
    reject([problem] if problem else [])


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    url = read_settings().database_url
    await upgrade(url)
    database = await open_database(url)
    try:
        yield database
    finally:
        await database.close()


@main.command()
def doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask each platform, too, whether connections and targets work.")
    ] = False,
    json_wanted: Annotated[bool, typer.Option("--json", help="Print JSON, for monitoring.")] = False,
) -> None:
    """Say what is wrong with this installation, while it runs, and change nothing.

    Exit code: 0 nothing to do, 1 something needs a person, 2 could not look.
    """
    code = _run(lambda: run_doctor(probe=probe, json_wanted=json_wanted, say=typer.echo, clock=utc_now))
    raise typer.Exit(code)


@main.command()
def backup(
    file: Annotated[Path, typer.Argument(help="What to make; its folder must be there.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the SQLite database to a file, checked and complete, while `leadwire serve` goes on."""
    _run(lambda: run_backup(read_settings().database_url, file, force=force, say=typer.echo))


@main.command()
def copy_to(
    url: Annotated[
        str,
        typer.Argument(
            envvar="LEADWIRE_COPY_TO",
            show_envvar=True,
            help="postgresql+asyncpg://user:password@host/name: an empty database, or one half copied. Other"
            " users of this machine see arguments; not so the environment.",
        ),
    ],
    restart: Annotated[
        bool, typer.Option("--restart", help="Empty a half-copied target, and begin anew.")
    ] = False,
    chunk: Annotated[int, typer.Option(min=1, help="Rows in one transaction.")] = CHUNK,
) -> None:
    """Move from the SQLite file of LEADWIRE_DATABASE_URL to PostgreSQL; `leadwire serve` must be stopped.

    Broken off, it goes on when it is run again.
    """
    _run(lambda: run_copy(read_settings().database_url, url, restart=restart, say=typer.echo, chunk=chunk))


@main.command()
def create_secret_key() -> None:
    """Print a fresh LEADWIRE_SECRET_KEY."""
    typer.echo(new_secret_key())


@main.command()
def prune(
    leads: Annotated[
        int | None,
        typer.Option(min=LEAST_DAYS, help="Leads nothing happened to for so many days, with all of theirs."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=LEAST_DAYS, help="Jobs of which nothing arrived; attempt logs of the others."),
    ] = None,
    bodies: Annotated[int | None, typer.Option(min=1, help="What was sent and answered.")] = None,
    audit: Annotated[int | None, typer.Option(min=1, help="Events of the audit log.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count it, and change nothing.")] = False,
) -> None:
    """Delete what is older than so many days and needed by nothing, a little at a time.

    What is left out is as LEADWIRE_RETENTION_..._DAYS says, and kept if that says nothing. On PostgreSQL, and
    with --dry-run, the server may run.
    """

    async def work() -> None:
        settings = read_settings()
        given = {"leads": leads, "jobs": jobs, "bodies": bodies, "audit": audit}
        chosen = {kind: days for kind, days in given.items() if days is not None}
        retention = replace(read_retention(settings), **chosen)
        await run_prune(settings.database_url, retention, dry_run=dry_run, say=typer.echo, clock=utc_now)

    _run(work)


@main.command()
def rotate_secret_key() -> None:
    """Encrypt all that is stored with the first key of LEADWIRE_SECRET_KEY, so that the others can go.

    On PostgreSQL the server may run, once every process has the new key. On SQLite it must be stopped.
    """
    _run(lambda: run_rotation(read_settings(), typer.echo))


@main.command()
def export_schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(schema.as_str())


def _run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run to the end; what the person can mend is said in a line, without a traceback."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work())
    except TimeoutError:
        _fail("the database does not answer")
    except (SettingsError, DatabaseError, DomainError, OSError) as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(plain_text(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(said: str) -> NoReturn:
    typer.secho(f"leadwire: {said}", err=True, fg=typer.colors.RED)
    raise typer.Exit(1) from None
