"""Bounds that more than one service checks."""

from datetime import timedelta

MAX_CENTS = 2**53 - 1
"""The largest price: what a JSON number holds exactly."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may be."""
