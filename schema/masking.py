"""Errors outside the unions: each gets a code, and what went wrong inside is told to nobody but the log."""

import logging
import re
import traceback
from collections.abc import Sequence

from graphql import GraphQLError, GraphQLSyntaxError

from app.database.errors import DatabaseBusyError
from app.errors import DomainError
from schema.context import Context

logger = logging.getLogger("leadwire.graphql")

OVERLOADED = "SERVICE_OVERLOADED"
OVERLOADED_MESSAGE = "The server has too much to do. Try again in a moment."

MAX_MESSAGE = 500
"""Characters of an error's text."""
MAX_LOGGED = 3
"""Bugs of one result."""
MAX_FRAMES = 30
"""Of one bug, the innermost; each is a line of code and where it is."""
_QUOTED_INPUT = (
    (re.compile(r"[,.;]? found: .*", re.DOTALL | re.IGNORECASE), ""),
    # As in: String cannot represent a non string value, and then the value.
    (re.compile(r"(cannot represent [a-z0-9 -]*value): .*", re.DOTALL), r"\1"),
    # As in: Value 'x' does not exist in 'Platform' enum.
    (re.compile(r"Value '.*' does not exist in", re.DOTALL), "The value does not exist in"),
)
"""GraphQL's own texts quote what the caller sent, however long it is."""


def told_errors(errors: Sequence[GraphQLError], context: Context) -> list[GraphQLError]:
    """The errors of one result as callers are told them, whichever way it goes; bugs are logged."""
    _log([error for error in errors if _is_bug(error)], context.request_id)
    return [_told(error, context) for error in errors]


def _log(bugs: Sequence[GraphQLError], request_id: str) -> None:
    """One bug in a list's items is as many errors as the list is long."""
    for error in bugs[:MAX_LOGGED]:
        log_bug(error.original_error or error, request_id)
    if len(bugs) > MAX_LOGGED:
        logger.error("request %s failed in %d more places", request_id, len(bugs) - MAX_LOGGED)


def _told(error: GraphQLError, context: Context) -> GraphQLError:
    if isinstance(error.original_error, DomainError):
        return _coded(error, "BAD_USER_INPUT", message=str(error.original_error))
    if isinstance(error.original_error, DatabaseBusyError):
        return _refused(error, context)
    if _is_bug(error):
        masked = _coded(error, "INTERNAL_SERVER_ERROR", message="Something went wrong on our side")
        masked.extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": context.request_id}
        return masked
    return coded_error(error)


def _refused(error: GraphQLError, context: Context) -> GraphQLError:
    # Not once a mutation field was carried out: the caller must see its answer, not repeat it.
    is_root = error.path is not None and len(error.path) == 1
    if context.mutations == 0 or (context.mutations == 1 and is_root):
        context.overloaded = True
    return _coded(error, OVERLOADED, message=OVERLOADED_MESSAGE)


def coded_error(error: GraphQLError) -> GraphQLError:
    """What is wrong with the caller's request: with a code, and within bounds."""
    return _coded(error, _code(error), message=error.message)


def _is_bug(error: GraphQLError) -> bool:
    """Whether it is our fault: an exception, or a value of ours that the library cannot show."""
    original = error.original_error or error
    if isinstance(original, DomainError | DatabaseBusyError):
        return False
    if not isinstance(original, GraphQLError):
        return True
    # What the library says of an argument names the place in the caller's document; what it says of our
    # values names none. Errors with a code are refusals that somebody thought of.
    return error.path is not None and _own_code(error) is None and not original.nodes


def _own_code(error: GraphQLError) -> str | None:
    code = (error.extensions or {}).get("code")
    return code if isinstance(code, str) else None


def _code(error: GraphQLError) -> str:
    own = _own_code(error)
    if own is not None:
        return own
    return "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "BAD_USER_INPUT"


def _coded(error: GraphQLError, code: str, *, message: str) -> GraphQLError:
    """A copy: errors of a cached document are shared by all requests."""
    return GraphQLError(
        _bounded(message),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )


def _bounded(message: str) -> str:
    """Without the input that graphql-core quotes: clients log errors, and input is people's data."""
    told = message
    for quoting, instead in _QUOTED_INPUT:
        told = quoting.sub(instead, told)
    return told if len(told) <= MAX_MESSAGE else f"{told[: MAX_MESSAGE - 1]}…"


def log_bug(error: BaseException, request_id: str) -> None:
    """Log where it happened, once, and not what it said: messages quote values, and values are people's."""
    frames = "".join(traceback.format_tb(error.__traceback__, limit=-MAX_FRAMES))
    logger.error("request %s failed with %s\n%s", request_id, type(error).__name__, frames)
