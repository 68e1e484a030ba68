"""Which API version is used and when it ends."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from app.connectors.base import Endpoint
from app.connectors.meta.api import FACTS
from app.services.health_findings import Severity
from app.services.sunsets import ApiVersion, api_version, sunset_finding

TODAY = date(2026, 11, 23)
USERS = (UUID(int=1),)


def used(version: str, **facts: object) -> ApiVersion:
    endpoint = Endpoint(base_url="", api_version=version, token_url=None)
    return api_version(replace(FACTS, **({"api_version": "v26.0", "sunset_on": None} | facts)), endpoint)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("api", "described"),
    [
        (used("v26.0"), "v26.0, no end announced"),
        (used("v26.0", sunset_on=date(2028, 7, 29)), "v26.0, ends on 2028-07-29"),
        (used("v99.0"), "v99.0, set by LEADWIRE_META_API_VERSION, its end is not known"),
        (
            used("v99.0", sunset_on=date(2027, 1, 1)),
            "v99.0, set by LEADWIRE_META_API_VERSION, its end is not known",
        ),
        (
            used("v24.0", sunsets={"v24.0": date(2026, 10, 6)}),
            "v24.0, set by LEADWIRE_META_API_VERSION, ends on 2026-10-06",
        ),
        (used("", api_version=""), "the API has no versions"),
    ],
)
def test_a_version_is_described_with_what_is_known_of_its_end(api: ApiVersion, described: str) -> None:
    assert api.described() == described


@pytest.mark.parametrize(
    "api", [used("v26.0"), used("v99.0"), used("v26.0", sunset_on=TODAY + timedelta(days=91))]
)
def test_an_end_that_is_far_or_not_known_asks_for_nothing(api: ApiVersion) -> None:
    assert sunset_finding(api, TODAY, USERS) is None


@pytest.mark.parametrize(
    ("days", "severity", "said"),
    [
        (90, Severity.WARNING, "ends on 2027-02-21, in 90 days"),
        (1, Severity.WARNING, "ends on 2026-11-24, in 1 day."),
        (0, Severity.ERROR, "ended on 2026-11-23"),
        (-48, Severity.ERROR, "ended on 2026-10-06"),
    ],
)
def test_an_end_that_is_near_says_when_and_what_mends_it(days: int, severity: Severity, said: str) -> None:
    finding = sunset_finding(used("v26.0", sunset_on=TODAY + timedelta(days=days)), TODAY, USERS)

    assert finding is not None
    assert (finding.code, finding.severity, finding.integration_ids) == ("API_SUNSET", severity, USERS)
    assert said in finding.text
    assert "Set LEADWIRE_META_API_VERSION to a newer version" in finding.text


def test_a_version_that_was_set_is_best_not_set_any_more() -> None:
    finding = sunset_finding(used("v24.0", sunsets={"v24.0": date(2026, 10, 6)}), TODAY, USERS)

    assert finding is not None
    assert "Remove LEADWIRE_META_API_VERSION" in finding.text
