"""How many rows the pages of a document may show at most: pages inside pages multiply."""

from collections.abc import Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from app.services.paging import LARGEST_SIZE, USUAL_SIZE

MAX_ROWS: Final = 15_000
"""A page of 100 leads with 100 jobs each fits in. Of what is inside such pages, Context.show() counts."""

_USUAL_LIST = 10
"""Items of a list that has no pages, such as a job's deliveries: about one for each integration."""


def page_size_error(schema: GraphQLSchema, document: DocumentNode) -> GraphQLError | None:
    """Why the pages of the (valid) document are too large together; None: they are not."""
    weigher = _Weigher(schema, document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            if weigher.rows(definition.selection_set, root) > MAX_ROWS:
                message = (
                    f"The document asks for pages of more than {MAX_ROWS} rows in all, those inside others"
                    " multiplied; ask for smaller ones with `first` or `last`"
                )
                return GraphQLError(message, extensions={"code": "QUERY_TOO_COMPLEX"})
    return None


class _Weigher:
    """Counts rows, each fragment once. The depth is bounded by then, and nothing is circular."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._of_fragments: dict[str, int] = {}

    def rows(self, selections: SelectionSetNode | None, parent: object) -> int:
        """The most rows that pages below `parent`, of which there is one, can have."""
        total = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total += self._of_field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                total += self._of_fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                total += self.rows(node.selection_set, inner)
        return total

    def _of_fragment(self, name: str) -> int:
        if name not in self._of_fragments:
            fragment = self._fragments[name]
            parent = self._schema.get_type(fragment.type_condition.name.value)
            self._of_fragments[name] = self.rows(fragment.selection_set, parent)
        return self._of_fragments[name]

    def _of_field(self, node: FieldNode, parent: object) -> int:
        # Only objects have pages; what an interface shows is its own, and what __schema shows is ours.
        field = parent.fields.get(node.name.value) if isinstance(parent, GraphQLObjectType) else None
        if field is None or node.selection_set is None:
            return 0
        inner = self.rows(node.selection_set, get_named_type(field.type))
        if _is_connection(get_named_type(field.type)):
            return _page_size(node) * (1 + inner)
        return inner * (_USUAL_LIST if _is_list(field.type) and not _is_connection(parent) else 1)


def _is_connection(type_: object) -> bool:
    return isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection")


def _is_list(type_: object) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def _page_size(node: FieldNode) -> int:
    """The most rows the page can have; a variable may turn out to be anything."""
    sizes = [one.value for one in node.arguments or () if one.name.value in {"first", "last"}]
    known = [int(size.value) for size in sizes if isinstance(size, IntValueNode)]
    if any(not isinstance(size, IntValueNode | NullValueNode) for size in sizes):
        return LARGEST_SIZE
    return min(max(known, default=USUAL_SIZE), LARGEST_SIZE)
