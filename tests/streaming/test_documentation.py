"""What the page on watching shows can be pasted into a terminal."""

import asyncio
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.test_demo import PATIENCE_S, curl_of, read_until, started

PAGE = Path(__file__).resolve().parents[2] / "docs" / "subscriptions.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_the_lines_for_curl_show_a_job_of_the_demo(tmp_path: Path) -> None:
    lines = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    async with started("demo", "--port", "0", cwd=tmp_path) as process:
        url, _, _ = curl_of(await read_until(process, "Ctrl-C"))
        script = lines.replace("http://127.0.0.1:8000/graphql", url)
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", script, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        seen = await read_until(shell, '"DELIVERED"')
        os.killpg(shell.pid, signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await shell.communicate()

    assert seen.startswith("event: next\ndata: ")
