"""What the documentation shows can be pasted."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from app.demo import KEY, WON_ID
from app.demo_leads import demo_leads
from tests.world import START

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = [
    pytest.param(example, id=f"{path.name}-{number}")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for number, example in enumerate(re.findall(r"```graphql\n(.*?)```", path.read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_graphql_example_is_valid(example: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())

    assert validate(schema, parse(example)) == []


def test_the_readme_names_things_the_demo_has() -> None:
    readme = (ROOT / "README.md").read_text()
    leads = {lead["unique_identifier"]: lead.get("email") for lead in demo_leads(START)}

    assert f"X-API-Key: {KEY}" in readme
    assert set(re.findall(r"0190[0-9a-f-]{32}", readme)) == {str(WON_ID)}
    assert set(re.findall(r"crm-\d+", readme.replace("crm-event-4711", ""))) <= set(leads)
    assert set(re.findall(r"\S+@example\.com", readme.replace('"', " "))) <= set(leads.values())


def test_every_link_of_the_documentation_to_a_file_leads_somewhere() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
