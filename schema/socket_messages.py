"""The messages of graphql-transport-ws, read strictly, and the codes a socket is closed with.

As the protocol of graphql-ws says (github.com/enisdenjo/graphql-ws, PROTOCOL.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from app.services.streams import Ending
from app.services.viewer import INVALID_KEY
from schema.payloads import BadPayloadError, OperationRequest, read_object, read_operation

PROTOCOL: Final = "graphql-transport-ws"
MAX_MESSAGE_BYTES: Final = 64 * 1024
"""As a body's."""
MAX_ID: Final = 128
"""Characters of an operation's id, which is a UUID or a number as a rule."""


class Code(IntEnum):
    """Why a socket is closed."""

    IDLE = 1000
    STOPPING = 1001
    TOO_BIG = 1009
    TRY_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    WRONG_PROTOCOL = 4406
    INIT_TIMEOUT = 4408
    ID_IN_USE = 4409
    SECOND_INIT = 4429
    BUG = 4500


class CloseError(Exception):
    """The socket is to be closed. The reason is for people, and quotes nothing of what was sent."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Init:
    """The first message."""

    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Run an operation."""

    id: str
    request: OperationRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """The caller has enough of an operation."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered with a pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping, or a sign of life."""


Message = Init | Subscribe | Complete | Ping | Pong


def read_message(text: str) -> Message:
    """The message; CloseError for one that is none."""
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode(errors="surrogatepass")) > MAX_MESSAGE_BYTES:
        raise CloseError(Code.TOO_BIG, f"The message must be at most {MAX_MESSAGE_BYTES} bytes")
    try:
        values = read_object(text, called="The message")
        return _reader(values.get("type"))(values)
    except BadPayloadError as error:
        raise CloseError(Code.BAD_REQUEST, str(error)) from error


def _reader(kind: object) -> Callable[[Mapping[str, Any]], Message]:
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise BadPayloadError("The message must have a `type` that graphql-transport-ws knows")
    return read


def reason_of(ending: Ending) -> CloseError:
    """How a socket is closed that ends from our side."""
    if ending is Ending.KEY:
        return CloseError(Code.FORBIDDEN, INVALID_KEY)
    return CloseError(Code.STOPPING, "The server is stopping")


def _init(values: Mapping[str, Any]) -> Init:
    return Init(_object(values, "payload", required=False))


def _subscribe(values: Mapping[str, Any]) -> Subscribe:
    return Subscribe(_id(values), read_operation(_object(values, "payload", required=True)))


def _complete(values: Mapping[str, Any]) -> Complete:
    return Complete(_id(values))


def _ping(_values: Mapping[str, Any]) -> Ping:
    return Ping()


def _pong(_values: Mapping[str, Any]) -> Pong:
    return Pong()


def _id(values: Mapping[str, Any]) -> str:
    value = values.get("id")
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        raise BadPayloadError(f"The message must have an `id` of 1 to {MAX_ID} characters")
    return value


def _object(values: Mapping[str, Any], name: str, *, required: bool) -> dict[str, Any]:
    value = values.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise BadPayloadError(f"The message must have a `{name}` that is an object")
    return value


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Message]]] = {
    "connection_init": _init,
    "subscribe": _subscribe,
    "complete": _complete,
    "ping": _ping,
    "pong": _pong,
}
