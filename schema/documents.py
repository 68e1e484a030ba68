"""Documents, made ready once: parsed, validated, and what a key must be allowed to run them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension

from schema.access import Requirement, missing_scopes, requirements_of
from schema.complexity import complexity_error
from schema.context import Context
from schema.page_sizes import page_size_error

MAX_TOKENS = 1_000
"""Of one document; the largest introspection query has 191."""
_MAX_ERRORS = 5
"""One bad document must not fill an answer, or a log."""
_CACHED_DOCUMENTS = 256
"""At most 64 KiB of text each; clients send few different ones."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that parses."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    """Why it may not run; empty: it may."""
    requirements: frozenset[Requirement]
    operations: int


@lru_cache(maxsize=_CACHED_DOCUMENTS)
def prepare(schema: GraphQLSchema, text: str) -> Prepared:
    """Parse, count and validate; GraphQLSyntaxError for what does not parse."""
    document = parse(text, max_tokens=MAX_TOKENS)
    errors = _errors(schema, document)
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    requirements = frozenset() if errors else requirements_of(schema, document)
    return Prepared(document, errors, requirements, operations)


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation with this name, or without one the first; None: there is none."""
    operations = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return next((one for one in operations if not name or (one.name and one.name.value == name)), None)


def _errors(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    # First of all: some rules of validation take far more time than the document is long.
    too_complex = complexity_error(document)
    if too_complex is not None:
        return (too_complex,)
    errors = tuple(validate(schema, document, specified_rules, max_errors=_MAX_ERRORS))
    for error in errors:
        error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
    too_large = None if errors else page_size_error(schema, document)
    return errors if too_large is None else (too_large,)


class Documents(SchemaExtension):
    """Gives Strawberry the prepared document, and refuses what the caller's key does not allow."""

    _prepared: Prepared

    def on_parse(self) -> Iterator[None]:
        """Hand over the parsed document."""
        context = self.execution_context
        # What does not parse is left to Strawberry, which parses it again under the same limit: an error
        # raised here would pass by the extension that gives errors their codes.
        context.parse_options = {"max_tokens": MAX_TOKENS}
        with suppress(GraphQLSyntaxError):
            self._prepare()
        yield

    def _prepare(self) -> None:
        context = self.execution_context
        self._prepared = prepare(context.schema._schema, context.query or "")  # noqa: SLF001 - Strawberry's own caches take it from there, too
        context.graphql_document = self._prepared.document

    def on_validate(self) -> Iterator[None]:
        """Hand over the verdict."""
        self.execution_context.pre_execution_errors = self._problems()
        yield

    def _problems(self) -> list[GraphQLError]:
        if self._prepared.errors:
            return list(self._prepared.errors)
        context = self.execution_context
        if self._prepared.operations > 1 and context._provided_operation_name is None:  # noqa: SLF001 - there is no public name
            # Strawberry would run the first one; the specification demands a request error.
            return [_error("Several operations were sent: say which with operationName", "BAD_USER_INPUT")]
        caller = cast("Context", context.context)
        wrong_way = caller.transport.refusal(OperationType(context.operation_type.value))
        if wrong_way is not None:
            return [_error(wrong_way, "BAD_USER_INPUT")]
        missing = missing_scopes(caller.viewer, self._prepared.requirements)
        if missing:
            return [_error(f"The API key lacks a scope this needs: {', '.join(missing)}", "FORBIDDEN")]
        return []


def _error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
