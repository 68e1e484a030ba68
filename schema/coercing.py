"""Variables as graphql-core reads them, by closures that are made once for each operation.

Whatever is unusual about a value, above all if it is wrong, is left to the library: it finds the words.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    assert_leaf_type,
    get_nullable_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

NO_VARIABLES: Final = VariableValues({}, {})

Coerce = Callable[[Any], Any]
"""From JSON to what resolvers get; Undefined: not this way."""

_Known = dict[int, Coerce]
"""By input object type: one may contain itself."""


class QuickVariables:
    """Reads the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, nodes: tuple[VariableDefinitionNode, ...]) -> None:
        known: _Known = {}
        self._variables: list[tuple[GraphQLVariableSignature, Coerce, bool]] = []
        self._usual = True
        for node in nodes:
            signature = get_variable_signature(schema, node)
            if not isinstance(signature, GraphQLVariableSignature) or node.default_value is not None:
                self._usual = False
            else:
                kind = signature.type
                self._variables.append((signature, coercer(kind, known), is_non_null_type(kind)))

    def read(self, given: Mapping[str, Any]) -> VariableValues | None:
        """All of them; None: the library is to read them."""
        if not self._usual:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce, required in self._variables:
            name = signature.name
            if name in given:
                value = given[name]
                sources[name] = VariableValueSource(signature, value)
                coerced[name] = found = _without_end(coerce, value)
                if found is Undefined:
                    return None
            elif required:
                return None
            else:
                sources[name] = VariableValueSource(signature)
        return VariableValues(sources, coerced)


def coercer(kind: GraphQLInputType, known: _Known) -> Coerce:
    """The closure for values of this type, null included where it may be."""
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLList):
        coerce = _list_coercer(coercer(nullable.of_type, known))
    elif isinstance(nullable, GraphQLInputObjectType):
        coerce = _object_coercer(nullable, known)
    else:
        coerce = _leaf_coercer(assert_leaf_type(nullable).coerce_input_value)
    absent = Undefined if is_non_null_type(kind) else None

    def read(value: Any) -> Any:
        return absent if value is None else coerce(value)

    return read


def _without_end(coerce: Coerce, value: Any) -> Any:
    try:
        return coerce(value)
    except RecursionError:  # the library says that it is nested too deeply
        return Undefined


def _leaf_coercer(coerce: Coerce) -> Coerce:
    def read(value: Any) -> Any:
        try:
            return coerce(value)
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - the library calls it again, and says what is wrong
            return Undefined

    return read


def _list_coercer(item: Coerce) -> Coerce:
    def read(value: Any) -> Any:
        if type(value) is not list:
            return Undefined  # may be meant as a list of one
        items = [item(one) for one in value]
        return Undefined if any(one is Undefined for one in items) else items

    return read


def _object_coercer(kind: GraphQLInputObjectType, known: _Known) -> Coerce:
    """Of one that contains itself, too: by the time it is called again it is made."""
    if kind.is_one_of:
        return _undefined
    if id(kind) not in known:
        known[id(kind)] = _undefined
        known[id(kind)] = _fields_coercer(kind, known)
    return lambda value: known[id(kind)](value)  # noqa: PLW0108 - not made yet, as above


def _fields_coercer(kind: GraphQLInputObjectType, known: _Known) -> Coerce:
    fields = [
        (name, field.out_name or name, coercer(field.type, known), _absence(field))
        for name, field in kind.fields.items()
    ]
    out_type = kind.out_type

    def read(value: Any) -> Any:
        if type(value) is not dict:
            return Undefined
        coerced: dict[str, Any] = {}
        met = 0
        for name, out_name, coerce, absence in fields:
            if name in value:
                met += 1
                coerced[out_name] = found = coerce(value[name])
            elif absence is None:
                continue
            else:
                coerced[out_name] = found = absence()
            if found is Undefined:
                return Undefined
        return out_type(coerced) if met == len(value) else Undefined

    return read


def _absence(field: GraphQLInputField) -> Callable[[], Any] | None:
    """What stands for an absent field: its default, Undefined if it must not be absent; None: nothing."""
    if is_required_input_field(field):
        return lambda: Undefined
    if coerce_default_value(field) is Undefined:
        return None
    return lambda: coerce_default_value(field)


def _undefined(_value: Any) -> Any:
    return Undefined
