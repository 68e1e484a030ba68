"""How one platform has been told to behave: orders in, one step for each request out."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from app.sandbox.cases import Case
from app.sandbox.orders import Order, case_of, endpoint_of
from app.sandbox.platform import PlayedPlatform

Drop = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How to treat one request."""

    delay_s: float = 0.0
    case: Case | None = None
    drop: Drop | None = None

    def __str__(self) -> str:
        """The step for a person; empty when nothing was ordered."""
        parts = (
            f"delay {self.delay_s:g} s" if self.delay_s else "",
            self.case.name if self.case else "",
            f"connection dropped {self.drop} the answer" if self.drop else "",
        )
        return ", ".join(part for part in parts if part)


@dataclass(slots=True)
class _Failure:
    case: Case | None
    drop: Drop | None
    left: int


@dataclass(slots=True)
class _Plan:
    """What was ordered for one endpoint."""

    delay_s: float = 0.0
    delays_left: int | None = None
    """None: until a reset."""
    failures: deque[_Failure] = field(default_factory=deque)


class Script:
    """The orders one platform follows."""

    def __init__(self, platform: PlayedPlatform) -> None:
        self._platform = platform
        self._plans: dict[str, _Plan] = {}
        self.verdict_after_s: float | None = None
        """None: as long as the real platform takes."""

    def follow(self, order: Order) -> None:
        """Behave as ordered from the next request on; failures queue up behind those ordered before."""
        if order.reset:
            self._plans.clear()
            self.verdict_after_s = None
        if order.verdict_after_s is not None:
            self.verdict_after_s = order.verdict_after_s
        if order.asks_for_a_plan:
            self._plan(order)

    def _plan(self, order: Order) -> None:
        plan = self._plans.setdefault(endpoint_of(self._platform, order), _Plan())
        if order.delay_s is not None:
            plan.delay_s, plan.delays_left = order.delay_s, order.times
        if order.fail is not None or order.drop_connection is not None:
            case = case_of(self._platform, order)
            plan.failures.append(_Failure(case, order.drop_connection, order.times or 1))

    def next_step(self, endpoint: str) -> Step:
        """How to treat the request that has just come in; uses up what was ordered for it."""
        plan = self._plans.get(endpoint)
        if plan is None:
            return Step()
        failure = _next_failure(plan)
        return Step(
            delay_s=_next_delay(plan),
            case=failure.case if failure else None,
            drop=failure.drop if failure else None,
        )

    def shown(self) -> dict[str, Any]:
        """What is still to come, as JSON."""
        return {
            "verdictAfterS": self.verdict_after_s,
            "endpoints": {
                name: {
                    "delayS": plan.delay_s,
                    "delaysLeft": plan.delays_left,
                    "failures": [
                        {
                            "fail": item.case.name if item.case else None,
                            "dropConnection": item.drop,
                            "times": item.left,
                        }
                        for item in plan.failures
                    ],
                }
                for name, plan in self._plans.items()
            },
        }


def _next_failure(plan: _Plan) -> _Failure | None:
    if not plan.failures:
        return None
    failure = plan.failures[0]
    failure.left -= 1
    if failure.left == 0:
        plan.failures.popleft()
    return failure


def _next_delay(plan: _Plan) -> float:
    delay_s = plan.delay_s
    if plan.delays_left is not None:
        plan.delays_left -= 1
        if plan.delays_left == 0:
            plan.delay_s, plan.delays_left = 0.0, None
    return delay_s
