"""What LinkedIn answers.

The fields from "Error handling" (learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling,
read 2026-11-23). What the Conversions API says of an event's fields is documented nowhere; implementers saw
the forms used here: `Index: n, ERROR :: /path :: text` with 422, `text, indices [n] (0-indexed)` with 400.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.sandbox.calls import Answer, json_answer

TOKEN_FAULTS = {
    "INVALID_ACCESS_TOKEN": (65600, "Invalid access token"),
    "REVOKED_ACCESS_TOKEN": (65601, "The token used in the request has been revoked by the user"),
    "EXPIRED_ACCESS_TOKEN": (65602, "The token used in the request has expired"),
    "EMPTY_ACCESS_TOKEN": (65604, "Empty oauth2 access token"),
}
OUT_OF_WINDOW = "Conversion time should be within 90 days and not exceed current time"
WRONG_METHOD = "Incorrect conversions information provided. Conversion's method should be CONVERSIONS_API"
TOO_LITTLE = "User information is not sufficient to match a member"


def created(count: int) -> Answer:
    """All events of a batch were taken."""
    return json_answer(200, {"elements": [{"status": 201}] * count})


def created_one() -> Answer:
    """The event that came without a batch was taken."""
    return Answer(status=201)


def error(status: int, message: str, **more: Any) -> Answer:
    """Any error; `more`: code and serviceErrorCode, where LinkedIn has them."""
    return json_answer(status, {**more, "message": message, "status": status})


def unauthorized(code: str) -> Answer:
    """A token that is not in force."""
    number, message = TOKEN_FAULTS[code]
    return error(401, message, code=code, serviceErrorCode=number)


def no_version() -> Answer:
    """No header LinkedIn-Version."""
    message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
    return error(400, message, code="VERSION_MISSING")


def no_such_version(version: str) -> Answer:
    """A version that is not in force, or never was one."""
    return error(426, f"Requested version {version[:20]}01 is not active", code="NONEXISTENT_VERSION")


def no_ad_account() -> Answer:
    """A rule that does not exist, or one that the token's user may not use: no difference is told."""
    return error(403, "No ad accounts found")


def not_found(message: str) -> Answer:
    """Nothing of this name."""
    return error(404, message, code="RESOURCE_NOT_FOUND")


def unprocessable(faults: Mapping[int, Sequence[str]], *, in_batch: bool) -> Answer:
    """Every fault of every event; only the first line of an event in a batch names its index."""
    parts = []
    for index, found in faults.items():
        lines = "\n".join(f"ERROR :: {fault}" for fault in found)
        parts.append(f"Index: {index}, {lines}" if in_batch else lines)
    return error(422, "\n".join(parts) + "\n")


def at_indices(text: str, indices: Iterable[int]) -> Answer:
    """One thing that is wrong with several events."""
    return error(400, f"{text}, indices [{', '.join(map(str, indices))}] (0-indexed).")
