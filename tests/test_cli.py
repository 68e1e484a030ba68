"""The commands that set an installation up."""

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
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
    made = await asyncio.to_thread(_set_up, environment)
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


def _set_up(environment: dict[str, str]) -> Result:
    assert run("migrate", **environment).exit_code == 0
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
    _set_up(environment)

    result = run(*arguments, **environment)

    assert result.exit_code == 1
    assert said in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LEADWIRE_SECRET_KEY": None}, "LEADWIRE_SECRET_KEY is not set"),
        ({"LEADWIRE_SECRET_KEY": "short"}, "must be url-safe base64"),
        ({"LEADWIRE_DATABASE_URL": "mysql://localhost/x"}, "leadwire: "),
        ({"LEADWIRE_PORT": "none"}, "LEADWIRE_PORT"),
    ],
)
def test_serving_with_settings_that_cannot_work_is_refused_and_says_why(
    environment: dict[str, str], change: dict[str, str | None], said: str
) -> None:
    result = run("serve", **(environment | change))

    assert result.exit_code == 1
    assert said in result.stderr
    assert "short" not in result.stderr
