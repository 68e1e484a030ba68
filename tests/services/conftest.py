"""The stage that lanes are tested on."""

from tests.worker.fixtures import connector as connector
from tests.worker.fixtures import http as http
from tests.worker.fixtures import sqlite_stage as sqlite_stage
from tests.worker.fixtures import stage as stage
