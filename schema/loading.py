"""Loaders of rows for nested fields, as fields share them."""

import asyncio
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
T = TypeVar("T")


class Loader(DataLoader[K, T]):
    """A DataLoader whose loads outlive a caller that is cancelled.

    All who ask for one key wait for one future. When a field fails, its siblings are cancelled, and in
    Strawberry's own loader the first of them would cancel that future: every other field that waits for it,
    elsewhere in the answer, would be cancelled too, and with them the whole request, without an answer.
    """

    def load(self, key: K) -> "asyncio.Future[T]":
        """The value for a key, gathered with those that are asked for at the same time."""
        shared = asyncio.ensure_future(super().load(key))
        shared.add_done_callback(_look)
        return asyncio.shield(shared)


def _look(shared: "asyncio.Future[T]") -> None:
    """Take note of an error that nobody waits for any more; asyncio would log it, with all that it says."""
    if not shared.cancelled():
        shared.exception()
