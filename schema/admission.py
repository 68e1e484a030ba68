"""Whether an operation may run: the one gate, whichever way it came."""

from collections.abc import Sequence

from graphql import GraphQLError

from schema.access import refusal_of
from schema.context import Context
from schema.documents import Prepared
from schema.operations import Operation


class RequestRefusedError(Exception):
    """Nothing is executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def admit(prepared: Prepared, operation_name: str | None, context: Context) -> Operation:
    """The operation to run; RequestRefusedError when it may not be, or which one is not known."""
    if prepared.errors:
        raise RequestRefusedError(prepared.errors)
    operation = prepared.operation(operation_name)
    if operation is None:
        # Of several, without a name, none is run: the specification demands a request error.
        raise _refusal(_NO_SUCH_OPERATION if operation_name else _SEVERAL_OPERATIONS, "BAD_USER_INPUT")
    wrong_way = context.transport.refusal(operation.kind)
    if wrong_way is not None:
        raise _refusal(wrong_way, "BAD_USER_INPUT")
    forbidden = refusal_of(context.viewer, prepared.access, context.transport)
    if forbidden is not None:
        raise _refusal(forbidden, "FORBIDDEN")
    return operation


_NO_SUCH_OPERATION = "The document has no such operation"
_SEVERAL_OPERATIONS = "Several operations were sent: say which with operationName"


def _refusal(message: str, code: str) -> RequestRefusedError:
    return RequestRefusedError([GraphQLError(message, extensions={"code": code})])
