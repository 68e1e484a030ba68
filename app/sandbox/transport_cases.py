"""What can go wrong between any client and any platform: front servers, broken answers, redirects."""

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from app.sandbox.calls import Answer, Call, text_answer
from app.sandbox.cases import Case, Distort, Refuse

RETRY_AFTER_S = 7
HUGE_BYTES = 20 * 1024 * 1024
_NO_CONTENT = 204

_PAGE = "<!DOCTYPE html><html><title>Error</title><h1>Please try again later</h1></html>"


def not_found_page(_call: Call) -> Answer:
    """What Google answers at an address it does not have: a page, not JSON."""
    return _page(404)


def rate_limited_with(answer: Answer) -> Answer:
    """The same answer with Retry-After in seconds."""
    return replace(answer, headers={**answer.headers, "retry-after": str(RETRY_AFTER_S)})


def _page(status: int, headers: dict[str, str] | None = None) -> Answer:
    return text_answer(status, _PAGE, content_type="text/html", headers=headers)


def _with_body(answer: Answer, body: bytes) -> Answer:
    # 204 must not have a body; a client would never read it.
    return replace(answer, status=200 if answer.status == _NO_CONTENT else answer.status, body=body)


def _truncate(answer: Answer) -> Answer:
    return _with_body(answer, answer.body[: len(answer.body) // 2] or b'{"')


def _inflate(answer: Answer) -> Answer:
    return _with_body(answer, b'{"padding":"' + b"x" * HUGE_BYTES + b'"}')


def _html_instead(answer: Answer) -> Answer:
    return _page(200 if answer.status == _NO_CONTENT else answer.status)


def _until(call: Call) -> Answer:
    at = call.at.replace(microsecond=0) + timedelta(seconds=RETRY_AFTER_S)
    return _page(503, {"retry-after": format_datetime(at, usegmt=True)})


def _plain(status: int, headers: dict[str, str] | None = None) -> Refuse:
    return Refuse(lambda _call: _page(status, headers))


TRANSPORT_CASES = (
    Case(name="HTML", says="502 and an HTML page, from a server in front", behaviour=_plain(502)),
    Case(
        name="HTML_OK",
        says="The request is taken, but an HTML page comes back with the usual status",
        behaviour=Distort(_html_instead),
    ),
    Case(
        name="TRUNCATED",
        says="The request is taken; the answer is whole as HTTP but its JSON ends in the middle",
        behaviour=Distort(_truncate),
    ),
    Case(
        name="EMPTY",
        says="The request is taken; the answer has no body",
        behaviour=Distort(lambda answer: replace(answer, body=b"")),
    ),
    Case(name="HUGE", says="The request is taken; the answer has 20 MB", behaviour=Distort(_inflate)),
    Case(
        name="REDIRECT",
        says="302 to another address of the platform",
        behaviour=_plain(302, {"location": "moved"}),
    ),
    Case(name="HTTP_403", says="403 and an HTML page", behaviour=_plain(403)),
    Case(name="HTTP_404", says="404 and an HTML page", behaviour=_plain(404)),
    Case(name="HTTP_408", says="408 and an HTML page", behaviour=_plain(408)),
    Case(name="HTTP_413", says="413 and an HTML page", behaviour=_plain(413)),
    Case(name="HTTP_425", says="425 and an HTML page", behaviour=_plain(425)),
    Case(
        name="HTTP_429",
        says=f"429, an HTML page and Retry-After: {RETRY_AFTER_S}",
        behaviour=_plain(429, {"retry-after": str(RETRY_AFTER_S)}),
    ),
    Case(name="HTTP_500", says="500 and an HTML page", behaviour=_plain(500)),
    Case(name="HTTP_503", says="503, an HTML page and Retry-After as a date", behaviour=Refuse(_until)),
    Case(name="HTTP_504", says="504 and an HTML page", behaviour=_plain(504)),
)
