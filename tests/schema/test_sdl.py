"""The published schema: it is what the code says, holds the contract, and explains itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    introspection_types,
)

from resolvers.root import schema

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT.parent / "shared" / "contract.graphql"
TO_COME = (Path(__file__).parent / "to_come.txt").read_text().split()
"""What of the contract is not there yet, as `Type` or `Type.field`. It only ever gets shorter."""


def test_schema_graphql_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text() == schema.as_str() + "\n", "run `make schema`"


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    if not CONTRACT.exists():
        pytest.skip("the contract is not beside this checkout")
    return build_schema(CONTRACT.read_text(), assume_valid_sdl=True)


def test_nothing_of_the_contract_is_missing_but_what_is_known_to_come(contract: GraphQLSchema) -> None:
    published = build_schema(schema.as_str())

    missing = {line for line in _differences(contract, published) if line not in TO_COME}

    assert missing == set()


def test_nothing_is_on_the_list_of_what_is_to_come_that_is_there(contract: GraphQLSchema) -> None:
    published = build_schema(schema.as_str())

    assert set(TO_COME) - set(_differences(contract, published)) == set()


def _differences(contract: GraphQLSchema, published: GraphQLSchema) -> Iterator[str]:
    for name, wanted in contract.type_map.items():
        if name.startswith("__"):
            continue
        found = published.type_map.get(name)
        if found is None or type(found) is not type(wanted):
            yield name
        else:
            yield from _type_differences(name, wanted, found)


def _type_differences(name: str, wanted: Any, found: Any) -> Iterator[str]:
    if isinstance(wanted, GraphQLEnumType):
        yield from (f"{name}.{value}" for value in wanted.values if value not in found.values)
    elif isinstance(wanted, GraphQLUnionType):
        there = {member.name for member in found.types}
        yield from (f"{name}.{member.name}" for member in wanted.types if member.name not in there)
    elif isinstance(wanted, GraphQLScalarType):
        if wanted.specified_by_url and wanted.specified_by_url != found.specified_by_url:
            yield f"{name}.specifiedBy"
    else:
        interfaces = {interface.name for interface in getattr(found, "interfaces", ())}
        yield from (f"{name}.{i.name}" for i in getattr(wanted, "interfaces", ()) if i.name not in interfaces)
        for field_name, field in wanted.fields.items():
            if field_name not in found.fields or not _same(field, found.fields[field_name]):
                yield f"{name}.{field_name}"


def _same(wanted: Any, found: Any) -> bool:
    if str(wanted.type) != str(found.type):
        return False
    if getattr(wanted, "default_value", None) != getattr(found, "default_value", None):
        return False
    arguments = getattr(wanted, "args", {})
    there = getattr(found, "args", {})
    return all(name in there and _same(argument, there[name]) for name, argument in arguments.items())


def test_every_type_field_argument_and_enum_value_has_a_description() -> None:
    undescribed = []
    for name, type_ in build_schema(schema.as_str()).type_map.items():
        if name in introspection_types or name in {"String", "Int", "Boolean", "ID", "Float"}:
            continue
        undescribed += [] if type_.description else [name]
        undescribed += list(_undescribed_parts(name, type_))

    assert undescribed == []


def _undescribed_parts(name: str, type_: Any) -> Iterator[str]:
    if isinstance(type_, GraphQLEnumType):
        yield from (f"{name}.{key}" for key, value in type_.values.items() if not value.description)
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for key, field in type_.fields.items():
            if not field.description:
                yield f"{name}.{key}"
            arguments = getattr(field, "args", {})
            yield from (f"{name}.{key}({arg})" for arg, value in arguments.items() if not value.description)
