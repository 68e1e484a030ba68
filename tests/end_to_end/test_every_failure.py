"""Each way each platform can fail, over real HTTP: where the delivery ends, what it says, and that it goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.http import Timeouts
from app.queue.port import SWEEP_LANE
from app.sandbox.transport_cases import RETRY_AFTER_S
from app.values import Platform
from app.worker.consequences import MOST_UNKNOWN_ERRORS
from tests.end_to_end.expectations import (
    PAUSES,
    PLAYED,
    SPECIAL,
    Expected,
    cases_at,
    expected,
    expected_of_token,
    is_understandable,
    state_after,
    unplayed,
)
from tests.end_to_end.live import Live
from tests.end_to_end.routes import OPEN_STATES, Route, connected, house, only_delivery, whole
from tests.resolvers.integrations import change

AT_HOME = [
    pytest.param(platform, case, id=f"{platform.value.lower()}-{case.name}")
    for platform, played in PLAYED.items()
    for case in cases_at(platform, played.home.name)
]
WITH_TOKENS = (Platform.GOOGLE_ADS, Platform.MICROSOFT_ADS, Platform.LINKEDIN)
AT_TOKENS = [
    pytest.param(platform, case, id=f"{platform.value.lower()}-{case.name}")
    for platform in WITH_TOKENS
    for case in cases_at(platform, "token")
]
NUMBER_OF_CASES = {
    Platform.GOOGLE_ADS: 55,
    Platform.META: 52,
    Platform.GA4: 15,
    Platform.MICROSOFT_ADS: 57,
    Platform.LINKEDIN: 33,
    Platform.TIKTOK: 54,
    Platform.WEBHOOK: 26,
}
"""How many ways to fail each platform has where conversions are sent."""
REFRESHING = {
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh-token",
}
SHORT = Timeouts(read_s=0.25)
each_platform = pytest.mark.parametrize("platform", PLAYED, ids=lambda platform: platform.value.lower())
each_with_tokens = pytest.mark.parametrize(
    "platform", WITH_TOKENS, ids=lambda platform: platform.value.lower()
)


@pytest.fixture(scope="module")
async def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """One for all of them: they are many, and each is over when the next begins."""
    async with house(sqlite_template, tmp_path_factory.mktemp("patient")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def hasty(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """One that does not wait long for answers."""
    async with house(sqlite_template, tmp_path_factory.mktemp("hasty"), timeouts=SHORT) as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "INVALID_GCLID",
        "INVALID_GCLID.",
        "Refused.",
        "it was refused by the platform.",
        "Meta refused the content of the event",
        "Meta refused the content of the event: {'code': 100}.",
        'Meta refused the content of the event. Meta says: {"code": 100}.',
        "Meta refused the content of the event. Meta says: (#100) Invalid parameter",
        "Meta refused the content of the event because of None.",
        "Meta refused the content with INVALID_ARGUMENT.",
    ],
)
def test_what_a_marketer_would_not_understand_is_noticed(text: str | None) -> None:
    assert not is_understandable(text)


def test_no_way_to_fail_is_left_out() -> None:
    found = {platform: len(cases_at(platform, played.home.name)) for platform, played in PLAYED.items()}
    assert found == NUMBER_OF_CASES
    assert set(PLAYED) == set(Platform)
    assert [
        name for platform in SPECIAL for name in SPECIAL[platform] if name not in PLAYED[platform].cases
    ] == []
    assert set(WITH_TOKENS) == {
        platform
        for platform, played in PLAYED.items()
        if "token" in {endpoint.name for endpoint in played.endpoints}
    }


@pytest.mark.parametrize(
    # A webhook's catalogue is HTTP's, with hundreds of lines that say the same.
    "platform",
    sorted(set(PLAYED) - {Platform.WEBHOOK}),
    ids=lambda platform: platform.value.lower(),
)
def test_every_line_of_a_catalogue_is_a_way_to_fail(platform: Platform) -> None:
    # LinkedIn's other way to say that a version has ended.
    assert unplayed(platform) == ({"HTTP_426"} if platform is Platform.LINKEDIN else set())


@pytest.mark.parametrize(("platform", "case"), AT_HOME)
async def test_it_ends_where_the_catalogue_says_in_words_and_counts_once(
    live: Live, platform: Platform, case: Any
) -> None:
    how = expected(platform, case)
    async with connected(live, platform) as route:
        job = await route.struck(fail=case.name)
        ended_as(how, job, route)
        assert await route.conversions() <= 1
        await goes_on(route, job)


@pytest.mark.parametrize(("platform", "case"), AT_TOKENS)
async def test_without_an_access_token_nothing_is_sent_and_it_says_why(
    live: Live, platform: Platform, case: Any
) -> None:
    how = expected_of_token(case)
    async with connected(live, platform, credentials=credentials(live, platform)) as route:
        job = await route.struck(fail=case.name, endpoint="token")
        ended_as(how, job, route)
        assert await live.received(route.name) == []
        await goes_on(route, job)


@each_platform
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_that_breaks_off_is_uncertain(live: Live, platform: Platform, when: str) -> None:
    async with connected(live, platform) as route:
        job = await route.struck(dropConnection=when)
        ended_as(Expected(OutcomeKind.AMBIGUOUS, "CONNECTION"), job, route)
        assert await route.conversions() == 1
        await goes_on(route, job)


@each_platform
async def test_an_answer_that_comes_too_late_is_uncertain(hasty: Live, platform: Platform) -> None:
    async with connected(hasty, platform) as route:
        job = await route.struck(delayS=30)
        ended_as(Expected(OutcomeKind.AMBIGUOUS, "TIMEOUT"), job, route)
        assert await route.conversions() == 1
        await goes_on(route, job)


@each_with_tokens
@pytest.mark.parametrize(
    ("order", "code"),
    [({"delayS": 30}, "TIMEOUT"), ({"dropConnection": "before"}, "CONNECTION")],
    ids=["late", "broken off"],
)
async def test_an_access_token_that_does_not_come_makes_nothing_uncertain(
    hasty: Live, platform: Platform, order: dict[str, Any], code: str
) -> None:
    async with connected(hasty, platform, credentials=credentials(hasty, platform)) as route:
        job = await route.struck(endpoint="token", **order)
        ended_as(Expected(OutcomeKind.RETRY, code), job, route)
        assert await hasty.received(route.name) == []
        await goes_on(route, job)


@each_with_tokens
async def test_an_access_token_that_is_refused_is_replaced_within_the_attempt(
    live: Live, platform: Platform
) -> None:
    case = {"GOOGLE_ADS": "UNAUTHENTICATED", "MICROSOFT_ADS": "109", "LINKEDIN": "EXPIRED_ACCESS_TOKEN"}
    async with connected(live, platform, credentials=credentials(live, platform)) as route:
        await live.forget(route.name)
        await live.script(route.name, fail=case[platform.value], times=1)

        [delivery] = (await route.send())["deliveries"]

        assert (delivery["state"], delivery["attempts"]) == (live.taken(platform), 1)
        assert await route.conversions() == 1


@pytest.mark.parametrize(
    # A receiver of one's own that redirects is held at once.
    "platform",
    sorted(set(PLAYED) - {Platform.WEBHOOK}),
    ids=lambda platform: platform.value.lower(),
)
async def test_what_fails_again_and_again_for_a_reason_nobody_knows_ends_as_failed(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform) as route:
        await live.forget(route.name)
        await live.script(route.name, fail="REDIRECT", times=100)

        failed = await route.settled((await route.send())["id"])

        assert (failed["state"], failed["errorCode"]) == ("FAILED", "HTTP_302")
        assert failed["attempts"] == len(failed["attemptLog"]) == MOST_UNKNOWN_ERRORS
        assert is_understandable(failed["errorMessage"])
        assert await route.conversions() == 0


@each_platform
async def test_what_is_held_until_its_window_closes_expires_and_says_so(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform) as route:
        await change(live, "pauseIntegration", route.integration.id)
        job = await route.send()
        held = only_delivery(job)

        route.clock.now = whole(held["expiresAt"])
        expired = await route.settled(job["id"], wake=SWEEP_LANE)

        assert held["state"] == "HELD"
        assert is_understandable(held["warning"]["reason"])
        assert (expired["state"], expired["errorCode"]) == ("EXPIRED", "EXPIRED")
        assert is_understandable(expired["errorMessage"])


@each_platform
async def test_a_platform_that_asks_to_wait_past_its_window_lets_it_expire(
    live: Live, platform: Platform
) -> None:
    async with connected(live, platform) as route:
        await change(live, "pauseIntegration", route.integration.id)
        job = await route.send()
        route.clock.now = whole(only_delivery(job)["expiresAt"]) - timedelta(seconds=RETRY_AFTER_S)
        await live.script(route.name, fail="HTTP_429")

        await change(live, "resumeIntegration", route.integration.id)
        expired = await route.settled(job["id"])

        assert (expired["state"], expired["errorCode"]) == ("EXPIRED", "HTTP_429")
        assert is_understandable(expired["errorMessage"])


def credentials(live: Live, platform: Platform) -> dict[str, str] | None:
    """Such as need access tokens to be fetched; None: the usual ones do."""
    return REFRESHING if platform is Platform.LINKEDIN else None


def ended_as(how: Expected, job: dict[str, Any], route: Route) -> None:
    """The first attempt ended so, and whoever looks is told in words."""
    delivery = only_delivery(job)
    [attempt] = delivery["attemptLog"]
    [mapping] = job["lead"]["label"]["mappings"]
    facts = route.live.world.connectors[route.platform].facts
    assert (delivery["state"], delivery["errorCode"]) == (state_after(how.kind, facts), how.code)
    assert (attempt["number"], attempt["errorCode"]) == (1, how.code)
    assert delivery["integration"]["pauseReason"] == PAUSES.get(how.kind)
    assert mapping["held"] is (how.kind is OutcomeKind.CONFIGURATION)
    told = [delivery["errorMessage"], attempt["errorMessage"]] if how.code else []
    if delivery["state"] == "HELD":
        told += [
            delivery["warning"]["reason"],
            delivery["integration"]["pauseMessage"] or mapping["heldReason"],
        ]
    assert [text for text in told if not is_understandable(text)] == []


async def goes_on(route: Route, job: dict[str, Any]) -> None:
    """What waits arrives by itself as soon as the platform takes it, and is counted once."""
    before = only_delivery(job)
    if before["state"] not in OPEN_STATES:
        return
    after = await route.settled(job["id"])
    [mapping] = (await route.live.job(job["id"]))["lead"]["label"]["mappings"]
    assert (after["state"], after["errorCode"]) == (route.live.taken(route.platform), None)
    assert (after["integration"]["paused"], mapping["held"]) == (False, False)
    assert await route.conversions() == 1
