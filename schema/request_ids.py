"""The id of a request: told with every answer, and with what the log says when it goes wrong."""

import re
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import Scope

HEADER = "x-request-id"

_GIVEN = re.compile(r"[\w.:-]{8,64}", re.ASCII)


def request_id_of(scope: Scope) -> str:
    """The id, which a proxy in front may have given; the same however often it is asked for."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get(HEADER, "")
        # It gets into the log, so it must not look like anything else.
        state["request_id"] = given if _GIVEN.fullmatch(given) else uuid4().hex
    request_id: str = state["request_id"]
    return request_id
