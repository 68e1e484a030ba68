"""The commands about API keys, and the settings of how often they may be used."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from app.cli import main
from app.encryption import new_secret_key
from app.ids import new_id
from app.key_table import key_table
from app.services.viewer import key_row
from app.settings import Settings
from app.values import ApiKeyKind, Scope
from tests.test_demo import read_until, started
from tests.world import START, FakeClock

QUERY = {"query": "{ apiKeys { id name kind scopes expiresAt lastUsedAt } }"}
CREATE = {"query": 'mutation { createLead(input: {email: "a@example.com"}) { __typename } }'}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    environment = {
        "LEADWIRE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'leadwire.sqlite3'}",
        "LEADWIRE_SECRET_KEY": new_secret_key(),
        "LEADWIRE_PORT": "0",
    }
    made = run("create-project", "Example", "--country", "NL", "--currency", "EUR", **environment)
    assert made.exit_code == 0
    return environment


def run(*arguments: str, **env: Any) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


def create(environment: dict[str, str], *arguments: str) -> str:
    made = run("create-key", "Example", *arguments, **environment)
    assert made.exit_code == 0, made.stderr
    return made.stdout.strip()


def listed(environment: dict[str, str]) -> list[str]:
    return run("list-keys", "Example", **environment).stdout.splitlines()


def test_keys_are_listed_with_what_they_may_do_and_without_what_opens_anything(
    environment: dict[str, str],
) -> None:
    form = create(environment, "--scope", "leads:write", "--name", "form backend")
    page = create(environment, "--kind", "public", "--name", "page", "--expires", "2099-01-31")

    header, first, second = listed(environment)

    assert header.split("  ")[0] == "id"
    assert re.fullmatch(rf"[0-9a-f-]{{36}}  {form[:8]} +leads:write +in force +never +form backend", first)
    assert re.fullmatch(
        rf"[0-9a-f-]{{36}}  {page[:8]} +createLead \(public\)  until 2099-02-01 00:00  never +page", second
    )
    assert form not in first
    assert page.startswith("lwp_")


def test_a_key_is_revoked_by_its_id_even_the_last_one(environment: dict[str, str]) -> None:
    create(environment, "--scope", "admin", "--name", "all")
    key_id = listed(environment)[1].split()[0]

    revoked = run("revoke-key", key_id, **environment)

    assert (revoked.exit_code, revoked.stdout) == (0, "Revoked the key 'all'.\n")
    assert f"revoked {datetime.now(UTC):%Y-%m-}" in listed(environment)[1]


@pytest.mark.parametrize("key_id", ["x", pytest.param(str(new_id()), id="new")])
def test_an_id_of_no_key_is_said_to_be_none(environment: dict[str, str], key_id: str) -> None:
    result = run("revoke-key", key_id, **environment)

    assert (result.exit_code, result.stderr) == (1, "leadwire: API key not found\n")


def test_a_project_that_is_not_there_has_no_keys(environment: dict[str, str]) -> None:
    result = run("list-keys", "Nobody", **environment)

    assert (result.exit_code, result.stderr) == (1, "leadwire: project: there is no project named 'Nobody'\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "scopes: must name at least one"),
        (["--kind", "public", "--scope", "admin"], "scopes: a public key has none"),
        (["--scope", "admin", "--expires", "2020-01-31"], "expiresAt: must be in the future"),
    ],
)
def test_a_key_that_would_be_of_no_use_is_refused_in_a_line(
    environment: dict[str, str], arguments: list[str], said: str
) -> None:
    result = run("create-key", "Example", *arguments, **environment)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"leadwire: {said}")
    assert result.stderr.count("\n") == 1


async def test_a_served_installation_goes_by_what_the_commands_said(
    environment: dict[str, str], tmp_path: Path
) -> None:
    admin = await asyncio.to_thread(
        create, environment, "--scope", "admin", "--expires", "2099-01-31T10:00:00+01:00"
    )
    limits = {"LEADWIRE_RATE_LIMIT_PER_MINUTE": "2"}
    async with started("serve", cwd=tmp_path, **environment | limits) as process, httpx.AsyncClient() as http:
        url = re.search(r"http://\S+", await read_until(process, "/graphql"))[0]  # type: ignore[index]
        answers = [await http.post(url, json=QUERY, headers={"X-API-Key": admin}) for _ in range(3)]
        process.terminate()
        await process.communicate()

    [key] = answers[0].json()["data"]["apiKeys"]
    assert (key["scopes"], key["expiresAt"]) == (["ADMIN"], "2099-01-31T09:00:00.000Z")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    # Written when the process ended.
    assert f"{datetime.now(UTC):%Y-%m-}" in (await asyncio.to_thread(listed, environment))[1]


@pytest.mark.parametrize(("trusted", "statuses"), [("127.0.0.0/8", [200, 200, 429]), ("", [200, 429, 429])])
async def test_who_a_proxy_speaks_for_is_believed_only_where_that_is_set(
    environment: dict[str, str], tmp_path: Path, trusted: str, statuses: list[int]
) -> None:
    key = await asyncio.to_thread(create, environment, "--kind", "public")
    settings = {"LEADWIRE_TRUSTED_PROXIES": trusted, "LEADWIRE_PUBLIC_RATE_LIMIT_PER_MINUTE": "1"}
    async with (
        started("serve", cwd=tmp_path, **environment | settings) as process,
        httpx.AsyncClient() as http,
    ):
        url = re.search(r"http://\S+", await read_until(process, "/graphql"))[0]  # type: ignore[index]
        answered = [
            (
                await http.post(
                    url, json=CREATE, headers={"X-API-Key": key, "X-Forwarded-For": f"{made_up}, {seen}"}
                )
            ).status_code
            for made_up, seen in [
                ("192.0.2.9", "192.0.2.1"),
                ("192.0.2.9", "192.0.2.2"),
                ("192.0.2.8", "192.0.2.2"),
            ]
        ]

    assert answered == statuses


@pytest.mark.parametrize("networks", ["", "10.0.0.1", "10.0.0.0/8, 2001:db8::/32", "127.0.0.1,"])
def test_proxies_are_addresses_and_networks(networks: str) -> None:
    assert Settings(trusted_proxies=networks).trusted_proxies == networks.strip()


@pytest.mark.parametrize("networks", ["*", "proxy.example.com", "10.0.0.1/8"])
def test_proxies_that_are_none_are_refused(networks: str) -> None:
    with pytest.raises(ValidationError, match="must be addresses and networks"):
        Settings(trusted_proxies=networks)


def test_the_table_says_how_a_key_stands_and_obeys_no_name() -> None:
    def row(name: str, **columns: Any) -> Any:
        made = key_row(
            project_id=new_id(), name=name, key="k" * 40, scopes=frozenset({Scope.ADMIN}), clock=FakeClock()
        )
        for column, value in columns.items():
            setattr(made, column, value)
        return made

    rows = [
        row("plain", last_used_at=START),
        row("ends", expires_at=START + timedelta(days=1)),
        row("over", expires_at=START),
        row("gone", revoked_at=START, expires_at=START + timedelta(days=1)),
        row("red \x1b[31m", prefix=None, kind=ApiKeyKind.PUBLIC, scopes=[]),
    ]

    lines = [re.split(" {2,}", line)[1:] for line in key_table(rows, START).splitlines()]

    assert lines == [
        ["begins with", "may", "state", "last used", "name"],
        ["kkkkkkkk", "admin", "in force", "2026-11-23 09:30", "plain"],
        ["kkkkkkkk", "admin", "until 2026-11-24 09:30", "never", "ends"],
        ["kkkkkkkk", "admin", "expired 2026-11-23 09:30", "never", "over"],
        ["kkkkkkkk", "admin", "revoked 2026-11-23 09:30", "never", "gone"],
        ["?", "createLead (public)", "in force", "never", "red ?[31m"],
    ]
