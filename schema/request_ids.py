"""The id of a request: told with every answer, and with what the log says when it goes wrong."""

import re
from itertools import count
from secrets import token_hex

from starlette.types import Scope

HEADER = "x-request-id"
_RAW_HEADER = HEADER.encode()

_GIVEN = re.compile(r"[\w.:-]{8,64}", re.ASCII)


def request_id_of(scope: Scope) -> str:
    """The id, which a proxy in front may have given; the same however often it is asked for."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = next((value for name, value in scope["headers"] if name == _RAW_HEADER), b"").decode(
            "latin-1"
        )
        # It gets into the log, so it must not look like anything else.
        state["request_id"] = given if _GIVEN.fullmatch(given) else _new_id()
    request_id: str = state["request_id"]
    return request_id


_PROCESS, _NUMBERS = token_hex(8), count(1)


def _new_id() -> str:
    """An id of its own. Not random, as it is no secret: asking the system costs more than all else of it."""
    return f"{_PROCESS}{next(_NUMBERS):016x}"
