"""What comes in at a played platform and what goes out: the values every platform works with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as the platform sees it."""

    at: datetime
    """When it came in, by the sandbox's clock; aware UTC."""
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    condemned_by: str | None = None
    """The reason a scripted verdict must give; None: the platform decides by itself."""
    verdict_after_s: float | None = None
    """How long the platform takes for its verdict; None: as long as the real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the platform answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One conversion in a request that was taken."""

    key: tuple[str, ...] | None
    """By what the platform recognises a second copy; None: it cannot."""
    value: float | None = None
    currency: str | None = None
    copy_replaces: bool = True
    """Whether the value of a second copy takes the place of the first's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a request changes of a conversion that was taken before; nothing, if there is none of this key."""

    key: tuple[str, ...]
    retracts: bool
    """True: it counts no more. False: its value becomes this one."""
    value: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the platform makes of a request."""

    answer: Answer
    conversions: tuple[Conversion, ...] = ()
    """What counts; empty when the request was refused."""
    adjustments: tuple[Adjustment, ...] = ()
    """What changes of what was counted before."""
    problems: tuple[str, ...] = ()
    """What is wrong with the request, for a person; also when the platform itself says nothing of it."""


Handler = Callable[[Call], Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address of a platform."""

    name: str
    method: str
    path: str
    """Below the platform's own address, with {parameters} as Starlette writes them."""
    handle: Handler


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON. ASCII only, so that a lone surrogate that came in can also go out."""
    return Answer(
        status=status,
        body=json.dumps(value, separators=(",", ":")).encode("ascii"),
        headers={"content-type": "application/json; charset=UTF-8", **(headers or {})},
    )


def text_answer(
    status: int, text: str, *, content_type: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer that is not JSON."""
    return Answer(
        status=status,
        body=text.encode(),
        headers={"content-type": f"{content_type}; charset=UTF-8", **(headers or {})},
    )
