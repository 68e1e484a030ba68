"""Several bodies as one request, and one outcome for each: a bad event takes no good one with it."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from app.connectors.base import Batch, Body, Connection, Connector, Outcome, OutcomeKind
from app.connectors.http import json_bytes

_TAKEN = frozenset({OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED})
_MAY_BE_ONE_EVENTS = frozenset({OutcomeKind.REJECTED, OutcomeKind.CONFIGURATION})
"""What a single event can bring upon all that are sent with it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How a group of bodies fared."""

    outcomes: Sequence[Outcome]
    """One for each body, in their order; none of them has `events`."""
    requests: int
    """How many it took."""


def group(bodies: Sequence[Body], batch: Batch | None) -> list[list[int]]:
    """Which of these bodies, by index, can share a request: as many as `batch` allows, in their order."""
    if batch is None:
        return [[index] for index in range(len(bodies))]
    alike: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, body in enumerate(bodies):
        alike[_envelope(body, batch)].append(index)
    return [
        indices[start : start + batch.most]
        for indices in alike.values()
        for start in range(0, len(indices), batch.most)
    ]


def join(bodies: Sequence[Body], batch: Batch | None) -> Body:
    """One body with the events of all of these, which group() put together."""
    if batch is None or len(bodies) == 1:
        [body] = bodies
        return body
    key = _events_key(bodies[0], batch)
    return {**bodies[0], key: [event for body in bodies for event in body[key]]}


async def send_together(connector: Connector, connection: Connection, bodies: Sequence[Body]) -> Sent:
    """Send bodies that group() put together, so that each fares as if it had been sent by itself.

    Where nothing was taken, the events the platform names are left out and the rest is sent again; where it
    names none, the halves are.
    """
    found: dict[int, Outcome] = {}
    parts = [list(range(len(bodies)))]
    requests = 0
    while parts:
        part = parts.pop()
        body = join([bodies[index] for index in part], connector.facts.batch)
        outcome = await connector.send(connection, body)
        requests += 1
        named = {part[place]: one for place, one in outcome.events.items() if place < len(part)}
        rest = [index for index in part if index not in named]
        found.update(named)
        if rest and outcome.kind not in _TAKEN and named:
            parts.append(rest)
        elif len(rest) > 1 and _may_be_one_events(outcome):
            parts += [rest[len(rest) // 2 :], rest[: len(rest) // 2]]
        else:
            whole = replace(outcome, events={})
            found.update(dict.fromkeys(rest, whole))
    return Sent([found[index] for index in range(len(bodies))], requests)


def _may_be_one_events(outcome: Outcome) -> bool:
    return outcome.kind in _MAY_BE_ONE_EVENTS or (outcome.kind is OutcomeKind.RETRY and not outcome.known)


def _events_key(body: Body, batch: Batch) -> str:
    [key] = [key for key in batch.keys if key in body]
    return key


def _envelope(body: Body, batch: Batch) -> bytes:
    """All of the body but its events."""
    return json_bytes({**body, _events_key(body, batch): []})
