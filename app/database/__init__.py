"""Runs units of work on SQLite and PostgreSQL; knows nothing of what they do."""
