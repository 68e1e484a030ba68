"""`updateLeadStatus` as a plain request, for CRMs that can send no more than a webhook.

It answers in JSON whatever happens. The change itself is the mutation's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.database.errors import DatabaseBusyError
from app.errors import (
    DomainError,
    DuplicateJobError,
    InvalidInputError,
    LeadNotFoundError,
    Problem,
)
from app.rest_input import read_change
from app.services.answers import Opened, Queued
from app.values import Scope as KeyScope
from schema.bodies import BODY_WITHIN_S, RefusedError, media_type, read_body
from schema.callers import let_in
from schema.context import Services
from schema.headers import headers_of
from schema.masking import OVERLOADED_MESSAGE, log_bug
from schema.payloads import BadPayloadError, read_object
from schema.request_ids import request_id_of
from schema.responses import BUG_MESSAGE
from schema.scalars import serialize_date_time
from schema.time_limit import EXECUTE_WITHIN_S, OutOfTimeError, in_time
from schema.warnings import warning_of

PATH: Final = "/api/leads/updateLeadStatus"

_SCOPE: Final = KeyScope.STATUS_WRITE
_NO_STORE: Final = {"cache-control": "no-store"}


def rest_routes(
    services: Services, *, within_s: float = EXECUTE_WITHIN_S, body_within_s: float = BODY_WITHIN_S
) -> list[Route]:
    """What answers without GraphQL."""
    return [Route(PATH, UpdateLeadStatusEndpoint(services, body_within_s, within_s))]


@dataclass(frozen=True, slots=True)
class UpdateLeadStatusEndpoint:
    """The ASGI application at PATH."""

    services: Services
    body_within_s: float
    within_s: float = EXECUTE_WITHIN_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self._update(scope, receive)
        except RefusedError as refused:
            return _json(refused.status, {"message": refused.message}, **refused.headers)
        except DomainError as error:
            return _refusal(error)
        except OutOfTimeError as error:
            return _json(504, {"message": error.message})
        except DatabaseBusyError:
            return _json(503, {"message": OVERLOADED_MESSAGE}, **{"Retry-After": "1"})
        except Exception as error:  # noqa: BLE001 - an edge: a bug must not become text/plain
            request_id = request_id_of(scope)
            log_bug(error, request_id)
            return _json(500, {"message": BUG_MESSAGE, "requestId": request_id})

    async def _update(self, scope: Scope, receive: Receive) -> Response:
        headers = headers_of(scope)
        if scope["method"] != "POST":
            raise RefusedError(405, "Send it with POST", Allow="POST")
        if media_type(headers) != "application/json":
            raise RefusedError(415, "The body must be application/json")
        viewer = await let_in(self.services.gatekeeper, scope, headers)
        if not viewer.may(_SCOPE):
            raise RefusedError(403, f"The API key lacks a scope this needs: {_SCOPE.value}")
        viewer = replace(viewer, request_id=request_id_of(scope))
        body = await read_body(receive, headers, within_s=self.body_within_s)
        try:
            given = read_object(body)
        except BadPayloadError as error:
            raise RefusedError(400, str(error)) from error
        change = read_change(given, idempotency_key=headers.get("idempotency-key"))
        try:
            work = self.services.status.update(viewer, change)
            return _answer(await in_time(work, self.within_s, changes=True))
        except InvalidInputError as error:
            raise InvalidInputError(tuple(_flat(problem) for problem in error.problems)) from error


def _answer(answer: Opened | Queued) -> Response:
    shared = {
        "message": answer.message,
        "leadId": answer.lead.id,
        "uniqueIdentifier": answer.unique_identifier,
        "status": answer.status.value.lower(),
        "queued": isinstance(answer, Queued),
    }
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    if isinstance(answer, Opened):
        return _json(200, shared, **headers)
    return _json(201, shared | {"warnings": [_warning(kept) for kept in answer.warnings]}, **headers)


def _warning(kept: dict[str, Any]) -> dict[str, Any]:
    warning = warning_of(kept)
    return {
        "integration": warning.integration.value.lower(),
        "reason": warning.reason,
        "field": warning.field,
        "timestamp": serialize_date_time(warning.timestamp),
    }


def _refusal(error: DomainError) -> Response:
    match error:
        case DuplicateJobError():
            return _json(409, {"message": error.message, "jobId": str(error.job_id)})
        case LeadNotFoundError():
            return _json(404, {"message": error.message})
        case InvalidInputError():
            problems = [{"path": problem.path, "message": problem.message} for problem in error.problems]
            return _json(400, {"message": error.message, "problems": problems})
        case _:
            return _json(400, {"message": error.message})


def _flat(problem: Problem) -> Problem:
    """The same where it is in this request: its identifiers are not inside of anything."""
    match problem.path:
        case ("lead", *inner):
            return Problem(tuple(inner), problem.message)
        case ("idempotencyKey",):
            return Problem(("Idempotency-Key",), problem.message)
        case _:
            return problem


def _json(status: int, content: Mapping[str, Any], **headers: str) -> Response:
    return JSONResponse(content, status_code=status, headers=_NO_STORE | headers)
