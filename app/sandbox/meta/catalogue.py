"""How Meta can be told to fail: by code, or by code/subcode, as the Graph API names its errors.

Codes from "Handling Errors" (developers.facebook.com/docs/graph-api/guides/error-handling) and "Error
Codes" of the Marketing API (developers.facebook.com/docs/marketing-api/error-reference), read 2026-11-23.
"""

from app.sandbox.cases import Case, Distort, Refuse, catalogue
from app.sandbox.meta.answers import (
    ended_version,
    graph_error,
    invalid_parameter,
    invalid_token,
    no_such_object,
    one_event_less,
    without_index,
)
from app.sandbox.transport_cases import RETRY_AFTER_S, TRANSPORT_CASES, rate_limited_with

_HOME = ("events",)


def _failed(http_status: int, code: int, message: str, *, is_transient: bool | None = None) -> Case:
    return Case(
        name=str(code),
        says=f"{http_status}, code {code}: {message}",
        behaviour=Refuse(lambda _call: graph_error(http_status, code, message, is_transient=is_transient)),
        endpoints=_HOME,
    )


def _refused(subcode: int, says: str) -> Case:
    return Case(
        name=f"100/{subcode}",
        says=f"400, code 100/{subcode}: {says}",
        behaviour=Refuse(lambda _call: invalid_parameter(subcode, "Server Side Api Parameter Error", says)),
        endpoints=_HOME,
    )


def _token(subcode: int, says: str) -> Case:
    return Case(
        name=f"190/{subcode}",
        says=f"401, code 190/{subcode}: {says}",
        behaviour=Refuse(lambda _call: graph_error(401, 190, says, subcode=subcode)),
        endpoints=_HOME,
    )


def _object(subcode: int, says: str) -> Case:
    return Case(
        name=f"100/{subcode}",
        says=f"400, code 100/{subcode}: {says}",
        behaviour=Refuse(lambda _call: graph_error(400, 100, says, subcode=subcode)),
        endpoints=_HOME,
    )


_SERVICE = (
    _failed(500, 1, "An unknown error occurred", is_transient=True),
    _failed(500, 2, "Service temporarily unavailable", is_transient=True),
    _failed(400, 4, "(#4) Application request limit reached", is_transient=True),
    _failed(400, 17, "(#17) User request limit reached", is_transient=True),
    _failed(400, 341, "(#341) Application limit reached", is_transient=True),
    _failed(400, 613, "(#613) Calls to this api have exceeded the rate limit."),
    _failed(400, 80003, "(#80003) There have been too many calls to this ad account."),
    _failed(500, 5000, "Unknown error code"),
    _failed(400, 21009, "(#21009) Failed on the vendor's side, try again"),
    Case(
        name="TRANSIENT",
        says="500, a code that no page lists, is_transient",
        behaviour=Refuse(lambda _call: graph_error(500, 99_999, "Please retry", is_transient=True)),
        endpoints=_HOME,
    ),
    Case(
        name="RATE_LIMITED",
        says=f"429, code 4, Retry-After: {RETRY_AFTER_S}",
        behaviour=Refuse(
            lambda _call: rate_limited_with(graph_error(429, 4, "(#4) Application request limit reached"))
        ),
        endpoints=_HOME,
    ),
)
_ACCESS = (
    Case(
        name="190",
        says="401, code 190: the access token is refused",
        behaviour=Refuse(lambda _call: invalid_token()),
        endpoints=_HOME,
    ),
    _token(460, "The session was invalidated because the password was changed."),
    _token(463, "The session has expired."),
    _failed(401, 102, "The session key is invalid or no longer valid"),
    _failed(403, 3, "(#3) The application lacks the capability to make this call."),
    _failed(403, 10, "(#10) The application has no permission for this action"),
    _failed(403, 200, "(#200) Permissions error"),
    _failed(403, 368, "The action is deemed abusive or is otherwise disallowed"),
    Case(
        name="100/33",
        says="400, code 100/33: no such dataset, or no rights to it",
        behaviour=Refuse(lambda call: no_such_object(call.path_params.get("dataset_id", ""))),
        endpoints=_HOME,
    ),
    _object(34, "The dataset cannot be used."),
    _object(38, "The dataset is not available to this token."),
)
_EVENTS = (
    *(
        _refused(subcode, says)
        for subcode, says in (
            (2804003, "The event is more than 7 days old."),
            (2804036, "The lead id is invalid."),
            (2804050, "The event has too little customer information."),
        )
    ),
    *(
        _refused(subcode, "A parameter of an event is invalid.")
        for subcode in (2804001, 2804007, 2804009, 2804016, 2804017, 2804019, 2804048)
    ),
    _failed(400, 100, "(#100) Invalid parameter"),
    _failed(400, 105, "The number of parameters exceeded the maximum for this operation"),
)

_BATCHES = (
    Case(
        name="UNNAMED",
        says="The request is judged as usual; a refusal names no event",
        behaviour=Distort(without_index),
        endpoints=_HOME,
    ),
    Case(
        name="FEWER_RECEIVED",
        says="The request is taken; the answer counts one event less",
        behaviour=Distort(one_event_less),
        endpoints=_HOME,
    ),
)
_VERSION = (
    Case(
        name="2635",
        says="400, code 2635: the version in the address has ended",
        behaviour=Refuse(lambda _call: ended_version("v99.0")),
        endpoints=_HOME,
    ),
)

CASES = catalogue(_SERVICE, _ACCESS, _EVENTS, _BATCHES, _VERSION, TRANSPORT_CASES)
