"""Connections whose other end is gone without a word, as after a power cut: the system ends them soon."""

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    # Who lacks it is told so when an engine is made.
    import asyncpg

_GONE_AFTER_S: Final = 30
"""Linux's own: a quarter of an hour while something is sent, and two hours else."""
_ASKED_EVERY_S: Final = 10

_OPTIONS: Final = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", _ASKED_EVERY_S),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", _ASKED_EVERY_S),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", _GONE_AFTER_S // _ASKED_EVERY_S),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", _GONE_AFTER_S * 1000),
)
"""By name: no system has all of them."""


def bound_silence(connection: "asyncpg.Connection") -> None:
    """Have the connection end when nobody has confirmed anything for half a minute.

    A server that is slow or frozen is not concerned: its system confirms what comes.
    """
    there = connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg has no other way to it
    if there.family == socket.AF_UNIX:
        return
    # Options belong to what both numbers stand for. The loop's own object need not let them be set.
    with socket.socket(there.family, there.type, fileno=os.dup(there.fileno())) as same:
        for level, name, value in _OPTIONS:
            with suppress(AttributeError):
                same.setsockopt(level, getattr(socket, name), value)
