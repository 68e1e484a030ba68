"""What a played platform is: its addresses, its catalogue of failures, how it recognises a second copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.sandbox.calls import Answer, Call, Endpoint
from app.sandbox.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedPlatform:
    """One ad platform, played."""

    name: str
    """Its folder below the sandbox's address."""
    title: str
    docs_url: str
    """The page its strictness was written from."""
    read_on: date
    endpoints: tuple[Endpoint, ...]
    """The first is where conversions are sent."""
    cases: Mapping[str, Case]
    event_ids: Callable[[Any], tuple[str, ...]]
    """The ids of the events in a parsed body, whatever it is; also of a request that is refused."""
    not_found: Callable[[Call], Answer]
    """What it answers at an address it does not have."""
    copies_recognised_for: timedelta | None
    """How long after the first copy another does not count; None: for ever."""
    gives_verdicts: bool = False
    """Whether it says later what became of what it accepted."""

    @property
    def home(self) -> Endpoint:
        """Where conversions are sent."""
        return self.endpoints[0]

    def endpoints_of(self, case: Case) -> tuple[str, ...]:
        """The names of the endpoints a case can strike, the usual one first."""
        return case.endpoints or tuple(endpoint.name for endpoint in self.endpoints)
