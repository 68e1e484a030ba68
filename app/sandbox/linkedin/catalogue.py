"""How LinkedIn can be told to fail, under its own codes; where it has none, under the names of what happens.

Codes from "Error handling" (learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling) and
"Versioning" (learn.microsoft.com/en-us/linkedin/marketing/versioning), read 2026-11-23.
"""

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Answer, Call, json_answer
from app.sandbox.cases import Case, Refuse, catalogue
from app.sandbox.linkedin.answers import (
    OUT_OF_WINDOW,
    TOKEN_FAULTS,
    WRONG_METHOD,
    at_indices,
    error,
    no_ad_account,
    no_such_version,
    no_version,
    unauthorized,
    unprocessable,
)
from app.sandbox.linkedin.tokens import oauth_error
from app.sandbox.transport_cases import RETRY_AFTER_S, TRANSPORT_CASES, rate_limited_with

_API = ("events", "rules", "rule")
_HOME = ("events",)
_LIMIT = "Resource level throttle limit for calls to this resource is reached."


def _case(name: str, says: str, answer: Answer, endpoints: tuple[str, ...]) -> Case:
    return Case(name=name, says=says, behaviour=Refuse(lambda _call: answer), endpoints=endpoints)


def _failed(name: str, status: int, message: str, *, service_code: int | None = None) -> Case:
    more = {} if service_code is None else {"serviceErrorCode": service_code}
    return _case(name, f"{status} {name}: {message}", error(status, message, code=name, **more), _API)


def _no_token(status: int, code: str, message: str) -> Case:
    says = f"The token endpoint answers {status} {code}"
    return _case(code.upper(), says, oauth_error(status, code, message), ("token",))


def _all_refused(call: Call) -> Answer:
    """Each event refused by itself in an answer that is a success as a whole."""
    try:
        body = parse_json(call.body)
    except InvalidJsonError:
        body = None
    events = body.get("elements") if isinstance(body, dict) else None
    said = {"message": "ERROR :: /conversionValue/amount :: is no decimal", "status": 422}
    count = len(events) if isinstance(events, list) else 1
    return json_answer(200, {"elements": [{"status": 422, "error": said}] * count})


_ACCESS = (
    *(
        _case(code, f"401 {code} ({number}): {message}", unauthorized(code), _API)
        for code, (number, message) in TOKEN_FAULTS.items()
    ),
    _failed("ACCESS_DENIED", 403, "Not enough permissions to access this resource", service_code=100),
    _case("NO_AD_ACCOUNTS", "403: no such rule, or no rights to its ad account", no_ad_account(), _HOME),
    _case("VERSION_MISSING", "400 VERSION_MISSING: no header LinkedIn-Version", no_version(), _API),
    _case(
        "NONEXISTENT_VERSION",
        "426 NONEXISTENT_VERSION: the API version has ended",
        no_such_version("202511"),
        _API,
    ),
)
_SERVICE = (
    _failed("INTERNAL_SERVER_ERROR", 500, "Internal Server Error"),
    _failed("SERVICE_UNAVAILABLE", 503, "Service Unavailable"),
    _failed("GATEWAY_TIMEOUT", 504, "Gateway Timeout"),
    _failed("TOO_MANY_REQUESTS", 429, _LIMIT, service_code=101),
    _case(
        "RATE_LIMITED",
        f"429 TOO_MANY_REQUESTS, Retry-After: {RETRY_AFTER_S}",
        rate_limited_with(error(429, _LIMIT, code="TOO_MANY_REQUESTS")),
        _API,
    ),
)
_EVENTS = (
    _case(
        "INVALID_TIME",
        "400: the first event lies outside of the last 90 days",
        at_indices(OUT_OF_WINDOW, [0]),
        _HOME,
    ),
    _case(
        "WRONG_CONVERSION_METHOD",
        "400: the first event's rule is not one for the Conversions API",
        at_indices(WRONG_METHOD, [0]),
        _HOME,
    ),
    _case(
        "INVALID_CONVERSION",
        "422: the first event's rule is no URN",
        unprocessable({0: ["/conversion :: Invalid Urn format."]}, in_batch=True),
        _HOME,
    ),
    _case(
        "UNPROCESSABLE",
        "422: two fields of the first event are wrong",
        unprocessable(
            {
                0: [
                    "/conversionValue/amount :: 19.9 cannot be coerced to String",
                    "/user/userInfo/lastName :: field is required but not found and has no default value",
                ]
            },
            in_batch=True,
        ),
        _HOME,
    ),
    Case(
        name="ELEMENTS_REFUSED",
        says="200, and 422 for each event",
        behaviour=Refuse(_all_refused),
        endpoints=_HOME,
    ),
)
_TOKEN = (
    _no_token(400, "invalid_grant", "The provided refresh token is invalid, expired or revoked"),
    _no_token(401, "invalid_client", "Client authentication failed"),
    _no_token(400, "invalid_request", 'A required parameter "client_id" is missing'),
)

CASES = catalogue(_ACCESS, _SERVICE, _EVENTS, _TOKEN, TRANSPORT_CASES)
