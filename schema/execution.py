"""Runs operations, at once or piece by piece: what HTTP, server-sent events and WebSockets have in common."""

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from strawberry.schema.base import BaseSchema

from app.database.errors import DatabaseBusyError
from schema.admission import RequestRefusedError, admit
from schema.context import Context
from schema.documents import DocumentCache, Documents, Prepared, refused
from schema.masking import coded_error, told_errors
from schema.operations import Operation, execute, subscribe
from schema.payloads import NO_DOCUMENT, OperationRequest
from schema.responses import error_payload
from schema.time_limit import EXECUTE_WITHIN_S, OutOfTimeError, in_time

_SUGGESTION = re.compile(r" Did you mean .*\?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """One result."""

    payload: dict[str, Any]
    """`data`, `errors`, `extensions`, as GraphQL names them; without `data` when nothing was executed."""
    refused: bool = False
    """It is the reason why nothing is executed, and the last piece."""


class Executor:
    """A schema with the documents that may run on it, and how long that may take."""

    def __init__(
        self,
        schema: BaseSchema,
        *,
        within_s: float = EXECUTE_WITHIN_S,
        introspection: bool = True,
        trusted: Documents | None = None,
    ) -> None:
        """`introspection`: whether the schema may be asked for; `trusted`: None: any document may run."""
        self._within_s, self._introspection = within_s, introspection
        self._documents = trusted or DocumentCache(core_schema(schema), introspection=introspection)

    def find(self, request: OperationRequest) -> Prepared:
        """The document that the request is about; why it may not run is among its errors."""
        if not request.query and not request.document_id:
            return refused(NO_DOCUMENT, "BAD_USER_INPUT")
        return self._documents.find(request)

    async def answer(self, prepared: Prepared, request: OperationRequest, context: Context) -> Piece:
        """The one result of an operation.

        Raises:
            DatabaseBusyError: nothing of it was carried out, because there is too much to do.
            OutOfTimeError: it took too long.
        """
        try:
            operation = admit(prepared, request.operation_name, context)
        except RequestRefusedError as refusal:
            return _refusal(refusal.errors)
        piece = self._piece_of(await self._execute(operation, request, context), context)
        if context.overloaded:
            raise DatabaseBusyError("the request as a whole was refused")
        return piece

    async def stream(
        self, prepared: Prepared, request: OperationRequest, context: Context
    ) -> AsyncGenerator[Piece, None]:
        """Every result of an operation, through the same limits, scopes and masking as any other."""
        try:
            operation = admit(prepared, request.operation_name, context)
            if operation.kind is not OperationType.SUBSCRIPTION:
                yield self._piece_of(await self._execute(operation, request, context), context)
                return
        except RequestRefusedError as refusal:
            yield _refusal(refusal.errors)
            return
        except OutOfTimeError as error:
            yield Piece(error_payload(error.message, error.code), refused=True)
            return
        results = await subscribe(operation, request.variables, context)
        if isinstance(results, ExecutionResult):
            yield self._piece_of(results, context, refused=True)
            return
        async with aclosing(results):
            async for result in results:
                yield self._piece_of(result, context)

    async def _execute(
        self, operation: Operation, request: OperationRequest, context: Context
    ) -> ExecutionResult:
        result = execute(operation, request.variables, context)
        if isinstance(result, ExecutionResult):
            return result
        return await in_time(result, self._within_s, changes=operation.kind is OperationType.MUTATION)

    def _piece_of(self, result: ExecutionResult, context: Context, *, refused: bool = False) -> Piece:
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [error.formatted for error in told_errors(result.errors, context)]
            if not self._introspection:
                _forget_suggestions(payload["errors"])
            if result.data is None and not any(error.path for error in result.errors):
                # That is how clients tell a request error from a null.
                del payload["data"]
        return Piece(payload, refused=refused)


def core_schema(schema: BaseSchema) -> GraphQLSchema:
    """The schema as graphql-core knows it."""
    return cast("GraphQLSchema", schema._schema)  # type: ignore[attr-defined]  # noqa: SLF001 - Strawberry's own caches take it from there, too


def _refusal(errors: Iterable[GraphQLError]) -> Piece:
    return Piece({"errors": [coded_error(error).formatted for error in errors]}, refused=True)


def _forget_suggestions(errors: Iterable[dict[str, Any]]) -> None:
    """Take the names out that are like the wrong one: of inputs they are told when variables are read."""
    for error in errors:
        error["message"] = _SUGGESTION.sub("", error["message"])
