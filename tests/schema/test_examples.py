"""The documents the explorer opens with, held against the schema they are written for."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, GraphQLUnionType, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from schema.examples import blank_examples, demo_examples
from schema.explorer import ExplorerExamples, ExplorerTab

SDL = Path(__file__).resolve().parents[2] / "schema.graphql"

DEMO = demo_examples(
    api_key="demo-key",
    unique_identifier="crm-1001",
    conversion_id="01890000-0000-7000-8000-000000000001",
    price_cents=125_000,
)
BLANK = blank_examples()


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL.read_text(encoding="utf-8"))


def operation_of(tab: ExplorerTab) -> OperationDefinitionNode:
    [definition] = parse(tab.query).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


@pytest.mark.parametrize("tab", DEMO.tabs, ids=["status", "deliveries", "preview", "watch", "labels"])
def test_every_document_is_valid_against_the_schema(schema: GraphQLSchema, tab: ExplorerTab) -> None:
    assert validate(schema, parse(tab.query)) == []


@pytest.mark.parametrize("examples", [DEMO, BLANK], ids=["demo", "blank"])
@pytest.mark.parametrize("position", range(len(DEMO.tabs)))
def test_the_variables_of_every_tab_are_what_its_document_declares(
    schema: GraphQLSchema, examples: ExplorerExamples, position: int
) -> None:
    tab = examples.tabs[position]
    declared = operation_of(tab).variable_definitions or ()

    values = get_variable_values(schema, declared, dict(tab.variables))

    assert not isinstance(values, list), values
    assert {definition.variable.name.value for definition in declared} == set(tab.variables)


def test_the_first_tab_names_every_member_of_the_union(schema: GraphQLSchema) -> None:
    union = schema.get_type("UpdateLeadStatusResult")

    assert isinstance(union, GraphQLUnionType)
    assert [
        member.name for member in union.types if f"... on {member.name} {{" not in DEMO.tabs[0].query
    ] == []


def test_the_first_tab_of_the_demo_queues_the_conversion_it_was_given() -> None:
    assert operation_of(DEMO.tabs[0]).operation.value == "mutation"
    assert DEMO.tabs[0].variables == {
        "input": {
            "lead": {"uniqueIdentifier": "crm-1001"},
            "conversionId": "01890000-0000-7000-8000-000000000001",
            "price": 125_000,
            "onConflict": "REJECT",
        }
    }


def test_the_second_tab_of_the_demo_reads_the_same_lead() -> None:
    assert operation_of(DEMO.tabs[1]).operation.value == "query"
    assert DEMO.tabs[1].variables == {"by": {"uniqueIdentifier": "crm-1001"}}


def test_the_demo_sends_its_key() -> None:
    assert DEMO.headers == {"X-API-Key": "demo-key"}


def test_a_server_of_ones_own_opens_without_a_key() -> None:
    assert BLANK.headers == {"X-API-Key": ""}
