"""`leadwire demo` as a person runs it: a process, a terminal, Ctrl-C."""

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.connectors.registry import build_connectors
from app.demo import CONNECTIONS, TARGETS, demo_settings
from app.demo_leads import demo_leads
from app.sandbox.registry import PLATFORMS
from app.settings import Settings
from app.values import Platform
from tests.world import START

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60


@asynccontextmanager
async def started(
    *arguments: str, cwd: Path, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A leadwire process; killed at the end if it is still there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEADWIRE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from app.cli import main; main()", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=own | {"PYTHONPATH": str(ROOT), "TMPDIR": str(cwd)} | environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: asyncio.subprocess.Process, text: str) -> str:
    assert process.stdout is not None
    seen = ""
    async with asyncio.timeout(PATIENCE_S):
        while text not in seen:
            line = await process.stdout.readline()
            assert line, f"it ended: {seen}"
            seen += line.decode()
    return seen


def curl_of(said: str) -> tuple[str, dict[str, str], str]:
    """The address, headers and body of the curl line, as a shell would read it."""
    words = shlex.split(said[said.index("curl -s") : said.index("Ctrl-C")])
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    return words[2], headers, words[words.index("-d") + 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_curl_line_it_prints_queues_a_conversion_that_arrives_and_a_signal_ends_it_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with started("demo", "--port", "0", cwd=tmp_path) as process, httpx.AsyncClient() as http:
        url, headers, body = curl_of(await read_until(process, "Ctrl-C"))
        answer = (await http.post(url, headers=headers, content=body)).json()["data"]["updateLeadStatus"]
        assert answer["__typename"] == "QueuedResult"
        query = "query($id: ID!) { job(id: $id) { active state deliveries { platform state } } }"
        asked = json.dumps({"query": query, "variables": {"id": answer["job"]["id"]}})
        job = None
        async with asyncio.timeout(PATIENCE_S):
            while job is None or job["active"]:
                job = (await http.post(url, headers=headers, content=asked)).json()["data"]["job"]
        received = (await http.get(url.replace("/graphql", "/sandbox/meta/requests"))).json()
        explorer = (await http.get(url.replace("/graphql", "/graphiql/examples.json"))).json()
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            _, errors = await process.communicate()

    assert job["state"] == "COMPLETED"
    assert {delivery["state"] for delivery in job["deliveries"]} == {"ACCEPTED", "DELIVERED"}
    assert len(received["requests"]) == 1
    assert explorer["headers"] == {"X-API-Key": "demo-key"}
    assert (process.returncode, os.listdir(tmp_path)) == (0, [])
    assert b"Traceback" not in errors


async def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    async with started("demo", "--port", "0", cwd=tmp_path) as first:
        said = await read_until(first, "Ctrl-C")
        port = curl_of(said)[0].split(":")[2].split("/")[0]
        async with started("demo", "--port", port, cwd=tmp_path) as second:
            async with asyncio.timeout(PATIENCE_S):
                _, errors = await second.communicate()
    assert second.returncode == 1
    assert b"Address already in use" in errors
    assert b"Traceback" not in errors


def test_the_demo_takes_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"LEADWIRE_{name.upper()}", "abc")

    settings = demo_settings("sqlite+aiosqlite:///x", "http://127.0.0.1:1")

    values = [*settings.model_dump().values()]
    assert "abc" not in values
    assert settings.meta_base_url == "http://127.0.0.1:1/sandbox/meta"
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() != "abc"


async def test_the_demo_starts_whatever_the_environment_says(tmp_path: Path) -> None:
    environment = {"LEADWIRE_PORT": "abc", "LEADWIRE_WORKER": "never", "LEADWIRE_SECRET_KEY": "short"}
    async with started("demo", "--port", "0", cwd=tmp_path, **environment) as process:
        assert "Leadwire is running" in await read_until(process, "Ctrl-C")


def test_every_platform_there_is_is_played_and_connected() -> None:
    assert {make().name for make in PLATFORMS} == {platform.value.lower() for platform in Platform}
    assert set(build_connectors()) == set(CONNECTIONS) == set(TARGETS) == set(Platform)


def test_the_demo_has_leads_without_gaps_and_leads_with_every_kind_of_gap() -> None:
    leads = demo_leads(START)

    assert len({lead["unique_identifier"] for lead in leads}) == len(leads)
    assert any("gclid" in lead and "ad_user_data" in lead and "ga_client_id" in lead for lead in leads)
    assert any("gclid" not in lead for lead in leads)
    assert any("ad_user_data" not in lead for lead in leads)


async def test_every_task_of_the_explorer_does_in_the_demo_what_it_says(tmp_path: Path) -> None:
    async with started("demo", "--port", "0", cwd=tmp_path) as process, httpx.AsyncClient() as http:
        url, headers, _ = curl_of(await read_until(process, "Ctrl-C"))
        explorer = (await http.get(url.replace("/graphql", "/graphiql/examples.json"))).json()
        for task in explorer["tasks"]:
            if not task["query"].strip().startswith("subscription"):
                asked = json.dumps({"query": task["query"], "variables": task["variables"]})
                answer = (await http.post(url, headers=headers | explorer["headers"], content=asked)).json()
                assert "errors" not in answer, task["title"]
                [outcome] = list(answer["data"].values())[:1]
                assert not (isinstance(outcome, dict) and outcome.get("__typename", "").endswith("Error")), (
                    task["title"]
                )
