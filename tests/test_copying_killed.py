"""`leadwire copy-to` as a process that is killed again and again."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import httpx

from app.encryption import new_secret_key
from tests.database.copying.every_table import every_row, fill_every_table
from tests.test_cli import set_up
from tests.test_copying import look, path_of
from tests.test_demo import PATIENCE_S, read_until, started

ROWS = 60
KILLS = 5


async def killed_after(lines: int, *arguments: str, cwd: Path, **environment: str) -> int | None:
    """Run the command and kill it once it has said so many lines; its exit code if it ended before."""
    async with started(*arguments, cwd=cwd, **environment) as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(lines):
                if not await process.stdout.readline():
                    return await process.wait()
        process.kill()
        await process.communicate()
        return None


async def test_a_copy_that_is_killed_at_random_moments_ends_complete(
    sqlite_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    fill_every_table(path_of(sqlite_url), rows=ROWS)
    before = await look(sqlite_url, every_row)
    chance = random.Random(4711)
    environment = {
        "LEADWIRE_DATABASE_URL": sqlite_url,
        "LEADWIRE_COPY_TO": empty_postgres_url,
        "PYTHONUNBUFFERED": "1",
    }

    for _ in range(KILLS):
        lines = chance.randint(1, 30)
        ended = await killed_after(lines, "copy-to", "--chunk", "3", cwd=tmp_path, **environment)
        assert ended is None, "it came to its end before it was killed"
    async with started("copy-to", cwd=tmp_path, **environment) as last:
        said, errors = await last.communicate()

    assert (last.returncode, errors) == (0, b"")
    assert b"DIFFERENT" not in said
    assert await look(empty_postgres_url, every_row) == before


async def ended(*arguments: str, cwd: Path, **environment: str) -> tuple[int | None, str]:
    """The exit code of a command and what it complained of."""
    async with started(*arguments, cwd=cwd, **environment) as process, asyncio.timeout(PATIENCE_S):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def asked(process: asyncio.subprocess.Process, key: str) -> Any:
    """What a server that starts answers to whoever has `key`."""
    url = re.search(r"http://\S+", await read_until(process, "/graphql"))[0]  # type: ignore[index]
    async with httpx.AsyncClient() as http:
        body = {"query": "{ conversionLabels { name } }"}
        return (await http.post(url, json=body, headers={"X-API-Key": key})).json()


async def test_half_a_copy_is_served_by_nobody_and_a_whole_one_only_from_the_target(
    sqlite_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    source = {
        "LEADWIRE_DATABASE_URL": sqlite_url,
        "LEADWIRE_COPY_TO": empty_postgres_url,
        "LEADWIRE_SECRET_KEY": new_secret_key(),
        "LEADWIRE_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    target = source | {"LEADWIRE_DATABASE_URL": empty_postgres_url}
    key = (await asyncio.to_thread(set_up, source)).stdout.strip()

    await killed_after(3, "copy-to", cwd=tmp_path, **source)
    half = [await ended(command, cwd=tmp_path, **target) for command in ("serve", "worker", "doctor")]
    complete = await ended("copy-to", cwd=tmp_path, **source)
    left = await ended("serve", cwd=tmp_path, **source)
    async with started("serve", cwd=tmp_path, **target) as process:
        answer = await asked(process, key)

    assert [code for code, _ in half] == [1, 1, 2]
    assert all("which has not come to its end: run it again" in said for _, said in half[:2])
    assert complete == (0, "")
    assert left[0] == 1
    assert "LEADWIRE_DATABASE_URL to that one" in left[1]
    assert answer == {"data": {"conversionLabels": [{"name": "Lost"}]}}
