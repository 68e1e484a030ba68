"""Resolvers are called as Strawberry itself calls them, and unions are told apart as it does."""

from typing import Any, cast

import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLUnionType, coerce_input_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from resolvers.root import schema
from schema.calling import arguments_of, is_ordinary
from schema.execution import core_schema
from tests.schema.random_documents import input_values
from tests.schema.test_reading_inputs import CONVERTER, VALUES

FIELDS: dict[str, tuple[StrawberryField, GraphQLField]] = {
    f"{name}.{(named := schema.config.name_converter.from_field(field))}": (
        field,
        known.implementation.fields[named],
    )
    for name, known in CONVERTER.type_map.items()
    if isinstance(known.definition, StrawberryObjectDefinition)
    and isinstance(known.implementation, GraphQLObjectType)
    for field in known.definition.fields
    if is_ordinary(field)
}
WITH_ARGUMENTS = sorted(name for name, (_, field) in FIELDS.items() if field.args)


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_resolver_gets_the_arguments_that_strawberry_would_give_it(name: str, data: st.DataObject) -> None:
    field, core = FIELDS[name]
    drawn = {
        argument: coerce_input_value(value, core.args[argument].type)
        for argument in data.draw(st.sets(st.sampled_from(sorted(core.args))))
        if (value := data.draw(input_values(core.args[argument].type, VALUES))) is not None
    }
    source, info = object(), cast("Info[Any, Any]", object())

    ours = arguments_of(schema, field)(drawn, info)

    places, theirs = get_arguments(
        field=field,
        source=source,
        info=info,
        kwargs=drawn,
        config=schema.config,
        scalar_registry=CONVERTER.scalar_registry,
    )
    assert places == [source]
    assert ours == theirs
    # One equals another whose fields do, whatever they are made of.
    assert repr(sorted(ours.items(), key=str)) == repr(sorted(theirs.items(), key=str))


def test_every_field_of_the_roots_is_called_this_way_but_for_subscriptions() -> None:
    roots = (core_schema(schema).query_type, core_schema(schema).mutation_type)

    for root in roots:
        assert root is not None
        assert {f"{root.name}.{name}" for name in root.fields} <= set(FIELDS)
    assert len(WITH_ARGUMENTS) > 20


UNIONS = [kind for kind in core_schema(schema).type_map.values() if isinstance(kind, GraphQLUnionType)]


@pytest.mark.parametrize("union", UNIONS, ids=lambda union: union.name)
def test_an_object_is_the_member_of_the_union_that_its_class_shows(union: GraphQLUnionType) -> None:
    assert union.resolve_type is not None

    for member in union.types:
        shown = member.extensions["strawberry-definition"].origin
        assert union.resolve_type(shown.__new__(shown), cast("Any", None), union) == member.name


def test_what_is_no_member_is_refused_as_ever() -> None:
    union = next(union for union in UNIONS if union.name == "UpdateLeadStatusResult")
    assert union.resolve_type is not None

    with pytest.raises(Exception, match="Lead"):
        union.resolve_type("Lead", cast("Any", type("Raw", (), {"field_name": "updateLead"})), union)
