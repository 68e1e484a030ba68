"""API keys as a table, for `leadwire list-keys`."""

from collections.abc import Iterable
from datetime import datetime

from app.tables.projects import ApiKeyRow

_HEADER = ("id", "begins with", "may", "state", "last used", "name")


def key_table(keys: Iterable[ApiKeyRow], now: datetime) -> str:
    """A line for each key below a header, in columns. Nothing in it opens anything."""
    rows = [_HEADER, *(_row(key, now) for key in keys)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(key: ApiKeyRow, now: datetime) -> tuple[str, ...]:
    may = ",".join(key.scopes) or "createLead (public)"
    # A name is whatever a project's administrator has typed, and a terminal would obey what is in it.
    name = "".join(letter if letter.isprintable() else "?" for letter in key.name)
    return (str(key.id), key.prefix or "?", may, _state(key, now), _day(key.last_used_at), name)


def _state(key: ApiKeyRow, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.expires_at is None:
        return "in force"
    return f"{'expired' if key.expires_at <= now else 'until'} {_day(key.expires_at)}"


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M}"
