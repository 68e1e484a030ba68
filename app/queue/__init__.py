"""Gives lanes their turns; knows nothing of what a turn does."""
