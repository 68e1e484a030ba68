"""The documents the explorer opens with, held against the schema they are written for."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, GraphQLUnionType, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from schema.examples import blank_examples, demo_examples
from schema.explorer import ExplorerExamples, ExplorerTask

SDL = Path(__file__).resolve().parents[2] / "schema.graphql"


def operation_of(task: ExplorerTask) -> OperationDefinitionNode:
    [definition] = parse(task.query).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def operation_name(task: ExplorerTask) -> str:
    name = operation_of(task).name
    assert name is not None
    return name.value


DEMO = demo_examples(
    api_key="demo-key",
    unique_identifier="crm-1001",
    conversion_id="01890000-0000-7000-8000-000000000001",
    price_cents=125_000,
    signing_secret="whsec_",
)
BLANK = blank_examples()


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("task", DEMO.tasks, ids=operation_name)
def test_every_document_is_valid_against_the_schema(schema: GraphQLSchema, task: ExplorerTask) -> None:
    assert validate(schema, parse(task.query)) == []


@pytest.mark.parametrize("examples", [DEMO, BLANK], ids=["demo", "blank"])
@pytest.mark.parametrize("position", range(len(DEMO.tasks)))
def test_the_variables_of_every_task_are_what_its_document_declares(
    schema: GraphQLSchema, examples: ExplorerExamples, position: int
) -> None:
    task = examples.tasks[position]
    declared = operation_of(task).variable_definitions or ()

    values = get_variable_values(schema, declared, dict(task.variables))

    assert not isinstance(values, list), values
    assert {definition.variable.name.value for definition in declared} == set(task.variables)


def test_the_first_task_names_every_member_of_the_union(schema: GraphQLSchema) -> None:
    union = schema.get_type("UpdateLeadStatusResult")

    assert isinstance(union, GraphQLUnionType)
    assert [
        member.name for member in union.types if f"... on {member.name} {{" not in DEMO.tasks[0].query
    ] == []


def test_the_first_task_of_the_demo_queues_the_conversion_it_was_given() -> None:
    assert operation_of(DEMO.tasks[0]).operation.value == "mutation"
    assert DEMO.tasks[0].variables == {
        "input": {
            "lead": {"uniqueIdentifier": "crm-1001"},
            "conversionId": "01890000-0000-7000-8000-000000000001",
            "price": 125_000,
            "onConflict": "REJECT",
        }
    }


def test_the_second_task_of_the_demo_reads_the_same_lead() -> None:
    assert operation_of(DEMO.tasks[1]).operation.value == "query"
    assert DEMO.tasks[1].variables == {"by": {"uniqueIdentifier": "crm-1001"}}


def test_the_demo_sends_its_key() -> None:
    assert DEMO.headers == {"X-API-Key": "demo-key"}


def test_a_server_of_ones_own_opens_without_a_key() -> None:
    assert BLANK.headers == {"X-API-Key": ""}


def test_some_tasks_have_a_tab_from_the_start_the_first_in_front() -> None:
    opened = [operation_name(task) for task in DEMO.tasks if task.open]

    assert DEMO.tasks[0].open
    assert opened == [
        "UpdateLeadStatus",
        "LeadDeliveries",
        "PreviewLeadStatus",
        "WatchJob",
        "LabelsAndIntegrations",
    ]


def test_no_two_tasks_look_alike() -> None:
    assert len({task.title for task in DEMO.tasks}) == len(DEMO.tasks)
    assert len({operation_name(task) for task in DEMO.tasks}) == len(DEMO.tasks)
