"""Whether an operation may run: the one gate, whichever way it came."""

from collections.abc import Iterator, Sequence
from typing import cast

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from schema.access import missing_scopes
from schema.context import Context
from schema.documents import Prepared


class RequestRefusedError(Exception):
    """Nothing is executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def admit(prepared: Prepared, operation_name: str | None, context: Context) -> OperationDefinitionNode:
    """The operation to run; RequestRefusedError when it may not be, or which one is not known.

    The context carries the document from here on, and without it nothing runs.
    """
    if prepared.errors:
        raise RequestRefusedError(prepared.errors)
    operation = prepared.operation(operation_name)
    if operation is None:
        # Strawberry would run the first of several; the specification demands a request error.
        raise _refusal(_NO_SUCH_OPERATION if operation_name else _SEVERAL_OPERATIONS, "BAD_USER_INPUT")
    wrong_way = context.transport.refusal(operation.operation)
    if wrong_way is not None:
        raise _refusal(wrong_way, "BAD_USER_INPUT")
    missing = missing_scopes(context.viewer, prepared.requirements)
    if missing:
        raise _refusal(f"The API key lacks a scope this needs: {', '.join(missing)}", "FORBIDDEN")
    context.document = prepared.document
    return operation


class AdmittedOnly(SchemaExtension):
    """Gives Strawberry the document that was admitted; it neither parses nor validates itself."""

    def on_parse(self) -> Iterator[None]:
        """Hand over the document; RuntimeError when none was admitted."""
        document = cast("Context", self.execution_context.context).document
        if document is None:
            raise RuntimeError("no document was admitted")
        self.execution_context.graphql_document = document
        yield

    def on_validate(self) -> Iterator[None]:
        """Say that it is valid."""
        self.execution_context.pre_execution_errors = []
        yield


_NO_SUCH_OPERATION = "The document has no such operation"
_SEVERAL_OPERATIONS = "Several operations were sent: say which with operationName"


def _refusal(message: str, code: str) -> RequestRefusedError:
    return RequestRefusedError([GraphQLError(message, extensions={"code": code})])
