"""JSON for answers and for the database."""

import json
from typing import Any

import orjson


def to_json(value: Any) -> bytes:
    """The value as JSON in UTF-8, without spaces; UnicodeEncodeError and TypeError: it is no JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # It writes no whole numbers beyond 64 bits, which are JSON all the same.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
