"""How inputs become Python objects: worked out once, where Strawberry looks it all up every time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import strawberry
from strawberry.schema.base import BaseSchema
from strawberry.types.arguments import InputContext, convert_argument
from strawberry.types.base import StrawberryObjectDefinition, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from schema.scalars import Cents

Read = Callable[[Any, InputContext], Any]

_LEAVES = frozenset({str, int, float, bool, datetime, strawberry.ID, Cents})
"""What Strawberry takes as graphql-core has read it."""


def read_inputs_quickly(schema: BaseSchema) -> None:
    """Let every input type of the schema be built from what was worked out here."""
    for known in schema.schema_converter.type_map.values():
        definition = known.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
            definition.from_input = _builder(schema, definition)


def _builder(
    schema: BaseSchema, definition: StrawberryObjectDefinition
) -> Callable[[type, Mapping[str, Any], InputContext], Any]:
    name_of = schema.config.name_converter.from_field
    fields = [
        (name_of(field), field.python_name, reader(field.resolve_type(type_definition=definition)))
        for field in definition.fields
    ]

    def build(kind: type, values: Mapping[str, Any], context: InputContext) -> Any:
        given = {}
        for name, python_name, read in fields:
            if name in values:
                value = values[name]
                given[python_name] = value if value is None or read is None else read(value, context)
        return kind(**given)

    return build


def reader(kind: Any) -> Read | None:
    """What Strawberry makes of a value of this type; None: the value itself."""
    inner = kind.of_type if isinstance(kind, StrawberryOptional) else kind
    nested = get_object_definition(inner)
    if nested is not None:
        return lambda value, context: nested.from_input(inner, value, context)  # type: ignore[misc, arg-type]
    is_leaf = isinstance(inner, StrawberryEnumDefinition) or inner in _LEAVES
    return None if is_leaf else _as_strawberry(inner)


def _as_strawberry(kind: Any) -> Read:
    return lambda value, context: convert_argument(
        value, kind, context.scalar_registry, context.config, context.info, path=context.path
    )
