"""Values that a caller may send: such as the schema wants, such as it does not, and ids that were answered before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

_NASTY: Final = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "😀" * 200,
    "\u202e\u200b\ufeff",
    "e\u0301ﬀ",
    "%",
    "\\",
    "'; DROP TABLE lead; --",
    "x" * 3_000,
    "null",
    "-1",
    "9" * 30,
    "crm-1",
    "ada@example.com",
    "+44 7700 900123",
    "open",
    "lost",
    "0" * 8 + "-0000-0000-0000-" + "0" * 12,
    "2026-02-30T09:00:00Z",
    "2026-11-23T09:00:00Z",
    "https://crm.example.com/x?y=z#w",
    "NL",
    "EUR",
)
_USUAL: Final = (
    *(f"crm-{number}" for number in range(20)),
    *(f"ada-{number}@example.com" for number in range(20)),
    "Ada",
    "+44 7700 900123",
    "NL",
    "EUR",
    "https://www.example.com/offer?x=1",
    "Cj0KCQiA-gclid_1",
)
_NUMBERS: Final = (0, 1, -1, 2, 50, 100, 101, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 10**30, 0.5, 1e300, -0.0)
_MOST_IDS: Final = 400


@dataclass
class Values:
    """Makes values; the same ones again from the same `random` and the same answers."""

    random: Random
    sane: float = 1.0
    """How often a value is of the type that is wanted, and text such as people have."""
    ids: list[str] = field(default_factory=list)
    """Ids that answers held, the last few hundred."""
    known: dict[str, Sequence[str]] = field(default_factory=dict)
    """By the name of an input: what is there."""

    def learn(self, answer: Any) -> None:
        """Keep the ids and cursors that an answer holds, to ask for what is there."""
        if isinstance(answer, dict):
            for name, value in answer.items():
                if isinstance(value, str) and name.lower().endswith(("id", "cursor")):
                    self.ids.append(value)
                else:
                    self.learn(value)
        elif isinstance(answer, list):
            for value in answer[:20]:
                self.learn(value)
        del self.ids[:-_MOST_IDS]

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.random.random() < probability

    def of(self, kind: GraphQLInputType, name: str = "") -> Any:
        """A value for this type, as JSON has it. `name`: of the input that it is for."""
        if not self.chance(self.sane):
            return self.anything()
        if is_non_null_type(kind):
            return self._of(kind.of_type, name)
        return None if self.chance(0.05) else self._of(kind, name)

    def _of(self, kind: Any, name: str) -> Any:
        if is_list_type(kind):
            return [self.of(kind.of_type, name) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        if name in self.known and self.known[name] and self.chance(0.8):
            return self.random.choice(self.known[name])
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        return self._scalar(kind.name)

    def _object(self, kind: GraphQLInputObjectType) -> dict[str, Any]:
        share = self.random.choice((0.1, 0.3, 0.9))

        def wanted(definition: GraphQLInputField) -> bool:
            return self.chance(0.97 if is_required_input_field(definition) else share)

        return {
            name: self.of(definition.type, name)
            for name, definition in kind.fields.items()
            if wanted(definition)
        }

    def _scalar(self, name: str) -> Any:
        random = self.random
        made: dict[str, Callable[[], Any]] = {
            "ID": lambda: random.choice(self.ids) if self.ids and self.chance(0.8) else self.text(),
            "Int": lambda: random.choice((0, 1, 2, 5, 100, random.randrange(10**6))),
            "Cents": lambda: random.randrange(10**6),
            "Boolean": lambda: self.chance(0.5),
            "DateTime": self._past,
            "Date": lambda: "2026-11-23",
            "JSON": self.anything,
        }
        return made.get(name, self.text)()

    def _past(self) -> str:
        return (datetime.now(UTC) - timedelta(seconds=self.random.randrange(10**7))).isoformat()

    def text(self) -> str:
        """Any text that UTF-8 has bytes for."""
        if self.chance(0.7 * self.sane):
            return self.random.choice(_USUAL)
        if self.chance(0.5):
            return self.random.choice(_NASTY)
        letters = (
            chr(self.random.choice((0x20, 0x61, 0x300, 0x4E00, 0x1F600)) + self.random.randrange(90))
            for _ in range(9)
        )
        return "".join(letters)

    def anything(self, depth: int = 0) -> Any:
        """Any JSON."""
        match self.random.randrange(8 if depth < 3 else 6):
            case 0:
                return None
            case 1:
                return self.chance(0.5)
            case 2 | 3:
                return self.random.choice(_NUMBERS)
            case 4 | 5:
                return self.text()
            case 6:
                return [self.anything(depth + 1) for _ in range(self.random.randrange(4))]
            case _:
                return {self.text(): self.anything(depth + 1) for _ in range(self.random.randrange(4))}
