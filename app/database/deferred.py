"""Rows that the pieces of a group write, put off until its end and sent by one statement for many of them."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any, Final, Self

ROWS: Final = 64
"""Of one statement, at the most. Each power of two up to it is compiled once, and kept: 3 KB a row."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Batch:
    """An INSERT, or an UPDATE of one row, as SQLite's driver takes it for many rows at once."""

    before: str
    row: str
    """Placeholders of one row."""
    after: str
    columns: int
    updates: bool

    @classmethod
    def of(cls, text: str, columns: int) -> Self:
        """`text`: the statement for one row, which has so many placeholders."""
        row = f"({', '.join('?' * columns)})"
        if text.startswith("INSERT"):
            before, _, values = text.partition(" VALUES ")
            assert values == row, text
            return cls(f"{before} VALUES ", row, "", columns, updates=False)
        # SQLite's names for the columns of VALUES.
        numbers = count(1)
        change, _, where = re.sub(r"\?", lambda _: f"new.column{next(numbers)}", text).partition(" WHERE ")
        return cls(f"{change} FROM (VALUES ", row, f") AS new WHERE {where}", columns, updates=True)

    def parts(self, values: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        """Statements, the smallest first, and what each takes of `values`: rows one after the other."""
        left = len(values) // self.columns
        sizes = []
        while left:
            sizes.append(min(ROWS, 1 << (left.bit_length() - 1)))
            left -= sizes[-1]
        at = 0
        for size in reversed(sizes):
            end = at + size * self.columns
            yield _text(self, size), values[at:end]
            at = end


@cache
def _text(batch: Batch, rows: int) -> str:
    return batch.before + ", ".join([batch.row] * rows) + batch.after


class Deferred:
    """What of a group's rows is put off.

    One statement for many rows is two thirds of the work, and lets go of the interpreter once instead of for
    each row, so that the event loop goes on meanwhile. Whoever could see the rows sends them first.
    """

    def __init__(self, driver: sqlite3.Connection) -> None:
        """`driver`: the connection whose transaction they belong to. Made anew for each group."""
        self._driver = driver
        self._rows: dict[Batch, dict[int, Sequence[Any]]] = {}
        """In the order in which the first rows came, and sent so however often: jobs before deliveries."""
        self._leads: set[int] = set()
        self._added = self._sent = 0
        self.failed = False
        """Rows could not be sent, and whoever had them sent need not know whose they are."""

    @property
    def written(self) -> int:
        """Grows with each row that is put off or written at once, and not when what was put off is sent."""
        return self._driver.total_changes - self._sent + self._added

    def add(self, batch: Batch, rows: Sequence[Sequence[Any]], lead_id: int) -> None:
        """Put off these rows of the lead; an update of it takes the place of the one before.

        A row comes after those it refers to.
        """
        waiting = self._rows.setdefault(batch, {})
        for row in rows:
            waiting[lead_id if batch.updates else len(waiting)] = row
        self._added += len(rows)
        self._leads.add(lead_id)

    def concerns(self, lead_id: int | None) -> bool:
        """Whether a row of the lead is put off; None: of any."""
        return bool(self._leads) if lead_id is None else lead_id in self._leads

    def send(self, before_last: Callable[[], None] = _nothing) -> None:
        """Write them; sqlite3.Error, which does not say whose row it is about.

        `before_last`: called before the last statement, which is the one that takes longest.
        """
        statements = [
            part
            for batch, rows in self._rows.items()
            for part in batch.parts(list(chain.from_iterable(rows.values())))
        ]
        for rows in self._rows.values():
            rows.clear()
        self._leads.clear()
        before, self.failed = self._driver.total_changes, True
        for place, (text, values) in enumerate(statements, start=1):
            if place == len(statements):
                before_last()
            self._driver.execute(text, values).close()
        self._sent += self._driver.total_changes - before
        self.failed = False
