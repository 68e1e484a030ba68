"""Rows that the pieces of a group insert, put off until its end and sent by one statement for many of them."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

ROWS: Final = 64
"""Of one statement, at the most. Each power of two up to it is compiled once, and takes 3 KB a row to keep."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Insertion:
    """A plain INSERT as SQLite's driver takes it: `head` up to VALUES, then one `row` of placeholders."""

    head: str
    row: str
    columns: int

    def parts(self, values: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        """Statements, the smallest first, and what of `values` each takes: of all rows, one after the other."""
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
def _text(insertion: Insertion, rows: int) -> str:
    return insertion.head + ", ".join([insertion.row] * rows)


class Deferred:
    """What of a group's rows is put off.

    One statement for many rows is two thirds of the work, and lets go of the interpreter once instead of for
    each row, so that the event loop goes on meanwhile. Whoever could see the rows sends them first.
    """

    def __init__(self, driver: sqlite3.Connection) -> None:
        """`driver`: the connection whose transaction they belong to."""
        self._driver = driver
        self._values: dict[Insertion, list[Any]] = {}
        self._leads: set[int] = set()
        self.count = 0
        """Rows that are put off."""

    def add(self, insertion: Insertion, rows: Sequence[Sequence[Any]], lead_id: int) -> None:
        """Put off these rows, which belong to the lead. Of what refers to another row, that one comes first."""
        values = self._values.setdefault(insertion, [])
        for row in rows:
            values.extend(row)
        self.count += len(rows)
        self._leads.add(lead_id)

    def concerns(self, lead_id: int) -> bool:
        """Whether a row of the lead is put off."""
        return lead_id in self._leads

    def send(self, before_last: Callable[[], None] = _nothing) -> None:
        """Insert them; sqlite3.Error, which does not say whose row it is about.

        `before_last`: called before the last statement, which is the one that takes longest.
        """
        statements = [part for insertion, values in self._values.items() for part in insertion.parts(values)]
        self.forget()
        for place, (text, values) in enumerate(statements, start=1):
            if place == len(statements):
                before_last()
            self._driver.execute(text, values).close()

    def forget(self) -> None:
        """Drop them: what they were put off for is undone."""
        self._values.clear()
        self._leads.clear()
        self.count = 0
