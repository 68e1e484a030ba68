"""Alembic's environment and the migrations; applied by app.database.migrating."""
