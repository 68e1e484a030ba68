"""How resolvers are called, and what they answer is told apart: worked out once, not at every call."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLTypeResolver,
    GraphQLUnionType,
)
from strawberry.schema.base import BaseSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from schema.reading_inputs import reader

Arguments = Callable[[Mapping[str, Any], "Info[Any, Any]"], dict[str, Any]]
"""From what graphql-core has read, by the names in the schema, to the keyword arguments of a resolver."""


def call_resolvers_directly(schema: BaseSchema) -> None:
    """Let graphql-core call every resolver of the schema that asks for nothing out of the ordinary."""
    for known in schema.schema_converter.type_map.values():
        definition, kind = known.definition, known.implementation
        if isinstance(definition, StrawberryObjectDefinition) and isinstance(kind, GraphQLObjectType):
            for field in definition.fields:
                if is_ordinary(field):
                    name = schema.config.name_converter.from_field(field)
                    kind.fields[name].resolve = _caller(schema, field)


def tell_members_directly(schema: BaseSchema) -> None:
    """Let graphql-core find the member of a union by the class of an object, where there is one of it."""
    for known in schema.schema_converter.type_map.values():
        union = known.implementation
        if isinstance(union, GraphQLUnionType):
            union.resolve_type = _teller(union)


def _teller(union: GraphQLUnionType) -> GraphQLTypeResolver:
    names = {
        member.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin: member.name
        for member in union.types
    }
    others = union.resolve_type
    assert others is not None

    def tell(value: Any, info: "GraphQLResolveInfo[Any]", kind: GraphQLAbstractType) -> Any:
        return names.get(type(value)) or others(value, info, kind)

    return tell


def is_ordinary(field: StrawberryField) -> bool:
    """Whether it has a resolver that takes `self`, arguments and perhaps `info`, with nothing around it."""
    resolver = field.base_resolver
    if resolver is None or field.extensions or field.is_subscription:
        return False
    return bool(resolver.self_parameter) and not (resolver.parent_parameter or resolver.root_parameter)


def arguments_of(schema: BaseSchema, field: StrawberryField) -> Arguments:
    """What makes the resolver's keyword arguments, `info` included."""
    assert field.base_resolver is not None
    taken = field.base_resolver.info_parameter
    info_name = taken.name if taken else None
    readers = [
        (schema.config.name_converter.from_argument(argument), argument.python_name, reader(argument.type))
        for argument in field.arguments
    ]

    def read(given: Mapping[str, Any], info: "Info[Any, Any]") -> dict[str, Any]:
        arguments: dict[str, Any] = {} if info_name is None else {info_name: info}
        for name, python_name, read_value in readers:
            if name in given:
                value = given[name]
                if value is not None and read_value is not None:
                    value = read_value(value, _context(schema, info, name))
                arguments[python_name] = value
        return arguments

    return read


def _context(schema: BaseSchema, info: "Info[Any, Any]", name: str) -> InputContext:
    scalars = schema.schema_converter.scalar_registry
    return InputContext(info=info, config=schema.config, scalar_registry=scalars, path=(name,))


def _caller(schema: BaseSchema, field: StrawberryField) -> Callable[..., Any]:
    assert field.base_resolver is not None
    resolver = cast("Callable[..., Any]", field.base_resolver.wrapped_func)
    read, info_class = arguments_of(schema, field), schema.config.info_class

    def resolve(source: Any, info: "GraphQLResolveInfo[Any]", **given: Any) -> Any:
        return resolver(source, **read(given, info_class(_raw_info=info, _field=field)))

    return resolve
