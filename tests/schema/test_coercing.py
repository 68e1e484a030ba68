"""The closures against graphql-core's own reading of the same values."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    OperationDefinitionNode,
    Undefined,
    build_schema,
    get_nullable_type,
    is_input_object_type,
    parse,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.utilities import coerce_input_value
from hypothesis import given
from hypothesis import strategies as st

from resolvers.root import schema
from schema.coercing import QuickVariables, coercer
from schema.execution import core_schema

INPUTS = [kind for kind in core_schema(schema).type_map.values() if is_input_object_type(kind)]

SMALL = build_schema("""
    input Tree { name: String! = "leaf", count: Int = 3, note: String, trees: [Tree!] }
    input Choice @oneOf { a: Int, b: String }
    type Query { tree(tree: Tree, choice: Choice): Int }
""")

JUNK = st.sampled_from([None, True, 7, 2**40, 1.5, "", "x", "2026-11-27T08:30:00Z", [], ["x"], {}, {"x": 1}])
TEXTS = st.sampled_from(["", "a", "7", "open", "ada@example.com", "2026-11-27T08:30:00Z", "0" * 32])


@st.composite
def values(draw: st.DrawFn, kind: GraphQLInputType, depth: int = 0) -> Any:
    """Mostly right, now and then wrong."""
    if draw(st.integers(0, 11)) == 0:
        return draw(JUNK)
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLList):
        size = draw(st.integers(0, 2)) if depth < 4 else 0
        return [draw(values(nullable.of_type, depth + 1)) for _ in range(size)]
    if isinstance(nullable, GraphQLInputObjectType):
        names = draw(st.sets(st.sampled_from(sorted(nullable.fields)), max_size=6))
        names |= {name for name, field in nullable.fields.items() if str(field.type).endswith("!")}
        return {name: draw(values(nullable.fields[name].type, depth + 1)) for name in sorted(names)}
    if isinstance(nullable, GraphQLEnumType):
        return draw(st.sampled_from(sorted(nullable.values)))
    return draw(st.one_of(TEXTS, st.integers(-5, 100), st.booleans()))


def alike(kind: GraphQLInputType, value: Any) -> bool:
    """Whether the closure answers what the library does; what may be a list of one it may leave to it."""
    quick, known = coercer(kind, {})(value), coerce_input_value(value, kind)
    return (
        quick is known if Undefined in (quick, known) and known is Undefined else quick in (known, Undefined)
    )


@pytest.mark.parametrize("kind", [*INPUTS, SMALL.type_map["Tree"], SMALL.type_map["Choice"]], ids=str)
@given(data=st.data())
def test_every_input_is_read_as_the_library_reads_it(
    kind: GraphQLInputObjectType, data: st.DataObject
) -> None:
    assert alike(kind, data.draw(values(kind)))


def quick(variables: str) -> tuple[QuickVariables, OperationDefinitionNode]:
    [node] = parse(f"query ({variables}) {{ tree }}").definitions
    assert isinstance(node, OperationDefinitionNode)
    return QuickVariables(SMALL, tuple(node.variable_definitions or ())), node


@pytest.mark.parametrize(
    "given_values",
    [
        {"tree": {"name": "a", "trees": [{"name": "b", "count": None}, {}]}, "other": 1},
        {"tree": {}},
        {"tree": {}, "choice": None},
    ],
    ids=["a tree", "defaults", "null"],
)
def test_usual_variables_are_read_at_once_and_alike(given_values: dict[str, Any]) -> None:
    reader, node = quick("$tree: Tree!, $choice: Choice")
    found = reader.read(given_values)
    theirs = get_variable_values(SMALL, node.variable_definitions or (), given_values)
    assert isinstance(found, VariableValues)
    assert isinstance(theirs, VariableValues)
    assert found.coerced == theirs.coerced
    assert {name: source.value for name, source in found.sources.items()} == {
        name: source.value for name, source in theirs.sources.items()
    }


@pytest.mark.parametrize(
    ("variables", "given_values"),
    [
        ("$tree: Tree!", {}),
        ("$tree: Tree!", {"tree": None}),
        ("$tree: Tree!", {"tree": {"unknown": 1}}),
        ("$tree: Tree!", {"tree": {"trees": {"name": "one of a list"}}}),
        ("$choice: Choice", {"choice": {"a": 1}}),
        ("$choice: Choice = {a: 1}", {}),
        ("$other: Unknown", {"other": 1}),
    ],
)
def test_the_rest_is_left_to_the_library(variables: str, given_values: dict[str, Any]) -> None:
    reader, _ = quick(variables)
    assert reader.read(given_values) is None


def test_what_is_nested_too_deeply_is_left_to_the_library() -> None:
    tree: dict[str, Any] = {}
    for _ in range(20_000):
        tree = {"trees": [tree]}
    reader, _ = quick("$tree: Tree!")
    assert reader.read({"tree": tree}) is None
