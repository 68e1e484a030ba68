"""What POST /<platform>/script takes: how the platform shall behave next, checked before anything changes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from app.sandbox.cases import Case
from app.sandbox.platform import PlayedPlatform

MAX_DELAY_S = 600.0


class Order(BaseModel):
    """One order as it came in.

    `reset` forgets everything ordered before and may stand beside the rest. `delayS` lets answers wait,
    until a reset or for `times` answers. `fail` (a case of the catalogue) and `dropConnection` strike the
    next `times` requests, one unless said otherwise. `endpoint` says where; without it where the case
    belongs, else where conversions are sent. `verdictAfterS` sets how long verdicts take, until a reset.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    reset: bool = False
    delay_s: float | None = Field(default=None, ge=0, le=MAX_DELAY_S, allow_inf_nan=False)
    fail: str | None = None
    drop_connection: Literal["before", "after"] | None = None
    times: int | None = Field(default=None, ge=1, le=1_000_000)
    endpoint: str | None = None
    verdict_after_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def asks_for_a_plan(self) -> bool:
        """Whether it changes how requests to an endpoint are treated."""
        return any(item is not None for item in (self.delay_s, self.fail, self.drop_connection))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is ordered."""
        return not (self.reset or self.asks_for_a_plan or self.verdict_after_s is not None)


class InvalidOrderError(ValueError):
    """The order cannot be followed; nothing was changed."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__("the order cannot be followed")
        self.problems = problems
        """Each with `field` and `message`."""


def order_for(platform: PlayedPlatform, document: Any) -> Order:
    """The order in a parsed JSON body.

    Raises:
        InvalidOrderError: unknown fields, wrong types, an unknown case or endpoint, or a combination
            without a meaning.
    """
    try:
        order = Order.model_validate(document)
    except ValidationError as error:
        raise InvalidOrderError([_problem(item) for item in error.errors()]) from error
    problems = [
        {"field": field, "message": message}
        for field, message in (*_impossible(order), *_unknown(platform, order))
    ]
    if problems:
        raise InvalidOrderError(problems)
    return order


def case_of(platform: PlayedPlatform, order: Order) -> Case | None:
    """The case an accepted order names; None: it names none."""
    return None if order.fail is None else platform.cases[order.fail]


def endpoint_of(platform: PlayedPlatform, order: Order) -> str:
    """The name of the endpoint an accepted order is about."""
    if order.endpoint is not None:
        return order.endpoint
    case = case_of(platform, order)
    return platform.home.name if case is None else platform.endpoints_of(case)[0]


def _problem(item: Any) -> dict[str, str]:
    return {"field": ".".join(str(part) for part in item["loc"]) or "body", "message": item["msg"]}


def _impossible(order: Order) -> list[tuple[str, str]]:
    problems = []
    if order.is_empty:
        problems.append(("body", "say delayS, fail, dropConnection, verdictAfterS or reset"))
    if order.fail is not None and order.drop_connection is not None:
        problems.append(("dropConnection", "cannot be combined with fail"))
    if order.times is not None and not order.asks_for_a_plan:
        problems.append(("times", "says how often: it needs delayS, fail or dropConnection"))
    return problems


def _unknown(platform: PlayedPlatform, order: Order) -> list[tuple[str, str]]:
    problems = []
    names = [endpoint.name for endpoint in platform.endpoints]
    if order.endpoint is not None and order.endpoint not in names:
        problems.append(("endpoint", f"unknown; {platform.title} has: {', '.join(names)}"))
    elif order.fail is not None:
        problems.extend(_unknown_case(platform, order.fail, order.endpoint))
    if order.verdict_after_s is not None and not platform.gives_verdicts:
        problems.append(("verdictAfterS", f"{platform.title} gives no verdicts"))
    return problems


def _unknown_case(platform: PlayedPlatform, name: str, endpoint: str | None) -> list[tuple[str, str]]:
    case = platform.cases.get(name)
    if case is None:
        return [("fail", f"unknown case; {platform.title} has: {', '.join(platform.cases)}")]
    places = platform.endpoints_of(case)
    if endpoint is not None and endpoint not in places:
        return [("endpoint", f"{name} can only strike: {', '.join(places)}")]
    return []
