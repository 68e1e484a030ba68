"""The rules: each public call is one transaction."""
