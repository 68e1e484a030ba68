"""Inputs become the objects that Strawberry itself makes of them."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, coerce_input_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from resolvers.root import schema
from schema.execution import core_schema
from tests.schema.random_documents import input_values

CONVERTER = schema.schema_converter
INPUTS = {
    name: known.definition
    for name, known in CONVERTER.type_map.items()
    if isinstance(known.definition, StrawberryObjectDefinition) and known.definition.is_input
}
VALUES: dict[str, list[Any]] = {
    "ID": ["1", "x"],
    "String": ["", "ä\u2028"],
    "Int": [0, -5],
    "Boolean": [True, False],
    "DateTime": ["2026-11-23T09:30:00+05:30"],
    "Cents": [0, 5.0, 2**53 - 1],
    "JSON": [{"a": [1, {"b": None}]}, [], "text", 2**70],
}


@pytest.mark.parametrize("name", sorted(INPUTS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_input_becomes_what_strawberry_makes_of_it(name: str, data: st.DataObject) -> None:
    kind = core_schema(schema).type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    drawn = data.draw(input_values(kind, VALUES).filter(lambda value: value is not None))
    given_value = coerce_input_value(drawn, kind)

    ours = converted(name, given_value)
    with pytest.MonkeyPatch.context() as patch:
        for definition in INPUTS.values():
            patch.setattr(definition, "from_input", None)
        theirs = converted(name, given_value)

    assert ours == theirs
    # One equals another whose fields do, whatever they are made of.
    assert repr(ours) == repr(theirs)


def converted(name: str, value: Any) -> Any:
    return convert_argument(value, INPUTS[name].origin, CONVERTER.scalar_registry, schema.config)


def test_a_list_that_is_given_is_not_the_list_that_is_read() -> None:
    given_value: dict[str, Any] = {"ids": ["1"]}

    converted("DeliveryFilter", given_value).ids.append("2")

    assert given_value == {"ids": ["1"]}


def test_every_input_of_the_schema_is_read_this_way() -> None:
    assert len(INPUTS) > 10
    assert all(definition.from_input for definition in INPUTS.values())
