"""A demo of its own for the checks: on a free port, gone at the end."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import Final

from app.demo import KEY

ROOT: Final = Path(__file__).resolve().parents[2]
START_WITHIN_S: Final = 120

__all__ = ["KEY", "ROOT", "running_demo"]


@contextmanager
def running_demo() -> Iterator[str]:
    """The origin of a demo that answers; RuntimeError when it does not start."""
    command = [sys.executable, "-c", "from app.cli import main; main()", "demo", "--port", "0"]
    with TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            yield _origin(process)
        except RuntimeError:
            errors.seek(0)
            print(errors.read(), file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _origin(process: subprocess.Popen[str]) -> str:
    """Read what it prints until it has said that it runs."""
    assert process.stdout is not None
    giving_up = Timer(START_WITHIN_S, process.kill)
    giving_up.start()
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    giving_up.cancel()
    found = re.search(r"GraphQL +(\S+)/graphql ", said)
    if found is None:
        raise RuntimeError("the demo did not start")
    return found[1]
