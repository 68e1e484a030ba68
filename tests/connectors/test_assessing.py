from datetime import datetime, timedelta

import pytest

from app.connectors.assessing import conclude, skips, warns
from app.connectors.base import Finding
from app.values import DeliveryPlan, WarningCode
from tests.connectors.leads import NOW

LATER = NOW + timedelta(hours=1)
SKIP = skips(WarningCode.CONSENT_DENIED, "adUserData", "No.")
SKIP_TOO = skips(WarningCode.MISSING_FIELD, "price", "No.")
WARN = warns(WarningCode.MISSING_FIELD, "gaSessionId", "Weak.")
WARN_TOO = warns(WarningCode.CONSENT_UNKNOWN, "adUserData", "Weak.")


def test_what_skips_comes_first_and_the_order_stays_otherwise() -> None:
    assessment = conclude([WARN, SKIP, WARN_TOO, SKIP_TOO], now=NOW, send_at=NOW, expires_at=LATER)
    assert assessment.findings == (SKIP, SKIP_TOO, WARN, WARN_TOO)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=3)])
def test_what_may_be_sent_only_when_it_is_too_late_is_skipped_at_once(late: timedelta) -> None:
    assessment = conclude([WARN], now=NOW, send_at=LATER + late, expires_at=LATER)
    assert assessment.plan is DeliveryPlan.SKIP
    first, *others = assessment.findings
    assert (first.code, first.will_skip, others) == (WarningCode.OUTSIDE_TIME_WINDOW, True, [WARN])


def test_what_is_too_late_already_is_said_once() -> None:
    too_late = skips(WarningCode.OUTSIDE_TIME_WINDOW, None, "Too late.")
    assert conclude([too_late], now=LATER, send_at=NOW, expires_at=NOW).findings == (too_late,)


@pytest.mark.parametrize(
    ("findings", "send_at", "plan"),
    [
        ([], NOW, DeliveryPlan.SEND),
        ([], NOW - timedelta(days=1), DeliveryPlan.SEND),
        ([WARN], NOW, DeliveryPlan.SEND),
        ([WARN], NOW + timedelta(seconds=1), DeliveryPlan.WAIT),
        ([SKIP], NOW + timedelta(seconds=1), DeliveryPlan.SKIP),
    ],
)
def test_the_plan_follows_from_findings_and_time(
    findings: list[Finding], send_at: datetime, plan: DeliveryPlan
) -> None:
    assessment = conclude(findings, now=NOW, send_at=send_at, expires_at=LATER)
    assert assessment.plan is plan
    assert assessment.send_at >= NOW
