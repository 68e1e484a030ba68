"""Random documents that are valid for a schema, with variables that need not be."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

WRONG: Sequence[Any] = (None, "nonsense", 3.7, -1, True, [], {}, {"x": 1}, [None], 2**40)

Values = Mapping[str, Sequence[Any]]
"""What may be given, as JSON: by the name of the argument or input field, else by that of the type."""


@dataclass(frozen=True)
class RandomOperation:
    """One operation of a document."""

    name: str
    variables: list[dict[str, Any]]
    """To be run one after the other; among them are wrong ones, and there may be too few of them or too many."""


@dataclass(frozen=True)
class RandomDocument:
    """A valid document."""

    text: str
    operations: list[RandomOperation]


class _Aliases(Enum):
    NONE = 1
    ARGUMENTS = 2
    """Of fields that have any."""
    ALL = 3


@dataclass
class _Node:
    """A field, a fragment, or the spread of one."""

    text: str
    """All but the alias and what is below."""
    is_field: bool = False
    below: "list[_Node]" = field(default_factory=list)


@st.composite
def input_values(draw: DrawFn, kind: GraphQLInputType, values: Values, name: str = "") -> Any:
    """Valid JSON for an input of this type."""
    inner: Any = get_nullable_type(kind)
    if not is_non_null_type(kind) and draw(st.integers(0, 9)) == 0:
        return None
    if name in values:
        return draw(st.sampled_from(values[name]))
    if isinstance(inner, GraphQLList):
        return draw(st.lists(input_values(inner.of_type, values), max_size=2))
    if isinstance(inner, GraphQLEnumType):
        return draw(st.sampled_from(sorted(inner.values)))
    if not isinstance(inner, GraphQLInputObjectType):
        return draw(st.sampled_from(values[inner.name]))
    return {
        name: draw(input_values(one.type, values, name))
        for name, one in inner.fields.items()
        if is_required_input_field(one) or draw(st.booleans())
    }


def literal(value: Any, kind: Any = None) -> str:
    """The JSON value as a document spells it."""
    inner = get_nullable_type(kind) if kind else None
    if isinstance(value, list):
        item = inner.of_type if isinstance(inner, GraphQLList) else None
        return f"[{', '.join(literal(one, item) for one in value)}]"
    if isinstance(value, dict):
        kinds = inner.fields if isinstance(inner, GraphQLInputObjectType) else {}
        parts = (
            f"{key}: {literal(one, kinds[key].type if key in kinds else None)}" for key, one in value.items()
        )
        return f"{{{', '.join(parts)}}}"
    return value if isinstance(inner, GraphQLEnumType) and value is not None else json.dumps(value)


@st.composite
def documents(
    draw: DrawFn,
    schema: GraphQLSchema,
    values: Values,
    kind: OperationType = OperationType.QUERY,
    only: Collection[str] = (),
) -> RandomDocument:
    """A document with up to three operations of this kind. `only`: their first fields; empty: any."""
    count = draw(st.sampled_from([1, 1, 1, 2, 3]))
    # With a directive anywhere in the document nothing is kept of it: most have none.
    asked = _Asked(schema, values, kind, only, directives=draw(st.integers(1, 3)) == 3)
    writers = [_Writer(draw, f"Op{number}", asked) for number in range(count)]
    # As few aliases as possible, so that fields merge; where that is not allowed, nothing shares a name.
    for aliases in _Aliases:
        text = "\n".join(writer.written(aliases) for writer in writers)
        errors = validate(schema, parse(text))
        if not errors:
            break
    assert not errors, f"{errors[0]}\n{text}"
    return RandomDocument(text, [writer.operation() for writer in writers])


@dataclass(frozen=True)
class _Asked:
    """What a document's operations have in common."""

    schema: GraphQLSchema
    values: Values
    kind: OperationType
    only: Collection[str]
    directives: bool


class _Writer:
    """Writes one operation with fragments of its own."""

    def __init__(self, draw: DrawFn, name: str, asked: "_Asked") -> None:
        self._draw, self._name = draw, name
        self._schema, self._values, self._kind = asked.schema, asked.values, asked.kind
        self._only, self._with_directives = asked.only, asked.directives
        self._left = 30
        self._variables: dict[str, tuple[Any, str]] = {}
        """Type and default of each."""
        self._fragments: dict[str, tuple[GraphQLNamedType, list[_Node]]] = {}
        self._aliases = 0
        self._root = asked.schema.get_root_type(asked.kind)
        self._selection = self._selections(self._root, 7)

    def written(self, aliases: "_Aliases") -> str:
        self._aliases = 0
        declared = ", ".join(f"${name}: {kind}{default}" for name, (kind, default) in self._variables.items())
        declared = f"({declared})" if declared else ""
        parts = [f"{self._kind.value} {self._name}{declared} {self._below(self._selection, aliases)}"]
        parts += [
            f"fragment {name} on {on.name} {self._below(below, aliases)}"
            for name, (on, below) in self._fragments.items()
        ]
        return "\n".join(parts)

    def operation(self) -> RandomOperation:
        return RandomOperation(self._name, [self._given() for _ in range(self._draw(st.integers(1, 3)))])

    # ---- variables ----

    def _given(self) -> dict[str, Any]:
        given = {"unknown": 1} if self._chance(8) else {}
        for name, (kind, _) in self._variables.items():
            if self._chance(8):
                given[name] = self._draw(st.sampled_from(WRONG))
            elif not self._chance(8):
                given[name] = self._draw(input_values(kind, self._values, name.split("_")[0]))
        return given

    def _variable(self, name: str, kind: GraphQLInputType) -> str:
        known = [one for one, (other, _) in self._variables.items() if str(other) == str(kind)]
        if known and self._chance(2):
            return f"${self._draw(st.sampled_from(known))}"
        made = f"{name}_{self._name}_{len(self._variables)}"
        default = ""
        if self._chance(3):
            default = f" = {literal(self._draw(input_values(kind, self._values, name)), kind)}"
        self._variables[made] = (kind, default)
        return f"${made}"

    def _value(self, name: str, kind: GraphQLInputType) -> str:
        """A literal, a variable, or an object with a variable in it."""
        if self._chance(3):
            return self._variable(name, kind)
        inner: Any = get_nullable_type(kind)
        if isinstance(inner, GraphQLInputObjectType) and name not in self._values and self._chance(2):
            fields = (
                f"{key}: {self._value(key, one.type)}"
                for key, one in inner.fields.items()
                if is_required_input_field(one) or self._chance(3)
            )
            return f"{{{', '.join(fields)}}}"
        return literal(self._draw(input_values(kind, self._values, name)), kind)

    # ---- selections ----

    def _selections(self, parent: Any, depth: int) -> list[_Node]:
        found = [self._one(parent, depth) for _ in range(self._draw(st.integers(1, 4)))]
        return [node for node in found if node is not None] or [_Node("__typename", is_field=True)]

    def _one(self, parent: Any, depth: int) -> _Node | None:
        self._left -= 1
        if self._left < 0:
            return None
        if depth and self._chance(2 if is_abstract_type(parent) else 6):
            return self._fragment(parent, depth)
        if isinstance(parent, GraphQLUnionType) or self._chance(12):
            return _Node(f"__typename{self._directives()}", is_field=True)
        return self._field(parent, depth)

    def _field(self, parent: Any, depth: int) -> _Node | None:
        leaves = [name for name, one in parent.fields.items() if is_leaf_type(get_named_type(one.type))]
        others = [name for name in parent.fields if name not in leaves] if depth else []
        if not leaves and not others:
            return None
        names = others if others and (not leaves or self._chance(2)) else leaves
        if parent is self._root and self._only:
            names = [name for name in names if name in self._only]
        name = self._draw(st.sampled_from(sorted(names)))
        definition = parent.fields[name]
        arguments = ", ".join(
            f"{key}: {self._value(key, one.type)}"
            for key, one in definition.args.items()
            if is_required_argument(one) or self._chance(4)
        )
        text = f"{name}{f'({arguments})' if arguments else ''}{self._directives()}"
        below = [] if name in leaves else self._selections(get_named_type(definition.type), depth - 1)
        return _Node(text, is_field=True, below=below)

    def _fragment(self, parent: Any, depth: int) -> _Node:
        on = self._draw(st.sampled_from([None, *_overlapping(self._schema, parent)]))
        if on is None:
            return _Node(f"...{self._directives()}", below=self._selections(parent, depth - 1))
        known = [name for name, (other, _) in self._fragments.items() if other is on]
        if known and self._chance(2):
            return _Node(f"...{self._draw(st.sampled_from(known))}{self._directives()}")
        below = self._selections(on, depth - 1)
        if self._chance(2):
            return _Node(f"... on {on.name}{self._directives()}", below=below)
        # Only now: none may be spread in itself.
        name = f"{self._name}F{len(self._fragments)}"
        self._fragments[name] = (on, below)
        return _Node(f"...{name}{self._directives()}")

    def _directives(self) -> str:
        if not self._with_directives or not self._chance(5):
            return ""
        directive = self._draw(st.sampled_from(["skip", "include"]))
        kind = self._schema.type_map["Boolean"]
        needed = GraphQLNonNull(kind)  # type: ignore[arg-type]
        value = self._value("if", needed) if self._chance(3) else self._variable("if", needed)
        return f" @{directive}(if: {value})"

    # ---- text ----

    def _below(self, nodes: Sequence[_Node], aliases: "_Aliases") -> str:
        return f"{{ {' '.join(self._text(node, aliases) for node in nodes)} }}"

    def _text(self, node: _Node, aliases: "_Aliases") -> str:
        alias = ""
        if node.is_field and (
            aliases is _Aliases.ALL or (aliases is _Aliases.ARGUMENTS and "(" in node.text)
        ):
            self._aliases += 1
            alias = f"{self._name.lower()}_{self._aliases}: "
        below = f" {self._below(node.below, aliases)}" if node.below else ""
        return f"{alias}{node.text}{below}"

    def _chance(self, of: int) -> bool:
        return self._draw(st.integers(1, of)) == of


@cache
def _overlapping(schema: GraphQLSchema, parent: GraphQLNamedType) -> Sequence[GraphQLNamedType]:
    """The types whose fragments may stand here: its members, and what has members in common with it."""
    members = set(_members(schema, parent))
    kinds = [one for one in schema.type_map.values() if not one.name.startswith("__")]
    return [one for one in kinds if members & set(_members(schema, one))]


def _members(schema: GraphQLSchema, kind: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
    if isinstance(kind, GraphQLObjectType):
        return [kind]
    return schema.get_possible_types(kind) if is_abstract_type(kind) else ()
