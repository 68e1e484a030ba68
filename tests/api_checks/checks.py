"""Which checks there are, and the command of each."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.api_checks.demo import KEY, ROOT

TOOLS: Final = ROOT / "tests" / "api_checks" / "tools"
CLIENTS: Final = ROOT / "clients"
SDL: Final = ROOT / "schema.graphql"
HTTP_TESTS: Final = tuple(f"tests/resolvers/test_{name}.py" for name in ("http", "bad_input", "get"))
REFUSALS: Final = "any_ or body or surrogate or several_operations or test_get"
"""Which of them hold the table of what is answered 400, 405, 413 and 415."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the table."""

    number: int
    name: str
    command: Sequence[str]
    needs: Path = ROOT
    """A folder without which it is left out."""
    in_suite: bool = False
    """Whether `make test` runs it, too."""


def _node(script: str, *arguments: str) -> Sequence[str]:
    return ["node", str(TOOLS / script), *arguments]


def _npm(script: str) -> Sequence[str]:
    return ["npm", "--prefix", str(TOOLS), "run", "--silent", script]


def _python(module: str, *arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", f"tests.api_checks.{module}", *arguments]


def _pytest(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "pytest", "--quiet", "--no-cov", "--no-header", *arguments]


def checks(origin: str) -> Sequence[Check]:
    """All of them, against the demo at `origin`."""
    return sorted((*_of_npm(origin), *_of_ours(origin), *_tests()), key=lambda check: check.number)


def _of_npm(origin: str) -> Sequence[Check]:
    url = f"{origin}/graphql"
    made: Sequence[tuple[int, str, Sequence[str]]] = (
        (1, "graphql-http: audit", _node("audit.mjs", url, KEY)),
        (2, "graphql-inspector: the server", _node("diff.mjs", "server", str(SDL), url, KEY)),
        (2, "graphql-inspector: last release", _python("release", str(TOOLS))),
        (3, "graphql-eslint", _node("lint.mjs", str(SDL))),
        (4, "graphql-schema-linter", _npm("schema-linter")),
        (6, "gql.tada", _npm("tada")),
        (7, "relay-compiler", _npm("relay")),
        (13, "graphql-ws, graphql-sse", _node("streams.mjs", url, KEY, f"{origin}/sandbox")),
        (14, "explorer in Chromium", _node("explorer.mjs", origin)),
        (15, "introspection, all options", _node("introspection.mjs", url, KEY)),
    )
    needs = TOOLS / "node_modules"
    return [Check(number=number, name=name, command=command, needs=needs) for number, name, command in made]


def _of_ours(origin: str) -> Sequence[Check]:
    typescript = CLIENTS / "typescript" / "node_modules"
    python = CLIENTS / "python" / ".venv"
    return (
        Check(
            number=5,
            name="clients/typescript",
            command=_python("examples", "typescript", origin),
            needs=typescript,
        ),
        Check(number=8, name="clients/python", command=_python("examples", "python", origin), needs=python),
        Check(number=9, name="probes of scanners", command=_python("attacks", origin, KEY)),
        Check(number=10, name="documents that multiply", command=_python("complexity", origin, KEY)),
        Check(
            number=16,
            name="the layer, in process",
            command=[sys.executable, "-m", "benchmarks.graphql_layer"],
        ),
    )


def _tests() -> Sequence[Check]:
    made = (
        (11, "what HTTP refuses", (*HTTP_TESTS, "-k", REFUSALS)),
        (12, "bugs are masked", ("tests/resolvers/test_http.py", "tests/streaming", "-k", "bug or masked")),
        (17, "pages and cursors", ("tests/resolvers/test_pages.py",)),
    )
    return [
        Check(number=number, name=name, command=_pytest(*arguments), in_suite=True)
        for number, name, arguments in made
    ]
