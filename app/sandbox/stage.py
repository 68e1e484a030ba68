"""One platform on stage: each request to it is judged, written down, and answered as ordered."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.clock import Clock
from app.sandbox.bodies import masked_query
from app.sandbox.calls import Answer, Call, Endpoint, Judgement
from app.sandbox.cases import Condemn, Distort, Refuse
from app.sandbox.dropping import DroppedAfter, DroppedBefore
from app.sandbox.ledger import Ledger
from app.sandbox.platform import PlayedPlatform
from app.sandbox.script import Script, Step

MAX_BODY_BYTES = 8 * 1024 * 1024

Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A platform with its book and its script."""

    platform: PlayedPlatform
    ledger: Ledger
    script: Script
    clock: Clock
    sleep: Sleep

    async def serve(self, request: Request, endpoint: Endpoint) -> Response:
        """Answer a request to one of the platform's own addresses.

        What the platform takes it takes at once: a delay or a cut connection comes after it, as bad as it
        can get.
        """
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        step = self.script.next_step(endpoint.name)
        call = _call(request, body, self, step)
        judgement = _judge(endpoint, call, step)
        self._record(request, call, judgement, endpoint=endpoint.name, step=step)
        if step.delay_s:
            await _wait(request, self.sleep(step.delay_s))
        return _response(judgement.answer, step)

    async def serve_unknown(self, request: Request) -> Response:
        """Answer a request to an address the platform does not have."""
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        call = _call(request, body, self, Step())
        answer = self.platform.not_found(call)
        judgement = Judgement(answer=answer, problems=("the platform has nothing at this address",))
        self._record(request, call, judgement, endpoint="", step=Step())
        return _response(answer, Step())

    def _record(
        self, request: Request, call: Call, judgement: Judgement, *, endpoint: str, step: Step
    ) -> None:
        query = masked_query(request.query_params.multi_items())
        self.ledger.record(
            call,
            judgement,
            endpoint=endpoint,
            method=request.method,
            address=f"{request.url.path}?{query}" if query else request.url.path,
            scripted=str(step),
        )


def _call(request: Request, body: bytes, stage: Stage, step: Step) -> Call:
    behaviour = step.case.behaviour if step.case else None
    return Call(
        at=stage.clock(),
        path_params=dict(request.path_params),
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=body,
        condemned_by=behaviour.reason if isinstance(behaviour, Condemn) else None,
        verdict_after_s=stage.script.verdict_after_s,
    )


def _judge(endpoint: Endpoint, call: Call, step: Step) -> Judgement:
    behaviour = step.case.behaviour if step.case else None
    if isinstance(behaviour, Refuse):
        return Judgement(answer=behaviour.answer(call))
    judgement = endpoint.handle(call)
    if isinstance(behaviour, Distort):
        return replace(judgement, answer=behaviour.change(judgement.answer))
    return judgement


def _response(answer: Answer, step: Step) -> Response:
    if step.drop == "before":
        return DroppedBefore()
    if step.drop == "after":
        return DroppedAfter(answer)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


async def _read(request: Request) -> bytes | None:
    """The body; None: larger than any platform takes, or the client left."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


async def _wait(request: Request, delay: Awaitable[None]) -> None:
    """Wait, but not for a client that has left: a server that shuts down must not wait for nobody."""
    waiting = {asyncio.ensure_future(delay), asyncio.ensure_future(request.receive())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
