"""Our executor answers what graphql-core's own answers, whatever is asked and whatever is found."""

import asyncio
import gc
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import graphql
import pytest
from graphql import ExecutionResult, GraphQLSchema, OperationType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.database.errors import DatabaseBusyError
from app.errors import (
    DuplicateJobError,
    InvalidInputError,
    LabelNotFoundError,
    LeadNotFoundError,
    Problem,
)
from app.services.answers import Opened, Queued
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.values import LeadIdentifierKind
from resolvers.root import schema
from schema.execution import core_schema
from schema.operations import execute, operations_of
from tests.schema.nasty import NASTY, TREES, Tree
from tests.schema.random_documents import RandomDocument, documents
from tests.schema.seeded import InlineDatabase, Scripted, Seeded

# The library drops what it has not begun yet, once an error has made it needless: so does ours.
pytestmark = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning",
)

SCHEMA = core_schema(schema)
# Not shrunk: that takes minutes, and the documents are small as they are.
MANY = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner
    gc.collect()  # while those warnings are still passed over


@pytest.fixture(scope="module")
def seeded(
    runner: asyncio.Runner, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seeded]:
    path = tmp_path_factory.mktemp("seeded") / "leadwire.sqlite3"
    shutil.copyfile(sqlite_template, path)
    database = InlineDatabase(f"sqlite+aiosqlite:///{path}")
    yield runner.run(Seeded(database).begin())
    runner.run(database.close())


async def hold_to_the_library(
    core: GraphQLSchema, asked: RandomDocument, new_context: Callable[[], Any]
) -> list[ExecutionResult]:
    """Both answer each of the document's operations, with one set of variables after the other."""
    results, document = [], graphql.parse(asked.text)
    operations = operations_of(core, document)
    for operation, random in zip(operations, asked.operations, strict=True):
        assert operation.name == random.name
        for variables in random.variables:
            theirs = await _awaited(
                graphql.execute(
                    core,
                    document,
                    context_value=new_context(),
                    variable_values=variables,
                    operation_name=random.name,
                    max_coercion_errors=5,
                )
            )
            ours = await _awaited(execute(operation, variables, new_context()))
            assert _told(ours) == _told(theirs), (asked.text, variables)
            results.append(ours)
    return results


async def _awaited(result: ExecutionResult | Awaitable[ExecutionResult]) -> ExecutionResult:
    return result if isinstance(result, ExecutionResult) else await result


def _told(result: ExecutionResult) -> tuple[str, list[Any]]:
    """The data, in its order, and the errors, in theirs."""
    errors = [
        (error.message, error.path, error.locations, type(error.original_error))
        for error in result.errors or []
    ]
    return json.dumps(result.data, default=lambda value: type(value).__name__), errors


@MANY
@given(data=st.data())
def test_queries_are_answered_as_the_library_answers_them(
    data: st.DataObject, seeded: Seeded, runner: asyncio.Runner
) -> None:
    asked = data.draw(documents(SCHEMA, seeded.values()))

    runner.run(hold_to_the_library(SCHEMA, asked, seeded.context))


@MANY
@given(data=st.data())
def test_mutations_are_answered_as_the_library_answers_them(
    data: st.DataObject, seeded: Seeded, runner: asyncio.Runner
) -> None:
    answers = every_answer(seeded)
    values: dict[str, Any] = {**seeded.values(), "conversionId": sorted(answers)}
    asked = data.draw(documents(SCHEMA, values, OperationType.MUTATION, SCRIPTED))

    runner.run(hold_to_the_library(SCHEMA, asked, lambda: seeded.context(Scripted(answers))))


# The others would do something.
SCRIPTED = ("updateLeadStatus", "updateLeadStatuses")


def every_answer(seeded: Seeded) -> dict[str, Any]:
    """By conversion id: a member of the union each, and what is none."""
    lead, job = seeded.leads[0], seeded.jobs[0]
    warning = {
        "integration": "META",
        "integrationId": str(seeded.deliveries[0].integration_id),
        "code": "MISSING_FIELD",
        "field": None,
        "reason": "no e-mail",
        "willSkip": False,
        "timestamp": "2026-11-23T09:30:00+00:00",
    }
    common: dict[str, Any] = {
        "lead": lead,
        "unique_identifier": None,
        "identified_by": LeadIdentifierKind.EMAIL,
    }
    return {
        "opened": Opened(**common, canceled_job=None),
        "opened anew": Opened(**common, canceled_job=job, replayed=True, message="ä"),
        "queued": Queued(**common, job=job, superseded_job=seeded.jobs[-1], warnings=[warning, warning]),
        "queued badly": Queued(**common, job=job, superseded_job=None, warnings=[warning | {"code": "NEW"}]),
        "duplicate": DuplicateJobError(1, "crm-1", job.id),
        "duplicate of what is gone": DuplicateJobError(1, None, seeded.labels[0].id),
        "no lead": LeadNotFoundError(LeadIdentifierKind.PHONE),
        "no label": LabelNotFoundError("x"),
        "invalid": InvalidInputError(
            (Problem(("lead", "email"), "must not be blank"), Problem((), "is bad"))
        ),
        "a bug": RuntimeError("ada@example.com"),
        "busy": DatabaseBusyError("too much to do"),
        "nothing": None,
        "nonsense": object(),
    }


@settings(MANY, max_examples=60)
@given(data=st.data())
def test_whatever_an_object_has_is_answered_as_the_library_answers_it(
    data: st.DataObject, runner: asyncio.Runner
) -> None:
    asked = data.draw(documents(NASTY, {"String": ["", "ab"], "Boolean": [True, False]}))
    trees = data.draw(st.lists(TREES, min_size=5, max_size=10))

    for tree in trees:
        runner.run(hold_to_the_library(NASTY, asked, lambda tree=tree: {"tree": tree}))  # type: ignore[misc]


async def test_what_one_call_leaves_out_the_next_may_ask_for() -> None:
    text = (
        "query ($no: Boolean!) { tree { name @skip(if: $no) leaf { id ... @include(if: $no) { count } } } }"
    )
    [operation] = operations_of(NASTY, graphql.parse(text))
    tree = {"tree": Tree(0, one_bad_in=10**9)}

    answers = [(await _awaited(execute(operation, {"no": no}, tree))).data for no in (True, False, True)]

    without = {"tree": {"name": "name", "leaf": {"id": "1"}}}
    assert answers == [
        {"tree": {"leaf": {"id": "1", "count": 5}}},
        without,
        {"tree": {"leaf": {"id": "1", "count": 5}}},
    ]


async def test_of_many_wrong_variables_a_few_are_told() -> None:
    names = [f"v{number}" for number in range(20)]
    declared = ", ".join(f"${name}: Int!" for name in names)
    [operation] = operations_of(NASTY, graphql.parse(f"query ({declared}) {{ __typename }}"))

    answer = await _awaited(execute(operation, {}, None))

    assert answer.data is None
    assert len(answer.errors or []) == 6
    assert "error limit reached" in (answer.errors or [])[-1].message


class Slow(Scripted):
    """Takes a while for each change, and tells who came when."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(answers)
        self.told: list[str] = []

    async def update(self, viewer: Viewer, change: StatusChange) -> Any:
        self.told.append(f"{change.conversion_id} begins")
        await asyncio.sleep(0)
        self.told.append(f"{change.conversion_id} ends")
        return await super().update(viewer, change)


def test_one_mutation_begins_when_the_one_before_it_has_ended(seeded: Seeded, runner: asyncio.Runner) -> None:
    field = 'updateLeadStatus(input: {lead: {leadId: "1"}, conversionId: "%s"}) { __typename }'
    text = f"mutation {{ a: {field % 'opened'} b: {field % 'no lead'} }}"
    [operation] = operations_of(SCHEMA, graphql.parse(text))
    slow = Slow(every_answer(seeded))

    answer = runner.run(_awaited(execute(operation, None, seeded.context(slow))))

    assert answer.data == {"a": {"__typename": "OpenResult"}, "b": {"__typename": "LeadNotFoundError"}}
    assert slow.told == ["opened begins", "opened ends", "no lead begins", "no lead ends"]


@pytest.mark.parametrize("directive", ["", "@include(if: true)"])
async def test_nothing_piles_up_from_call_to_call(directive: str) -> None:
    [operation] = operations_of(
        NASTY, graphql.parse(f"{{ tree {directive} {{ leaf {{ id }} leaves {{ id }} }} }}")
    )
    kept = []

    for _ in range(3):
        await _awaited(execute(operation, None, {"tree": Tree(0, one_bad_in=10**9)}))
        kept.append((len(operation.sub_fields), len(operation.reads)))

    assert kept == [kept[0]] * 3
    assert (kept[0] == (0, 0)) == bool(directive)


async def test_a_scalar_that_makes_nothing_of_a_value_is_an_error() -> None:
    [operation] = operations_of(NASTY, graphql.parse("{ tree { leaf { maybeBlank } } }"))
    tree = Tree(0, one_bad_in=10**9)
    branch = tree.branch(0)
    branch.leaf.maybe_blank = ""

    answer = await _awaited(execute(operation, None, {"tree": Fixed(branch)}))

    assert answer.data == {"tree": {"leaf": {"maybeBlank": None}}}
    assert [error.path for error in answer.errors or []] == [["tree", "leaf", "maybeBlank"]]


class Fixed:
    """A tree of one branch."""

    def __init__(self, branch: Any) -> None:
        self.branch = lambda _number: branch
