"""Ports for servers that are started only after their port was chosen."""

import random
import socket

_CHANCE = random.SystemRandom()
_PORTS = range(20_000, 32_000)
"""Below those that the system gives out by itself: before our server has its port, it would give it to another one."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    while True:
        port = _CHANCE.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # somebody has it
                continue
        return port
