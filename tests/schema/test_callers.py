"""At the edge: where a caller is taken to be."""

from typing import Any

import pytest

from schema.callers import client_address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
        ("2001:db8:1:2::", "20010db800010002/64"),
        ("2001:db8:1:3::", "20010db800010003/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_an_address_is_what_a_caller_cannot_choose_freely(host: str, address: str) -> None:
    assert client_address({"client": (host, 1)}) == address


@pytest.mark.parametrize("scope", [{}, {"client": None}])
def test_behind_a_socket_without_addresses_all_are_one(scope: dict[str, Any]) -> None:
    assert client_address(scope) == ""
