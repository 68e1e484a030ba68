"""A schema of plain fields whose objects have anything but what the schema promises."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Any, NewType

import strawberry
from graphql import Undefined
from hypothesis import strategies as st
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from app.errors import DomainError
from schema.execution import core_schema
from schema.scalars import CENTS, DATE_TIME, JSON_SCALAR, Cents


@strawberry.enum
class Colour(StrEnum):
    """An enum whose members equal plain text."""

    RED = "red"
    GREEN = "green"


Blank = NewType("Blank", str)
"""A scalar that makes nothing of blank text."""


@strawberry.interface
class Named:
    """What has a name."""

    name: str
    nick: str | None


@strawberry.type
class Leaf(Named):
    """Leaves of every kind, that may be null and that may not."""

    id: strawberry.ID
    maybe_id: strawberry.ID | None
    count: int
    maybe_count: int | None
    flag: bool
    maybe_flag: bool | None
    ratio: float
    maybe_ratio: float | None
    colour: Colour
    maybe_colour: Colour | None
    moment: datetime
    maybe_moment: datetime | None
    cents: Cents
    maybe_cents: Cents | None
    anything: JSON
    maybe_anything: JSON | None
    blank: Blank
    maybe_blank: Blank | None
    words: list[str]
    maybe_words: list[str | None] | None
    colours: list[Colour]


@strawberry.type
class Branch(Named):
    """Objects and lists of them."""

    id: strawberry.ID
    colour: Colour
    anything: JSON
    leaf: Leaf
    maybe_leaf: Leaf | None
    branch: "Branch | None"
    leaves: list[Leaf]
    maybe_leaves: list[Leaf | None] | None
    nodes: list["Leaf | Branch"]
    node: "Leaf | Branch | None"
    named: list[Named | None]

    @strawberry.field
    async def later(self, info: strawberry.Info) -> "Branch":
        """The same, once the loop has gone round."""
        await asyncio.sleep(0)
        return info.context["tree"].later(self)

    @strawberry.field
    def letters(self, word: str = "ab") -> list[str]:
        """With an argument."""
        return list(word)


@strawberry.type
class Query:
    """Where it begins."""

    @strawberry.field
    def tree(self, info: strawberry.Info) -> Branch:
        """The tree of this request."""
        return info.context["tree"].branch(0)

    @strawberry.field
    async def maybe_tree(self, info: strawberry.Info) -> Branch | None:
        """The same, where it may be null."""
        return info.context["tree"].branch(1)


BLANK = strawberry.scalar(name="Blank", serialize=lambda value: value or None)
NASTY = core_schema(
    strawberry.Schema(
        query=Query,
        types=[Leaf, Branch],
        config=StrawberryConfig(
            scalar_map={datetime: DATE_TIME, Cents: CENTS, JSON: JSON_SCALAR, Blank: BLANK}
        ),
    )
)


class Stringified:
    """What GraphQL's text takes, as it has a form of its own."""

    def __str__(self) -> str:
        return "stringified"


async def _awaited(value: Any) -> Any:
    return value


async def _failing() -> Any:
    raise DomainError


def _raise() -> Any:
    raise KeyError("no such attribute")


def _future() -> Any:
    future = asyncio.get_running_loop().create_future()
    future.set_result("later")
    return future


MADE: Sequence[Callable[[], Any]] = (
    lambda: _awaited("red"),
    lambda: _awaited(None),
    _failing,
    _future,
    _raise,
    lambda: ValueError("as a value"),
    DomainError,
    lambda: Undefined,
    Stringified,
    lambda: (letter for letter in "ab"),
)
"""What is another object each time, or is raised."""

GOOD: dict[str, Any] = {
    "name": "name",
    "nick": "nick",
    "id": "1",
    "count": 5,
    "flag": True,
    "ratio": 1.5,
    "colour": Colour.RED,
    "moment": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    "cents": 5,
    "anything": {"a": [1]},
    "blank": "blank",
    "words": ["a", "b"],
    "colours": [Colour.GREEN, Colour.RED],
}
BAD: Sequence[Any] = (
    *(None, "red", "GREEN", "", 0, 1, True, 2**40, 1.0, float("nan"), [], {}, b"", Colour.GREEN),
    *(["a", None, "b"], ["a", 5, {}], (Colour.GREEN, "red", None)),
)


@dataclass(frozen=True)
class Tree:
    """Objects whose attributes are good or bad, as chance has it: always the same for one seed."""

    seed: int
    one_bad_in: int

    def branch(self, number: int) -> Any:
        return self._made(_Branch, number)

    def later(self, branch: Any) -> Any:
        return self._made(_Branch, vars(branch)["number"] + 1)

    def attribute(self, number: int, name: str) -> Any:
        chance = Random(f"{self.seed} {number} {name}")
        kind = name.removeprefix("maybe_")
        is_bad = chance.randrange(self.one_bad_in) == 0
        if is_bad and chance.random() < 0.5:
            return chance.choice(MADE)()
        if is_bad:
            return chance.choice(BAD)
        return GOOD[kind] if kind in GOOD else self._below(kind, number)

    def _below(self, kind: str, number: int) -> Any:
        def leaf(by: int) -> Any:
            return self._made(_Leaf, number + by)

        def branch(by: int) -> Any:
            return self._made(_Branch, number + by)

        return {
            "leaf": lambda: leaf(1),
            "branch": lambda: branch(1),
            "leaves": lambda: [leaf(2), leaf(3)],
            "nodes": lambda: [leaf(1), branch(2), leaf(3)],
            "node": lambda: branch(4),
            "named": lambda: [branch(3), None, leaf(4)],
        }[kind]()

    def _made(self, kind: Any, number: int) -> Any:
        made = object.__new__(kind)
        vars(made).update(number=number, tree=self)
        return made


class _Asked:
    """Whose attributes come from the tree."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        own = vars(self)
        # Kept: who looks twice finds the same.
        own[name] = value = own["tree"].attribute(own["number"], name)
        return value


class _Leaf(_Asked, Leaf): ...


class _Branch(_Asked, Branch): ...


TREES = st.builds(Tree, st.integers(0, 2**32), st.sampled_from([3, 10, 30]))
