from dataclasses import replace

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connectors.base import Batch, Body, Outcome, OutcomeKind
from app.connectors.batching import Sent, group, join, send_together
from tests.connectors.batched import BAD, GOOD, TAKEN, BatchingPlatform, Manner, body, connection

BATCH = Batch(most=3, keys=("events", "adjustments"))


async def sent(platform: BatchingPlatform, bodies: list[Body]) -> Sent:
    # The made-up platform is asked by a call; a client with a network would only cost time.
    async with httpx.AsyncClient(transport=httpx.MockTransport(_nobody)) as http:
        return await send_together(platform, connection(http), bodies)


def _nobody(_request: httpx.Request) -> httpx.Response:
    raise NotImplementedError


# ---- who shares a request ----


def test_without_batches_each_body_goes_alone() -> None:
    assert group([body("a"), body("b")], None) == [[0], [1]]


def test_nothing_makes_no_request() -> None:
    assert group([], BATCH) == []
    assert group([], None) == []


def test_as_many_share_a_request_as_the_platform_takes() -> None:
    assert group([body(str(n)) for n in range(7)], BATCH) == [[0, 1, 2], [3, 4, 5], [6]]


def test_only_bodies_that_are_equal_but_for_their_events_share_a_request() -> None:
    bodies = [body("a", envelope="x"), body("b", envelope="y"), body("c", envelope="x")]
    assert group(bodies, BATCH) == [[0, 2], [1]]


def test_events_under_another_key_are_another_request() -> None:
    adjustment = {"envelope": "", "adjustments": [{"name": "b", "kind": GOOD}]}
    assert group([body("a"), adjustment, body("c")], BATCH) == [[0, 2], [1]]


def test_a_joined_body_has_all_events_in_their_order_and_changes_none() -> None:
    bodies = [body("a"), body("b"), body("c")]
    joined = join(bodies, BATCH)
    assert [event["name"] for event in joined["events"]] == ["a", "b", "c"]
    assert joined["envelope"] == ""
    assert [len(one["events"]) for one in bodies] == [1, 1, 1]


def test_one_body_stays_as_it_is() -> None:
    only = body("a")
    assert join([only], BATCH) is only
    assert join([only], None) is only


# ---- how each fares ----


@pytest.mark.parametrize("manner", Manner)
async def test_when_all_goes_well_one_request_takes_all(manner: Manner) -> None:
    platform = BatchingPlatform(manner)
    fared = await sent(platform, [body("a"), body("b"), body("c")])
    assert fared == Sent([TAKEN, TAKEN, TAKEN], requests=1)
    assert platform.taken == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("manner", "requests"),
    [(Manner.NAMED, 2), (Manner.FIRST_NAMED, 3), (Manner.UNNAMED, 7), (Manner.EACH, 1)],
)
async def test_what_a_platform_says_decides_how_many_requests_it_takes(manner: Manner, requests: int) -> None:
    kinds = [GOOD, "rejected", GOOD, "rejected"]
    fared = await sent(BatchingPlatform(manner), [body(str(n), kind) for n, kind in enumerate(kinds)])
    assert [one.kind for one in fared.outcomes] == [
        OutcomeKind.DELIVERED,
        OutcomeKind.REJECTED,
        OutcomeKind.DELIVERED,
        OutcomeKind.REJECTED,
    ]
    assert fared.requests == requests


@pytest.mark.parametrize("kind", [OutcomeKind.AUTHENTICATION, OutcomeKind.AMBIGUOUS, OutcomeKind.API_SUNSET])
async def test_what_no_single_event_can_cause_is_asked_once(kind: OutcomeKind) -> None:
    outcome = Outcome(kind=kind, code="X")
    platform = BatchingPlatform(Manner.UNNAMED, always=outcome)
    assert await sent(platform, [body("a"), body("b")]) == Sent([outcome, outcome], requests=1)


async def test_a_known_reason_to_wait_holds_for_all() -> None:
    busy = Outcome(kind=OutcomeKind.RETRY, code="BUSY", retry_after_s=60)
    assert await sent(BatchingPlatform(Manner.UNNAMED, always=busy), [body("a"), body("b")]) == Sent(
        [busy, busy], requests=1
    )


async def test_an_event_that_is_not_there_is_not_believed_in() -> None:
    refused = replace(BAD["rejected"], events={7: BAD["rejected"]})
    platform = BatchingPlatform(Manner.NAMED, always=refused)
    fared = await sent(platform, [body("a"), body("b")])
    assert [one.kind for one in fared.outcomes] == [OutcomeKind.REJECTED, OutcomeKind.REJECTED]
    assert fared.requests == 3


async def test_of_a_request_that_was_taken_only_those_named_are_refused() -> None:
    partly = replace(TAKEN, events={1: BAD["rejected"]})
    fared = await sent(BatchingPlatform(Manner.EACH, always=partly), [body("a"), body("b"), body("c")])
    assert fared == Sent([TAKEN, BAD["rejected"], TAKEN], requests=1)


@given(
    kinds=st.lists(st.sampled_from([GOOD, GOOD, *BAD]), min_size=1, max_size=24),
    manner=st.sampled_from(Manner),
    most=st.integers(1, 9),
)
@settings(deadline=None)
async def test_each_body_fares_as_if_it_were_alone_and_good_ones_are_taken_once(
    kinds: list[str], manner: Manner, most: int
) -> None:
    platform, alone = BatchingPlatform(manner, most=most), BatchingPlatform(manner)
    bodies = [body(str(n), kind) for n, kind in enumerate(kinds)]
    fared: dict[int, Outcome] = {}
    for indices in group(bodies, platform.facts.batch):
        assert len(indices) <= most
        together = await sent(platform, [bodies[index] for index in indices])
        fared.update(zip(indices, together.outcomes, strict=True))
    expected = [(await sent(alone, [one])).outcomes[0] for one in bodies]
    assert [fared[index] for index in range(len(bodies))] == expected
    assert platform.taken == alone.taken
    assert set(platform.taken.values()) <= {1}
    assert len(platform.requests) <= 2 * len(bodies)
