"""graphql-core's executor with two shortcuts, which take the same way as it does in less time.

What depends on the document alone is worked out once for each document, and fields that are nothing but an
attribute are read without all that a resolver may need. Whatever is unusual about a field
(an error, a null where none may be, a value that must be awaited) goes the library's own way.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, cast
from uuid import UUID

from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    Visitor,
    default_field_resolver,
    default_type_resolver,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
    located_error,
    visit,
)
from graphql import subscribe as graphql_subscribe
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import Path
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.coercing import NO_VARIABLES, QuickVariables

_Read = Callable[[Any], Any]
"""The completed value of a field of this object; UNUSUAL: not this way."""

UNUSUAL: Final = object()
_PLAIN: Final = frozenset({str, int, float, bool, dict, list, datetime, UUID})
"""What is neither an error nor to be awaited, as nearly everything that is read."""


_Reads = dict[int, tuple[GroupedFieldSet, dict[str, _Read]]]
"""By selection: its fields that can be read at once. The selection is kept, so that its id stays its own."""


class Operation:
    """One operation of a document, with what is the same at each request."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode
    ) -> None:
        self.schema, self.document, self.definition = schema, document, definition
        self.sub_fields: dict[Any, Any] = {}
        """What the executor has collected of selections below the first."""
        self.reads: _Reads = {}

    @property
    def name(self) -> str | None:
        """None: it has none."""
        return self.definition.name.value if self.definition.name else None

    @property
    def kind(self) -> OperationType:
        """Whether it is a query, a mutation or a subscription."""
        return self.definition.operation

    @cached_property
    def fragment_definitions(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by name."""
        nodes = self.document.definitions
        return {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}

    @cached_property
    def fragments(self) -> dict[str, FragmentDetails]:
        """The same as the executor takes them."""
        return {name: FragmentDetails(node) for name, node in self.fragment_definitions.items()}

    @cached_property
    def root_type(self) -> GraphQLObjectType:
        """What its first selection is of."""
        root_type = self.schema.get_root_type(self.kind)
        assert root_type is not None
        return root_type

    @cached_property
    def variables(self) -> QuickVariables:
        """What reads its variables."""
        return QuickVariables(self.schema, tuple(self.definition.variable_definitions or ()))

    @cached_property
    def root_fields(self) -> GroupedFieldSet | None:
        """Its first selection; None: directives, whose arguments may be variables, say what is in it."""
        if _has_directives(self.document):
            return None
        return collect_fields(
            self.schema,
            self.fragments,
            NO_VARIABLES,
            self.root_type,
            self.definition,
            hide_suggestions=False,
        ).grouped_field_set


def operations_of(schema: GraphQLSchema, document: DocumentNode) -> tuple[Operation, ...]:
    """The operations of a document. To be executed only if it is valid."""
    found = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return tuple(Operation(schema, document, node) for node in found)


def execute(
    operation: Operation, variables: dict[str, Any] | None, context: object
) -> ExecutionResult | Awaitable[ExecutionResult]:
    """Execute a query or a mutation, to the same result as graphql.execute()."""
    definition = operation.definition
    coerced: VariableValues | list[GraphQLError] | None = operation.variables.read(variables or {})
    if coerced is None:
        coerced = get_variable_values(
            operation.schema, definition.variable_definitions or (), variables or {}, max_errors=_MAX_ERRORS
        )
    if isinstance(coerced, list):
        return ExecutionResult(None, coerced)
    executor = _LeanExecutor(operation, coerced, context)
    if operation.root_fields is None:
        return cast("ExecutionResult | Awaitable[ExecutionResult]", executor.execute_operation())
    return executor.execute_root(operation.root_fields)


async def subscribe(
    operation: Operation, variables: dict[str, Any] | None, context: object
) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
    """Begin a subscription; an ExecutionResult when it cannot be, with the reason."""
    begun = graphql_subscribe(
        operation.schema,
        operation.document,
        context_value=context,
        variable_values=variables,
        operation_name=operation.name,
        max_coercion_errors=_MAX_ERRORS,
    )
    results = begun if isinstance(begun, AsyncIterator | ExecutionResult) else await begun
    if isinstance(results, ExecutionResult):
        return results
    return _to_the_end(cast("AsyncGenerator[ExecutionResult, None]", results))


async def _to_the_end(
    results: AsyncGenerator[ExecutionResult, None],
) -> AsyncGenerator[ExecutionResult, None]:
    """All of them, the last one being what ended them, if anything did."""
    async with aclosing(results):
        try:
            async for result in results:
                yield result
        except Exception as error:  # noqa: BLE001 - an error as any resolver's, though the library has no place for it
            yield ExecutionResult(None, [located_error(error)])


_MAX_ERRORS: Final = 5
"""Of variables that cannot be read; one bad request must not fill an answer."""


class _LeanExecutor(Executor[Any]):
    def __init__(self, operation: Operation, variables: VariableValues, context: object) -> None:
        super().__init__(
            schema=operation.schema,
            fragment_definitions=operation.fragment_definitions,
            fragments=operation.fragments,
            root_value=None,
            context_value=context,
            operation=operation.definition,
            variable_values=variables,
            field_resolver=default_field_resolver,
            type_resolver=default_type_resolver,
            subscribe_field_resolver=default_field_resolver,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )
        self._root_type = operation.root_type
        self._reads: _Reads = {}
        if operation.root_fields is not None:
            self._reads, self._relevant_sub_fields = operation.reads, operation.sub_fields

    def execute_root(self, fields: GroupedFieldSet) -> ExecutionResult | Awaitable[ExecutionResult]:
        """execute_operation() with fields that were collected before."""
        serially = self.operation.operation is OperationType.MUTATION
        try:
            data = self.execute_root_grouped_field_set(self._root_type, None, fields, serially, None)
            if not isinstance(data, dict):
                return self._awaited(data)
        except GraphQLError as error:
            return self._failed(error)
        return self.build_response(data)  # type: ignore[return-value]

    async def _awaited(self, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
        try:
            return self.build_response(await data)  # type: ignore[return-value]
        except GraphQLError as error:
            return self._failed(error)

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return self.build_response(None)  # type: ignore[return-value]

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """As the library does it, but for fields that can be read at once."""
        reads = self._reads_of(parent_type, grouped_field_set)
        results: dict[str, Any] = {}
        rest: GroupedFieldSet = {}
        for name, details in grouped_field_set.items():
            read = reads.get(name)
            results[name] = value = UNUSUAL if read is None else read(source_value)
            if value is UNUSUAL:
                rest[name] = details
        if not rest:
            return results
        others = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if isinstance(others, dict):
            return _together(results, others)
        return self._later(results, others)

    async def _later(self, results: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        return _together(results, await others)

    def _reads_of(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> dict[str, _Read]:
        known = self._reads.get(id(fields))
        if known is None:
            reads = {name: self._read_of(parent_type, details) for name, details in fields.items()}
            known = self._reads[id(fields)] = (
                fields,
                {name: read for name, read in reads.items() if read is not None},
            )
        return known[1]

    def _read_of(self, parent_type: GraphQLObjectType, details: FieldDetailsList) -> _Read | None:
        """How the field is read at once; None: it is not."""
        node = details[0].node
        if node.name.value == "__typename":
            return lambda _source: parent_type.name
        definition = self.schema.get_field(parent_type, node.name.value)
        known = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if definition else None
        if definition is None or not isinstance(known, StrawberryField) or not known.is_basic_field:
            return None
        if is_leaf_type(get_nullable_type(definition.type)):
            return _leaf_read(definition, known)
        read_item = self._object_read(definition, details)
        return None if read_item is None else _nested_read(definition, known, read_item)

    def _object_read(self, definition: GraphQLField, details: FieldDetailsList) -> _Read | None:
        """How to read what is selected of an object, the field's or each of its list's; None: not at once."""
        kind = get_nullable_type(definition.type)
        kind = get_nullable_type(kind.of_type) if isinstance(kind, GraphQLList) else kind
        if not isinstance(kind, GraphQLObjectType) or kind.is_type_of is not None:
            return None
        fields = self.collect_subfields(kind, details).grouped_field_set
        reads = self._reads_of(kind, fields)
        shown = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
        return _selection_read(shown, reads) if len(reads) == len(fields) else None


def _together(results: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both, in the order of the selection; a field the library left out is left out."""
    results.update(others)
    return {name: value for name, value in results.items() if value is not UNUSUAL}


def _selection_read(shown: type, reads: Mapping[str, _Read]) -> _Read:
    """`shown`: the class of objects that are what the schema says."""

    def read(source: Any) -> Any:
        if not isinstance(source, shown):
            return UNUSUAL
        completed = {}
        for name, read_field in reads.items():
            completed[name] = value = read_field(source)
            if value is UNUSUAL:
                return UNUSUAL
        return completed

    return read


def _nested_read(definition: GraphQLField, known: StrawberryField, read_item: _Read) -> _Read:
    get, absent = attrgetter(known.python_name), UNUSUAL if is_non_null_type(definition.type) else None
    is_list = isinstance(get_nullable_type(definition.type), GraphQLList)

    def read(source: Any) -> Any:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - as below
            return UNUSUAL
        if value is None:
            return absent
        if not is_list:
            return read_item(value)
        if type(value) is not list:
            return UNUSUAL
        completed = [read_item(item) for item in value]
        return UNUSUAL if UNUSUAL in completed else completed

    return read


def _leaf_read(definition: GraphQLField, known: StrawberryField) -> _Read:
    kind = get_nullable_type(definition.type)
    get, absent = attrgetter(known.python_name), UNUSUAL if is_non_null_type(definition.type) else None
    if isinstance(kind, CustomGraphQLEnumType):
        return _enum_read(get, kind, absent)
    coerce = kind.coerce_output_value  # type: ignore[union-attr]

    def read(source: Any) -> Any:
        try:
            value = get(source)
            if value is None:
                return absent
            if type(value) not in _PLAIN and _is_no_value(value):
                return UNUSUAL
            coerced = coerce(value)
        except Exception:  # noqa: BLE001 - the library finds it again, and knows what to make of it
            return UNUSUAL
        return UNUSUAL if coerced is None else coerced

    return read


def _enum_read(get: Callable[[Any], Any], kind: CustomGraphQLEnumType, absent: object) -> _Read:
    # The library's own look-up goes through all of them. Text that equals a member is none.
    members = cast("type[Enum]", kind.wrapped_cls)
    names = {member: kind.coerce_output_value(member) for member in members}

    def read(source: Any) -> Any:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - as above
            return UNUSUAL
        if value is None:
            return absent
        return names[value] if type(value) is members else UNUSUAL

    return read


def _is_no_value(value: object) -> bool:
    return isinstance(value, Exception) or value is Undefined or optimized_is_awaitable(value)


def _has_directives(document: DocumentNode) -> bool:
    finder = _Finder()
    visit(document, finder)
    return finder.found


class _Finder(Visitor):
    found = False

    def enter_directive(self, _node: DirectiveNode, *_: Any) -> None:
        self.found = True
