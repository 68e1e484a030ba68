"""In which media type an answer goes out."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"


def negotiate(accept: str | None) -> str:
    """The type of ours that `accept` likes best; application/json when it names none or is absent."""
    best, best_quality = JSON, 0.0
    for name, quality in _qualities(accept):
        if name in {JSON, RESPONSE_JSON} and quality > best_quality:
            best, best_quality = name, quality
    return best


def takes_events(accept: str | None) -> bool:
    """Whether it names server-sent events; `*/*` does not: everybody says that."""
    return any(name == EVENTS and quality > 0 for name, quality in _qualities(accept))


def takes_json(accept: str | None) -> bool:
    """Whether it names JSON, or anything."""
    wanted = {JSON, RESPONSE_JSON, "application/*", "*/*"}
    return any(name in wanted and quality > 0 for name, quality in _qualities(accept))


def names_json(accept: str | None) -> bool:
    """Whether it names JSON itself, as programs do, and no browser does for an image or a page."""
    return any(name in {JSON, RESPONSE_JSON} and quality > 0 for name, quality in _qualities(accept))


# Callers have few, and a program always the same. What does not belong there can be 64 KiB long.
@lru_cache(maxsize=64)
def _qualities(accept: str | None) -> Sequence[tuple[str, float]]:
    return tuple(_items(accept or ""))


def _items(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        yield name, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter.removeprefix("q="))
            except ValueError:
                return 0.0
    return 1.0
