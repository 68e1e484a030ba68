"""What connectors say to people: settings are called as they are written when one connects."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.connectors
from app.connectors.http import Wire
from app.connectors.registry import build_connectors
from app.values import Platform

FOLDER = Path(app.connectors.__file__).parent
CONNECTORS = build_connectors(Wire())


def sentences(source: str) -> Iterator[str]:
    """Texts with a space in them, but for docstrings and comments."""
    tree = ast.parse(source)
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in bare]
    yield from (text for text in said if isinstance(text, str) and " " in text)


def test_what_is_said_is_found() -> None:
    assert list(sentences('"""A doc string."""\nx = f"Check customer_id, {y}."\nz = "word"')) == [
        "Check customer_id, "
    ]


@pytest.mark.parametrize("platform", CONNECTORS)
def test_settings_and_credentials_are_called_as_one_writes_them(platform: Platform) -> None:
    connector = CONNECTORS[platform]
    fields = {*connector.settings_model.model_fields, *connector.credentials_model.model_fields}
    ours = {field for field in fields if "_" in field}
    said = [
        text
        for file in sorted((FOLDER / platform.value.lower()).glob("*.py"))
        for text in sentences(file.read_text())
    ]
    assert said
    assert [text for text in said if any(field in text for field in ours)] == []
