"""What a benchmark must show."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What must come out of it."""

    text: str
    measured: float
    bound: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it did."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def judge(found: Sequence[Demand]) -> bool:
    """Print them; whether all are met."""
    for demand in found:
        word = "at least" if demand.at_least else "at most"
        verdict = "ok    " if demand.met else "MISSED"
        print(f"{verdict} {demand.text}: {demand.measured:.2f} ({word} {demand.bound:g})")
    return all(demand.met for demand in found)
