"""The SQL. Plain synchronous functions over a session."""
