"""Platforms as they are: now and then slow, overloaded, broken, or gone in the middle of an answer."""

import asyncio
import random
from typing import Any

from app.values import Platform
from tests.torture.installation import Installation

_STORMS: tuple[dict[str, Any], ...] = (
    {"delayS": 0.3, "times": 3},
    {"delayS": 1.5, "times": 2},
    {"fail": "HTTP_429"},
    {"fail": "HTTP_500", "times": 3},
    {"fail": "HTTP_503"},
    {"dropConnection": "before"},
    {"dropConnection": "before", "times": 3},
    {"dropConnection": "after", "times": 2},
)
"""Orders for one platform at a time. None of them makes a platform refuse a conversion for good."""


async def change(
    installation: Installation, dice: random.Random, enough: asyncio.Event, *, every_s: float
) -> int:
    """Let one platform after the other misbehave until there is enough; answers how often."""
    orders = 0
    while not enough.is_set():
        await asyncio.sleep(dice.uniform(0, 2 * every_s))
        platform = dice.choice(list(Platform)).value.lower()
        await installation.script(platform, **dice.choice(_STORMS))
        orders += 1
    await installation.calm()
    return orders
