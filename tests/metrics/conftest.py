"""The public face, to be measured."""

from tests.resolvers.conftest import api, sqlite_api

__all__ = ["api", "sqlite_api"]
