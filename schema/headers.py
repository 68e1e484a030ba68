"""A request's headers."""

from collections.abc import Mapping

from starlette.types import Scope

Headers = Mapping[str, str]
"""By lower-case name."""


def headers_of(scope: Scope) -> Headers:
    """All of them; of one that is given twice, the first. Starlette's go through all of them at each look."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
