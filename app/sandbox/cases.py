"""How a platform can be told to misbehave: the three kinds of behaviour and the named cases made of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.sandbox.calls import Answer, Call


@dataclass(frozen=True, slots=True)
class Refuse:
    """Take nothing and answer this."""

    answer: Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Distort:
    """Judge and take the request as usual, but let the answer arrive changed."""

    change: Callable[[Answer], Answer]


@dataclass(frozen=True, slots=True)
class Condemn:
    """Let the verdict on what was accepted before be this reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One named way to fail."""

    name: str
    says: str
    """What happens, for a person who chooses among the cases."""
    behaviour: Refuse | Distort | Condemn
    endpoints: tuple[str, ...] = ()
    """Where it can strike, the first unless told otherwise; empty: everywhere."""


def catalogue(*groups: Iterable[Case]) -> Mapping[str, Case]:
    """Cases by name.

    Raises:
        ValueError: two cases have the same name.
    """
    cases: dict[str, Case] = {}
    for group in groups:
        for case in group:
            if case.name in cases:
                msg = f"two cases are called {case.name}"
                raise ValueError(msg)
            cases[case.name] = case
    return cases
