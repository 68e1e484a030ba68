"""Who is let in: wrong keys are counted by address, and no right one is locked out by them."""

from dataclasses import dataclass

import pytest

from app.database.database import Database
from app.errors import RateLimitedError, UnauthenticatedError
from app.ids import new_id
from app.services import gatekeeper
from app.services.gatekeeper import FAILED_PER_MINUTE, Allowance, Gatekeeper, RateLimits
from app.services.key_uses import KeyUses
from app.services.viewer import Viewer, ViewerService
from app.values import ApiKeyKind, Scope
from tests.resolvers.test_statements import counted
from tests.world import START, FakeClock, World, new_cipher

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@dataclass
class Door:
    world: World
    gatekeeper: Gatekeeper
    clock: FakeClock


@pytest.fixture
async def door(sqlite_database: Database) -> Door:
    clock = FakeClock()
    world = await World(sqlite_database, clock, new_cipher(), {}).begin()
    await world.key("right", Scope.ADMIN)
    return Door(world, new_gatekeeper(world, clock), clock)


def new_gatekeeper(world: World, clock: FakeClock, **limits: int) -> Gatekeeper:
    return Gatekeeper(
        ViewerService(world.database, clock),
        KeyUses(world.database, clock),
        RateLimits(**limits),
        monotonic=lambda: clock().timestamp(),
    )


async def guess(door: Door, key: str = "wrong", times: int = FAILED_PER_MINUTE, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(UnauthenticatedError):
            await door.gatekeeper.authenticate(key, address)


def viewer(kind: ApiKeyKind = ApiKeyKind.SECRET) -> Viewer:
    return Viewer(new_id(), new_id(), frozenset(), kind)


def until_refused(gatekeeper: Gatekeeper, caller: Viewer, address: str = HERE) -> int:
    """How many requests are let in before one is not."""
    for answered in range(10_000):
        try:
            gatekeeper.count(caller, address)
        except RateLimitedError:
            return answered
    raise AssertionError("nothing is ever refused")


# ---- wrong keys ----


async def test_too_many_wrong_keys_from_one_address_are_not_looked_up_any_more(door: Door) -> None:
    await guess(door)

    with counted() as statements, pytest.raises(RateLimitedError) as refused:
        await door.gatekeeper.authenticate("wrong, too", HERE)

    assert refused.value.retry_after_s == 60 / FAILED_PER_MINUTE
    assert statements == []


async def test_another_address_may_still_try(door: Door) -> None:
    await guess(door)

    await guess(door, times=1, address=ELSEWHERE)


async def test_after_a_while_there_is_another_try(door: Door) -> None:
    await guess(door)

    door.clock.advance(seconds=2)

    await guess(door, times=1)
    with pytest.raises(RateLimitedError):
        await door.gatekeeper.authenticate("wrong", HERE)


async def test_even_the_right_key_is_not_looked_up_then_so_that_guessing_tells_nothing(door: Door) -> None:
    await guess(door)

    with pytest.raises(RateLimitedError):
        await door.gatekeeper.authenticate("right", HERE)


async def test_a_key_that_has_opened_before_is_not_locked_out_by_who_shares_its_address(door: Door) -> None:
    await door.gatekeeper.authenticate("right", ELSEWHERE)
    await guess(door)

    assert (await door.gatekeeper.authenticate("right", HERE)).scopes == {Scope.ADMIN}


async def test_a_key_that_opened_before_and_has_expired_is_a_guess_again(door: Door) -> None:
    key = await door.world.key("short", Scope.ADMIN, expires_at=START.replace(second=30))
    await door.gatekeeper.authenticate(key, HERE)
    door.clock.advance(seconds=30)

    await guess(door, key)

    with pytest.raises(RateLimitedError):
        await door.gatekeeper.authenticate(key, HERE)


async def test_no_key_at_all_is_no_guess(door: Door) -> None:
    for _ in range(2 * FAILED_PER_MINUTE):
        with pytest.raises(UnauthenticatedError, match="Missing X-API-Key header"):
            await door.gatekeeper.authenticate(None, HERE)

    await guess(door, times=1)


async def test_right_keys_cost_nothing(door: Door) -> None:
    for number in range(2 * FAILED_PER_MINUTE):
        await door.gatekeeper.authenticate(await door.world.key(f"right {number}", Scope.ADMIN), HERE)


async def test_of_the_keys_that_opened_before_so_many_are_remembered(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatekeeper, "MOST_KNOWN", 2)
    for number in range(3):
        await door.gatekeeper.authenticate(await door.world.key(f"right {number}", Scope.ADMIN), HERE)
    await guess(door)

    await door.gatekeeper.authenticate("right 2", HERE)
    with pytest.raises(RateLimitedError):
        await door.gatekeeper.authenticate("right 0", HERE)


# ---- how often ----


async def test_a_key_may_ask_so_often_and_each_has_its_own_limit(door: Door) -> None:
    gatekeeper, one, other = new_gatekeeper(door.world, door.clock, per_key=5), viewer(), viewer()

    assert until_refused(gatekeeper, one) == 5
    assert until_refused(gatekeeper, one, ELSEWHERE) == 0
    assert until_refused(gatekeeper, other) == 5


async def test_what_is_refused_is_not_counted_and_says_when_to_come_back(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock, per_key=5), viewer()
    until_refused(gatekeeper, caller)

    for _ in range(100):
        with pytest.raises(RateLimitedError, match=r"Try again in 12 s") as refused:
            gatekeeper.count(caller, HERE)
        assert refused.value.retry_after_s == 12

    door.clock.advance(seconds=12)
    gatekeeper.count(caller, HERE)


async def test_several_changes_in_one_request_count_as_many_and_are_made_up_for(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock, per_key=60), viewer()
    gatekeeper.count(caller, HERE)

    gatekeeper.count_more(caller, 99)

    with pytest.raises(RateLimitedError) as refused:
        gatekeeper.count(caller, HERE)
    assert refused.value.retry_after_s == 41


async def test_without_a_limit_nothing_is_refused_or_told(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock, per_key=0), viewer()

    for _ in range(1_000):
        gatekeeper.count(caller, HERE)
    gatekeeper.count_more(caller, 1_000_000)

    assert gatekeeper.allowance(caller, HERE) is None


async def test_a_public_key_has_a_limit_for_each_address_and_one_for_all_of_them(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock, per_address=3), viewer(ApiKeyKind.PUBLIC)

    answered = [until_refused(gatekeeper, caller, f"192.0.2.{host}") for host in range(12)]

    assert answered == [3] * 10 + [0] * 2


async def test_two_public_keys_at_one_address_do_not_share_a_limit(door: Door) -> None:
    gatekeeper = new_gatekeeper(door.world, door.clock, per_address=3)

    assert until_refused(gatekeeper, viewer(ApiKeyKind.PUBLIC)) == 3
    assert until_refused(gatekeeper, viewer(ApiKeyKind.PUBLIC)) == 3


async def test_a_visitor_hears_of_their_own_limit_and_not_how_many_others_there_are(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock, per_address=3), viewer(ApiKeyKind.PUBLIC)
    gatekeeper.count(caller, ELSEWHERE)

    assert gatekeeper.allowance(caller, HERE) == Allowance("address", 3, 3, 20)


async def test_counting_takes_no_statement(door: Door) -> None:
    gatekeeper, caller = new_gatekeeper(door.world, door.clock), viewer()

    with counted() as statements:
        gatekeeper.count(caller, HERE)
        gatekeeper.count_more(caller, 99)
        gatekeeper.allowance(caller, HERE)

    assert statements == []
