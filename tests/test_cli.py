"""The commands that set an installation up."""

import asyncio
import re
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from app.cli import main
from app.encryption import Cipher, new_secret_key
from resolvers.root import schema
from tests.test_demo import PATIENCE_S, read_until, started


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "LEADWIRE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'leadwire.sqlite3'}",
        "LEADWIRE_SECRET_KEY": new_secret_key(),
        "LEADWIRE_PORT": "0",
    }


def run(*arguments: str, **env: Any) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


def test_export_schema_prints_the_committed_schema() -> None:
    assert run("export-schema").stdout == schema.as_str() + "\n"


def test_create_secret_key_prints_a_key_that_encrypts() -> None:
    cipher = Cipher(run("create-secret-key").stdout.strip())

    assert cipher.decrypt(cipher.encrypt({"a": "b"})) == {"a": "b"}


async def test_a_project_and_a_key_made_by_the_commands_open_a_served_installation(
    environment: dict[str, str], tmp_path: Path
) -> None:
    made = await asyncio.to_thread(set_up, environment)
    key = made.stdout.strip()
    async with started("serve", cwd=tmp_path, **environment) as process, httpx.AsyncClient() as http:
        said = await read_until(process, "/graphql")
        url = re.search(r"http://\S+", said)[0]  # type: ignore[index]
        body = {"query": "{ conversionLabels { name builtIn } integrations { id } }"}
        answer = (await http.post(url, json=body, headers={"X-API-Key": key})).json()
        demo = await http.post(url, json=body, headers={"X-API-Key": "demo-key"})
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await process.communicate()

    assert answer["data"] == {"conversionLabels": [{"name": "Lost", "builtIn": True}], "integrations": []}
    assert demo.status_code == 401
    assert process.returncode == 0


def set_up(environment: dict[str, str]) -> Result:
    assert (
        run("create-project", "Example", "--country", "NL", "--currency", "EUR", **environment).exit_code == 0
    )
    return run("create-key", "Example", "--scope", "leads:read", "--scope", "status:write", **environment)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create-project", "Example", "--country", "NL", "--currency", "EUR"], "exists already"),
        (["create-project", "B", "--country", "Holland", "--currency", "EUR"], "ISO 3166-1"),
        (["create-project", "B", "--country", "NL", "--currency", "euro"], "ISO 4217"),
        (["create-key", "Nobody", "--scope", "admin"], "no project named 'Nobody'"),
    ],
)
def test_what_a_person_can_mend_is_said_without_a_traceback(
    environment: dict[str, str], arguments: list[str], said: str
) -> None:
    set_up(environment)

    result = run(*arguments, **environment)

    assert result.exit_code == 1
    assert said in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_a_project_can_be_created_from_its_name_alone_and_the_rest_is_asked_for(
    environment: dict[str, str],
) -> None:
    made = CliRunner().invoke(main, ["create-project", "Ada's shop"], input="NL\nEUR\n", env=environment)

    assert made.exit_code == 0
    assert "leadwire create-key 'Ada'\"'\"'s shop' --scope" in made.stdout
    assert run("create-key", "Ada's shop", "--scope", "admin", **environment).stdout.startswith("lw_")


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "blank"), (" ", "blank"), ("caf\udce9", "UTF-8"), ("x" * 256, "255 characters")],
)
@pytest.mark.parametrize(
    "command",
    [
        ["create-project", "{}", "--country", "NL", "--currency", "EUR"],
        ["create-key", "{}", "--scope", "admin"],
        ["create-key", "Example", "--scope", "admin", "--name", "{}"],
    ],
    ids=["project", "project of a key", "key"],
)
def test_a_name_nobody_could_use_is_refused_in_a_line(
    environment: dict[str, str], command: list[str], name: str, said: str
) -> None:
    result = run(*(name if part == "{}" else part for part in command), **environment)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_migrating_may_be_repeated(environment: dict[str, str]) -> None:
    results = [run("migrate", **environment) for _ in range(2)]

    assert [(result.exit_code, result.stdout) for result in results] == [
        (0, "The database is up to date.\n"),
        (0, "The database is up to date.\n"),
    ]


def test_a_command_on_a_fresh_database_makes_the_tables_first(environment: dict[str, str]) -> None:
    result = run("create-key", "Nobody", "--scope", "admin", **environment)

    assert result.stderr == "leadwire: project: there is no project named 'Nobody'\n"


@pytest.mark.parametrize("command", [["migrate"], ["serve"], ["create-key", "Example", "--scope", "admin"]])
def test_a_file_that_is_no_database_is_said_in_a_line_without_statements(
    environment: dict[str, str], tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "leadwire.sqlite3").write_text("ada@example.com " * 100)

    result = run(*command, **environment)

    assert result.exit_code == 1
    assert result.stderr == "leadwire: the database could not do it: DatabaseError\n"


@pytest.mark.parametrize("command", [["migrate"], ["create-key", "Example", "--scope", "admin"]])
def test_a_database_that_is_not_on_the_server_is_said_in_a_line(
    environment: dict[str, str], postgres_url: str, command: list[str]
) -> None:
    url = make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)

    result = run(*command, **(environment | {"LEADWIRE_DATABASE_URL": url}))

    assert result.exit_code == 1
    assert result.stderr.startswith("leadwire: ")
    assert result.stderr.count("\n") == 1


def test_a_database_that_does_not_answer_is_said_in_a_line(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.database.postgres._CONNECT_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+asyncpg://leadwire@127.0.0.1:{silent.getsockname()[1]}/leadwire"
        result = run("migrate", **(environment | {"LEADWIRE_DATABASE_URL": url}))

    assert (result.exit_code, result.stderr) == (1, "leadwire: the database does not answer\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LEADWIRE_SECRET_KEY": None}, "LEADWIRE_SECRET_KEY is not set"),
        ({"LEADWIRE_SECRET_KEY": " "}, "LEADWIRE_SECRET_KEY is not set"),
        ({"LEADWIRE_SECRET_KEY": "short"}, "must be url-safe base64"),
        ({"LEADWIRE_DATABASE_URL": "mysql://localhost/x"}, "leadwire: "),
        ({"LEADWIRE_PORT": "none"}, "LEADWIRE_PORT"),
        (
            {"LEADWIRE_ALERT_WEBHOOK_URL": "https://alerts.example.com"},
            "LEADWIRE_ALERT_WEBHOOK_SECRET is not set",
        ),
    ],
)
def test_serving_with_settings_that_cannot_work_is_refused_and_says_why(
    environment: dict[str, str], change: dict[str, str | None], said: str
) -> None:
    result = run("serve", **(environment | change))

    assert result.exit_code == 1
    assert said in result.stderr
    assert "short" not in result.stderr
