"""The curl lines of docs/rest.md, run by curl against the demo, each answered as the page says."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from app.asgi import build_app, build_services
from app.clock import utc_now
from app.demo import demo_settings, fill
from app.repositories.projects import find_project_by_name
from app.runtime import open_runtime
from app.services.viewer import key_row
from app.values import Scope
from schema.examples import blank_examples
from tests.end_to_end.live import serving

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "rest.md").read_text()
ORIGIN = "http://127.0.0.1:8000"
SHOWN = re.findall(
    r"^### (\d{3})[^\n]*\n.*?```sh\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE
)
WORDS = re.compile(
    # What differs each time, and what connectors say in their own words.
    r'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|(?<="reason": ")[^"]+'
)


@pytest.fixture
async def origin(sqlite_url: str) -> AsyncIterator[str]:
    """The demo as it stands before it sends anything, with a key that only reads beside its own."""
    # A worker would end the job at once.
    settings = demo_settings(sqlite_url, "http://127.0.0.1:9").model_copy(update={"worker": "off"})

    def add_key(session: Session) -> None:
        project = find_project_by_name(session, "Demo")
        assert project is not None
        scopes = frozenset({Scope.LEADS_READ})
        session.add(
            key_row(project_id=project.id, name="r", key="key-that-only-reads", scopes=scopes, clock=utc_now)
        )

    async with open_runtime(settings, clock=utc_now) as runtime:
        await fill(runtime)
        await runtime.database.write(add_key)
        services = build_services(
            database=runtime.database, opener=runtime.opener, wake=runtime.wake, clock=utc_now
        )
        async with serving(
            build_app(services, database=runtime.database, examples=blank_examples())
        ) as found:
            yield found


async def run(line: str) -> tuple[int, Any]:
    """What the line prints in a shell: the answer, and its status."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, errors = await process.communicate()
    assert errors == b""
    body, status = said.decode().strip().rsplit("\n", 1)
    return int(status), json.loads(body)


async def test_each_line_is_answered_as_the_page_says(origin: str) -> None:
    assert {int(status) for status, *_ in SHOWN} == {200, 201, 400, 401, 403, 404, 409}
    for status, line, answer in SHOWN:
        assert ORIGIN in line
        assert "demo-key" in line or status in {"401", "403"}

        found = await run(line.replace(ORIGIN, origin))

        assert (found[0], form_of(found[1])) == (int(status), form_of(json.loads(answer)))


def form_of(answer: Any) -> str:
    return WORDS.sub("...", json.dumps(answer, indent=2))
