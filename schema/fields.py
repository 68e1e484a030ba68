"""Short forms for declaring fields that always have a description."""

from typing import Any

import strawberry


def described(description: str) -> Any:
    """A field of an output type."""
    return strawberry.field(description=description)


def optional(description: str) -> Any:
    """A field of an input type that may be left out: `strawberry.UNSET` then, which is not null."""
    return strawberry.field(description=description, default=strawberry.UNSET)
