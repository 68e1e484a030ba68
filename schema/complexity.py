"""How much a document may ask for: counted in linear time, before anything costlier looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    Visitor,
    visit,
)

MAX_DEPTH: Final = 18
"""Fields inside one another; the introspection that editors send has 15."""
MAX_FIELDS: Final = 480
"""The same introspection has 232, fifty status changes may read nine fields each, and scanners call a server
that answers 500 open to overload. What fits in here is validated in 0.2 s at worst."""
MAX_ALIASES: Final = 50
"""Enough for fifty status changes with a variable each, about as many as the limit of tokens has room for;
whoever has more sends several documents, and an answer that gets lost then leaves fewer of them in doubt."""
MAX_DIRECTIVES: Final = 20
"""There are @skip and @include, and nobody needs many of them."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a definition asks for, with each fragment counted wherever it is used."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


_LIMITS: Final = {
    "depth": (MAX_DEPTH, "fields more than {} deep"),
    "fields": (MAX_FIELDS, "more than {} fields"),
    "aliases": (MAX_ALIASES, "more than {} aliases"),
    "directives": (MAX_DIRECTIVES, "more than {} directives"),
}


def complexity_error(document: DocumentNode) -> GraphQLError | None:
    """Why the document asks for too much, naming the limit; None when it does not.

    The document need not be valid: fragments that are missing or use themselves are left to validation.
    """
    fragments: dict[str, _Counter] = {}
    operations: list[_Counter] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            # Of two with one name, which is not valid either, both count.
            visit(definition, fragments.setdefault(definition.name.value, _Counter()))
        elif isinstance(definition, OperationDefinitionNode):
            operations.append(_Counter())
            visit(definition, operations[-1])
    sizes = _fragment_sizes(fragments)
    # Fragments that nobody uses count by themselves: they are validated, too.
    for size in (*(operation.size(sizes) for operation in operations), *sizes.values()):
        error = _excess(size)
        if error is not None:
            return error
    return None


class _Counter(Visitor):
    """Counts one definition without the fragments it uses; `visit` does not recurse, however deep it is."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = self._depth = self._fields = self._aliases = self._directives = 0
        self.spreads: list[tuple[str, int]] = []
        """Each use of a fragment, and inside how many fields."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._inside += 1
        self._depth = max(self._depth, self._inside)
        self._fields += 1
        self._aliases += node.alias is not None

    def leave_field(self, *_: Any) -> None:
        self._inside -= 1

    def enter_directive(self, *_: Any) -> None:
        self._directives += 1

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spreads.append((node.name.value, self._inside))

    def size(self, fragment_sizes: Mapping[str, Size]) -> Size:
        """The size with the fragments used in it; one without a size counts as nothing."""
        depth, fields, aliases, directives = self._depth, self._fields, self._aliases, self._directives
        for name, inside in self.spreads:
            used = fragment_sizes.get(name, Size())
            depth = max(depth, inside + used.depth)
            fields += used.fields
            aliases += used.aliases
            directives += used.directives
        return Size(depth, fields, aliases, directives)


def _fragment_sizes(fragments: Mapping[str, _Counter]) -> dict[str, Size]:
    """The size of every fragment, worked out once each, after those of the fragments used in it."""
    sizes: dict[str, Size] = {}
    begun: set[str] = set()
    pending = list(fragments)
    while pending:
        name = pending[-1]
        if name in begun:
            # One of those it uses may have no size even now: then it uses itself in the end.
            sizes.setdefault(name, fragments[name].size(sizes))
            pending.pop()
        else:
            begun.add(name)
            used = {used for used, _ in fragments[name].spreads}
            pending += (used & fragments.keys()) - begun
    return sizes


def _excess(size: Size) -> GraphQLError | None:
    for name, (limit, phrase) in _LIMITS.items():
        if getattr(size, name) > limit:
            message = f"The document asks for {phrase.format(limit)}; fragments count wherever they are used"
            return GraphQLError(message, extensions={"code": "QUERY_TOO_COMPLEX"})
    return None
