"""Checks 5 and 8: an example of clients/ is generated, compiled and run, against a demo and against a later server.

Usage: examples typescript|python ORIGIN
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Final

Done = subprocess.CompletedProcess[str]
WITHIN_S: Final = 300
CLIENTS: Final = Path(__file__).resolve().parents[2] / "clients"
BUILDS: Final = {
    "typescript": (("npm", "run", "--silent", "build"),),
    "python": ((".venv/bin/ariadne-codegen",), (".venv/bin/mypy",)),
}
"""How each is generated, and checked by its compiler."""
EXAMPLES: Final = {"typescript": ("node", "build/example.js"), "python": (".venv/bin/python", "example.py")}

TOLD: Final = {
    ("crm-1005", "01900000-0000-7000-8000-000000000002"): "QueuedResult: Queued as job ",
    ("crm-1008", "open"): "OpenResult: The lead is OPEN again.",
    ("crm-0000", "open"): "LeadNotFoundError: Lead not found",
    ("crm-1008", "nonsense"): "ConversionLabelNotFoundError: Conversion label not found",
    (" ", "open"): "InvalidInputError: lead.uniqueIdentifier: ",
}
"""What the demo is asked, and how what the example says of it begins."""
GROWN: Final = {
    "LeadLockedError": {"code": "LEAD_LOCKED", "message": "Somebody is editing this lead"},
    "ScheduledResult": {},
}
"""Members that the union does not have yet: a refusal and a success."""
WRONG_KEY: Final = "wrong-key"


@contextmanager
def server_of_the_future(member: str) -> Iterator[str]:
    """The origin of a server that answers every status change with this member."""
    answer = json.dumps({"data": {"updateLeadStatus": {"__typename": member, **GROWN[member]}}}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Example:
    """One of them, as a person runs it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def build(self) -> str:
        """Generate and compile it; what went wrong."""
        for command in BUILDS[self._name]:
            done = self._run(command)
            if done.returncode:
                return f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return ""

    def say(self, *arguments: str, origin: str, key: str = "demo-key") -> Done:
        """Run it with these arguments."""
        place = {"LEADWIRE_URL": f"{origin}/graphql", "LEADWIRE_API_KEY": key}
        return self._run((*EXAMPLES[self._name], *arguments), place)

    def _run(self, command: Sequence[str], more: Mapping[str, str] = MappingProxyType({})) -> Done:
        return subprocess.run(
            command,
            cwd=CLIENTS / self._name,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )


def mistakes(origin: str, example: Example) -> Iterator[str]:
    """What the example says wrong."""
    for (lead, conversion), expected in TOLD.items():
        done = example.say(lead, conversion, origin=origin)
        if done.returncode or not done.stdout.startswith(expected):
            yield f"{expected!r} was to be said, not {done.stdout}{done.stderr}"
    for member, fields in GROWN.items():
        with server_of_the_future(member) as future:
            done = example.say(origin=future)
        if done.returncode or not all(word in done.stdout for word in (member, *fields.values())):
            yield f"{member} was to be told, not {done.stdout}{done.stderr}"
    done = example.say(origin=origin, key=WRONG_KEY)
    if done.returncode != 1 or "Traceback" in done.stderr:
        yield f"a wrong key was to be refused: {done.stdout}{done.stderr}"


def main(name: str, origin: str) -> int:
    """Build it and run it with each; 1 when one is told wrongly."""
    example = Example(name)
    wrong = example.build()
    found = [wrong] if wrong else list(mistakes(origin, example))
    print(*found, sep="\n")
    if not found:
        print(f"generated, compiled; {len(TOLD)} outcomes told, and {len(GROWN)} members unknown to it")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
