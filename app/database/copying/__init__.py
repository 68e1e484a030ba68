"""Copies every table from a SQLite file to PostgreSQL, and proves that the copy is the original."""
