"""One operation answered piece by piece: what server-sent events and WebSockets have in common."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from graphql import GraphQLSchema, GraphQLSyntaxError, OperationType
from strawberry.http import process_result
from strawberry.schema.base import BaseSchema
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from schema.context import Context
from schema.documents import find_operation, prepare
from schema.payloads import OperationRequest


@dataclass(frozen=True, slots=True)
class Piece:
    """One result."""

    payload: dict[str, Any]
    """`data`, `errors`, `extensions`, as GraphQL names them; without `data` when nothing was executed."""
    refused: bool = False
    """It is the reason why nothing is executed, and the last piece."""


def operation_type(schema: BaseSchema, request: OperationRequest) -> OperationType | None:
    """Of which kind the operation is; None: that cannot be told, and it will be refused."""
    try:
        prepared = prepare(core_schema(schema), request.query or "")
    except GraphQLSyntaxError:
        return None
    operation = find_operation(prepared.document, request.operation_name)
    return None if operation is None else operation.operation


async def answer_in_pieces(
    schema: BaseSchema, request: OperationRequest, context: Context
) -> AsyncGenerator[Piece, None]:
    """Run the operation, through the same limits, scopes and masking as any other."""
    refusal = _refusal(schema, request)
    if refusal is not None:
        yield refusal
        return
    results = await schema.stream(
        request.query,
        variable_values=request.variables,
        context_value=context,
        operation_name=request.operation_name,
        operation_extensions=request.extensions,
    )
    async with aclosing(results):
        async for result in results:
            # Nothing else can come: incremental delivery is not switched on.
            yield piece_of(cast("ExecutionResult", result))


def piece_of(result: ExecutionResult) -> Piece:
    """The result as it is sent."""
    payload = dict[str, Any](process_result(result))
    if result.data is None and result.errors and not any(error.path for error in result.errors):
        # That is how clients tell a request error from a null.
        payload.pop("data", None)
    return Piece(payload, refused=isinstance(result, PreExecutionError))


def core_schema(schema: BaseSchema) -> GraphQLSchema:
    """The schema as graphql-core knows it."""
    return cast("GraphQLSchema", schema._schema)  # type: ignore[attr-defined]  # noqa: SLF001 - Strawberry's own caches take it from there, too


def error_payload(message: str, code: str, **extensions: str) -> dict[str, Any]:
    """A result that is one error and nothing else."""
    return {"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}


def bug_payload(request_id: str) -> dict[str, Any]:
    """The result when it is our fault: nothing but the id under which the log tells more."""
    return error_payload("Something went wrong on our side", "INTERNAL_SERVER_ERROR", requestId=request_id)


def _refusal(schema: BaseSchema, request: OperationRequest) -> Piece | None:
    """What Strawberry would refuse with an error that looks like a bug of ours."""
    if not request.query:
        return Piece(error_payload("No GraphQL query found in the request", "BAD_USER_INPUT"), refused=True)
    try:
        document = prepare(core_schema(schema), request.query).document
    except GraphQLSyntaxError:
        return None
    if find_operation(document, request.operation_name) is None:
        return Piece(error_payload("The document has no such operation", "BAD_USER_INPUT"), refused=True)
    return None
