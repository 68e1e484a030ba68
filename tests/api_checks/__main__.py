"""`make check-api`: makes every check against a demo of its own and prints a table; 1 when one of them is red.

With --without-suite it leaves out what `make test` runs, too.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.api_checks.checks import Check, checks
from tests.api_checks.demo import ROOT, running_demo
from tests.api_checks.verdicts import GREEN, LEFT_OUT

WITHIN_S: Final = 600
"""For one check: generous, for machines that are busy or install a browser first."""
WORDS: Final = {GREEN: "green", LEFT_OUT: "left out"}


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a check."""

    check: Check
    word: str
    figure: str
    took_s: float


def made(check: Check) -> Row:
    """Make the check. Its output is shown when it is red; otherwise its last line says enough."""
    begin = time.monotonic()
    code, output = _run(check)
    figure = output.rstrip().rpartition("\n")[2]
    row = Row(check, WORDS.get(code, "RED"), figure, time.monotonic() - begin)
    if row.word == "RED":
        print(f"\n--- {check.name}: {' '.join(check.command)}\n{output}", flush=True)
    return row


def _run(check: Check) -> tuple[int, str]:
    if not check.needs.exists():
        return LEFT_OUT, f"{check.needs.relative_to(ROOT)} could not be installed"
    try:
        done = subprocess.run(
            check.command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"not through after {WITHIN_S} s"
    return done.returncode, done.stdout


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as text, and what they add up to."""
    width = max(len(row.check.name) for row in rows)
    for row in rows:
        yield f"{row.check.number:>2}  {row.check.name:<{width}}  {row.word:<8}  {row.took_s:5.1f} s  {row.figure}"
    counts = {word: sum(row.word == word for row in rows) for word in ("green", "RED", "left out")}
    yield ", ".join(f"{count} {word}" for word, count in counts.items())


def main(*options: str) -> int:
    """Make all of them."""
    with running_demo() as origin:
        chosen = [check for check in checks(origin) if not (check.in_suite and "--without-suite" in options)]
        rows = [made(check) for check in chosen]
    print("", *table(rows), sep="\n")
    return int(any(row.word == "RED" for row in rows))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
