"""Check 2: schema.graphql against that of the last release. Usage: release TOOLS.

Without a release: against its previous committed version. What breaks clients is red, unless the changelog says
"### Breaking" under Unreleased.
"""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from tests.api_checks.verdicts import LEFT_OUT

ROOT: Final = Path(__file__).resolve().parents[2]
SDL: Final = ROOT / "schema.graphql"


def _git(*arguments: str) -> str:
    """What git answers; nothing where it fails or this is no clone."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def earlier() -> str | None:
    """The commit whose schema clients have: the latest tag's, else the last one where it was another."""
    tag = _git("describe", "--tags", "--abbrev=0").strip()
    if tag:
        return tag
    now = SDL.read_text(encoding="utf-8")
    commits = _git("log", "-2", "--format=%h", "--", SDL.name).split()
    return next((commit for commit in commits if _git("show", f"{commit}:{SDL.name}") != now), None)


def breaking_is_announced() -> bool:
    """Whether the changelog has the heading Breaking under Unreleased."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = re.search(r"^## \[Unreleased\](.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    return unreleased is not None and re.search(r"^### Breaking\b", unreleased[1], re.MULTILINE) is not None


def main(tools: str) -> int:
    """Compare them; the comparison itself is diff.mjs, in the folder `tools`."""
    commit = earlier()
    if commit is None:
        print("this clone has no earlier version of schema.graphql")
        return LEFT_OUT
    with NamedTemporaryFile("w", suffix=".graphql", encoding="utf-8") as before:
        before.write(_git("show", f"{commit}:{SDL.name}"))
        before.flush()
        allowed = "allowed" if breaking_is_announced() else "refused"
        command = ["node", f"{tools}/diff.mjs", "release", before.name, str(SDL), allowed]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{done.stderr}{done.stdout.rstrip()} since {commit}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
