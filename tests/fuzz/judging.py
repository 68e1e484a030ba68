"""What is wrong with an answer, whatever was asked."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx

from app.rest import PATH
from schema.masking import MAX_MESSAGE
from tests.fuzz.asking import EVENTS, Asked

_MEDIA: Final = {"application/json", "application/graphql-response+json"}
REFUSED: Final = {429, 503}
"""Too much at a time is no mistake of the server's; but an answer of this kind tells nothing either."""


def complaints(asked: Asked, response: httpx.Response, content: bytes) -> Iterator[str]:
    """Each as a line; none: it is an answer as it should be."""
    media = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code >= 500 and response.status_code not in REFUSED:
        yield f"status {response.status_code}"
    if response.headers.get("x-content-type-options") != "nosniff":
        yield "no security headers"
    if asked.is_stream and media == EVENTS:
        yield from _of_event(content)
    elif media not in _MEDIA:
        yield f"content type {media!r}"
    elif asked.path == PATH:
        yield from _of_plain(content)
    elif asked.method != "HEAD":
        yield from _of_result(json.loads(content))


def _of_event(content: bytes) -> Iterator[str]:
    first = content.decode().partition("\n\n")[0]
    if first.startswith("event: next\ndata: "):
        yield from _of_result(json.loads(first.partition("data: ")[2]))


def _of_plain(content: bytes) -> Iterator[str]:
    answer = json.loads(content)
    if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
        yield "no message"


def _of_result(answer: Any) -> Iterator[str]:
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        yield "neither data nor errors"
        return
    for error in answer.get("errors", ()):
        code = error.get("extensions", {}).get("code")
        if not isinstance(code, str):
            yield "an error without a code"
        if code == "INTERNAL_SERVER_ERROR":
            yield "a bug of ours"
        if len(error["message"]) > MAX_MESSAGE:
            yield "a message without bounds"
