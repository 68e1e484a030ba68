"""The gate: what did not pass it does not run."""

from types import SimpleNamespace
from typing import Any

import pytest

from resolvers.root import schema
from schema.admission import admit
from schema.context import Context
from schema.documents import prepare
from schema.execution import core_schema


@pytest.fixture
def context() -> Context:
    services: Any = SimpleNamespace(reading=None, listing=None)
    viewer: Any = SimpleNamespace(may=lambda _scope: True)
    return Context(viewer=viewer, services=services, request_id="0123456789abcdef")


async def test_a_document_that_nobody_admitted_does_not_run(context: Context) -> None:
    result: Any = await schema.execute("{ __typename }", context_value=context)

    assert result.data is None
    assert result.errors


async def test_what_was_admitted_is_what_runs(context: Context) -> None:
    admit(prepare(core_schema(schema), "{ name: __typename }"), None, context)

    result: Any = await schema.execute("{ other: __typename }", context_value=context)

    assert result.data == {"name": "Query"}
