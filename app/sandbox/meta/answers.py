"""What the Graph API answers to events.

The error's fields from "Handling Errors" (developers.facebook.com/docs/graph-api/guides/error-handling, read
2026-11-23). The vendor publishes no list of subcodes of the Conversions API: those used here are known from
implementers, the generic one for parameters is 2804019. Titles and texts are our own words.
"""

import json
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

from app.sandbox.calls import Answer, json_answer

TOO_OLD = 2804003
BAD_PARAMETER = 2804019
BAD_LEAD_ID = 2804036
TOO_LITTLE_CUSTOMER_DATA = 2804050
NO_SUCH_OBJECT = 33
_INDEX = re.compile(rb"\$\['data'\]\[\d+\]")


def received(count: int) -> Answer:
    """All events were taken."""
    return json_answer(200, {"events_received": count, "messages": [], "fbtrace_id": _trace_id()})


def graph_error(
    http_status: int,
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    title: str | None = None,
    text: str | None = None,
    kind: str = "OAuthException",
    is_transient: bool | None = None,
) -> Answer:
    """An error of the Graph API; what is None is left out, as the vendor does."""
    optional: dict[str, Any] = {
        "error_subcode": subcode,
        "is_transient": is_transient,
        "error_user_title": title,
        "error_user_msg": text,
    }
    error = {
        "message": message,
        "type": kind,
        "code": code,
        **{name: item for name, item in optional.items() if item is not None},
        "fbtrace_id": _trace_id(),
    }
    return json_answer(http_status, {"error": error})


def invalid_parameter(subcode: int, title: str, text: str) -> Answer:
    """A parameter has a value that is not allowed: the complete request is refused."""
    return graph_error(
        400, 100, "Invalid parameter", subcode=subcode, title=title, text=text, is_transient=False
    )


def no_such_object(object_id: str) -> Answer:
    """The dataset does not exist, or the token may not see it: the vendor tells no difference."""
    message = (
        f"Unsupported post request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return graph_error(400, 100, message, subcode=NO_SUCH_OBJECT, kind="GraphMethodException")


def invalid_token() -> Answer:
    """No access token, or one that is not in force."""
    return graph_error(401, 190, "Invalid OAuth access token - Cannot parse access token")


def ended_version(latest: str) -> Answer:
    """The version in the address does not answer any more; as the vendor's own libraries were told."""
    message = (
        "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version"
    )
    return graph_error(400, 2635, f"{message}: {latest}.")


def without_index(answer: Answer) -> Answer:
    """The same refusal without the place of the event that is to blame."""
    return replace(answer, body=_INDEX.sub(b"$['data']", answer.body))


def one_event_less(answer: Answer) -> Answer:
    """The same success with one event less; an error stays as it is."""
    said = json.loads(answer.body)
    if "events_received" not in said:
        return answer
    return json_answer(answer.status, {**said, "events_received": said["events_received"] - 1})


def _trace_id() -> str:
    return f"A{uuid4().hex[:22]}"
