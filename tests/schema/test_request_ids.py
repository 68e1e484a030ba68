"""The id that a request is found by in the log."""

import re
import subprocess
import sys
from typing import Any

import pytest

from schema.request_ids import request_id_of

OUR_OWN = re.compile(r"[0-9a-f]{32}")


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "headers": list(headers)}


def test_a_request_has_one_id_however_often_it_is_asked_for() -> None:
    request = scope()

    assert request_id_of(request) == request_id_of(request)


def test_each_request_has_its_own() -> None:
    ids = [request_id_of(scope()) for _ in range(10_000)]

    assert len(set(ids)) == len(ids)
    assert all(OUR_OWN.fullmatch(one) for one in ids)


def test_another_process_has_others() -> None:
    code = "from schema.request_ids import request_id_of; print(request_id_of({'headers': []}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    # The second half counts; the first is what tells processes apart.
    assert OUR_OWN.fullmatch(told.stdout.strip())
    assert told.stdout[:16] != request_id_of(scope())[:16]


def test_a_proxy_s_id_is_kept() -> None:
    given = scope((b"host", b"x"), (b"x-request-id", b"edge:7f.3-A_b"), (b"x-request-id", b"another-one"))

    assert request_id_of(given) == "edge:7f.3-A_b"


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"short",
        b"x" * 65,
        b"with space",
        b"line\nfeed1",
        b"\xe4\xf6\xfc\xe4\xf6\xfc\xe4\xf6",
        b"\xff" * 9,
        b'{"a":1234}',
    ],
)
def test_an_id_that_could_look_like_something_else_in_the_log_is_not(given: bytes) -> None:
    assert OUR_OWN.fullmatch(request_id_of(scope((b"x-request-id", given))))
