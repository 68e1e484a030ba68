"""Random documents that the schema allows, or nearly: any field, any argument, in any order and any depth."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_required_argument,
)

from tests.fuzz.values import Values

_KINDS: Final = ("query",) * 6 + ("mutation",) * 3 + ("subscription",)
_DIRECTIVES: Final = ("@skip(if: false)", "@include(if: true)", "@include(if: $yes)", "@skip(if: $yes)")
_DEEPEST: Final = 9
_STAR: Final = "updateLeadStatus"
BULK: Final = "retryDeliveries"
"""It takes as long as there are deliveries that match, about a millisecond for each."""
_SHARES: Final = {"disconnectIntegration": 0.1, "eraseLead": 0.1, "revokeApiKey": 0.0, BULK: 0.1}
"""How often what takes time or takes away from others is thought of; revoking would end with the own key."""
_SANITY: Final = (1.0, 1.0, 1.0, 1.0, 0.97, 0.8)
"""Of a document's values: with one bad value in each, nothing behind the first checks would be reached."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is sent as `query`, `variables` and `operationName`."""

    kind: str
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None = None


@dataclass
class _Writing:
    """A document that is not finished."""

    variables: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    room: int = 60
    """Fields that may still be written."""


@dataclass
class Documents:
    """Makes documents for a schema."""

    schema: GraphQLSchema
    values: Values

    def make(self) -> Document:
        """One of any kind."""
        kind = self.values.random.choice(_KINDS)
        self.values.sane = self.values.random.choice(_SANITY)
        root = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }[kind]
        assert root is not None
        writing = _Writing(room=self.values.random.choice((3, 10, 40, 150)))
        body = self._selection(root, writing, depth=0)
        declared = ", ".join(f"${name}: {kind}" for name, kind in writing.declared.items())
        text = (
            f"{kind} Fuzz{f'({declared})' if declared else ''} {body} {' '.join(writing.fragments.values())}"
        )
        name = "Fuzz" if self.values.chance(0.5) else None
        if self.values.chance(0.03):
            text += " query Other { __typename }"
        return Document(kind, text, writing.variables or None, name)

    def _selection(self, kind: Any, writing: _Writing, depth: int) -> str:
        fields = self._fields(kind, writing, depth) if hasattr(kind, "fields") else []
        parts = ["__typename"] if not fields or self.values.chance(0.3) else []
        parts += fields
        if is_abstract_type(kind) and depth < _DEEPEST:
            for one in self.schema.get_possible_types(kind):
                if self.values.chance(0.7):
                    parts.append(self._fragment(one, writing, depth))
        if self.values.chance(0.05):
            parts.append(
                self.values.random.choice(
                    ("nothing", "__schema { types { name } }", "...Missing", "id(x: 1)")
                )
            )
        self.values.random.shuffle(parts)
        return "{ " + " ".join(parts) + " }"

    def _fragment(self, kind: GraphQLObjectType, writing: _Writing, depth: int) -> str:
        if self.values.chance(0.3):
            name = f"F{len(writing.fragments)}{kind.name}"
            writing.fragments[name] = ""  # taken, while what is in it is written
            writing.fragments[name] = (
                f"fragment {name} on {kind.name} {self._selection(kind, writing, depth + 1)}"
            )
            return f"...{name}" + (f" ...{name}" if self.values.chance(0.1) else "")
        return f"... on {kind.name} {self._selection(kind, writing, depth)}"

    def _fields(self, kind: Any, writing: _Writing, depth: int) -> list[str]:
        names = [name for name in kind.fields if self.values.chance(_SHARES.get(name, 1.0))]
        if _STAR in names and self.values.chance(0.3):
            names = [_STAR]
        # Of the roots few, so that what is below them gets its turn.
        count = self.values.random.choice((1, 1, 1, 2, 3) if depth == 0 else (1, 2, 4, 9, len(names)))
        chosen = self.values.random.sample(names, min(count, len(names)))
        written = [self._field(name, kind.fields[name], writing, depth) for name in chosen]
        return [text for text in written if text]

    def _field(self, name: str, definition: GraphQLField, writing: _Writing, depth: int) -> str:
        writing.room -= 1
        inner = get_named_type(definition.type)
        if writing.room < 0 or (is_composite_type(inner) and depth >= _DEEPEST):
            return ""
        alias = f"a{writing.room}: " if self.values.chance(0.15) else ""
        directive = ""
        if self.values.chance(0.03):
            directive = " " + self.values.random.choice(_DIRECTIVES)
            writing.declared["yes"], writing.variables["yes"] = "Boolean!", self.values.chance(0.5)
        arguments = self._arguments(definition.args, writing)
        below = " " + self._selection(inner, writing, depth + 1) if is_composite_type(inner) else ""
        return f"{alias}{name}{arguments}{directive}{below}"

    def _arguments(self, definitions: dict[str, GraphQLArgument], writing: _Writing) -> str:
        given: list[str] = []
        for name, definition in definitions.items():
            if not self.values.chance(0.97 if is_required_argument(definition) else 0.25):
                continue
            value = self.values.of(definition.type, name)
            if self.values.chance(0.6):
                variable = f"v{len(writing.declared)}"
                writing.declared[variable] = str(definition.type)
                writing.variables[variable] = value
                given.append(f"{name}: ${variable}")
            else:
                given.append(f"{name}: {_literal(value, definition.type)}")
        return f"({', '.join(given)})" if given else ""


def _literal(value: Any, kind: Any) -> str:
    """As it is written in a document."""
    named = get_named_type(kind)
    if isinstance(value, dict):
        fields = getattr(named, "fields", {})
        inner = (
            f"{name}: {_literal(one, fields[name].type if name in fields else None)}"
            for name, one in value.items()
            if name.isidentifier() and name.isascii()
        )
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one, kind) for one in value) + "]"
    if isinstance(value, str) and is_enum_type(named) and value.isidentifier():
        return value
    # Escapes of JSON are those of GraphQL, but for characters that need two of them.
    return json.dumps(value, ensure_ascii=False)
