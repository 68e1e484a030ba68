import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.http import Unanswered
from app.connectors.webhook import addresses
from app.connectors.webhook.addresses import (
    NOT_ENCRYPTED,
    PRIVATE,
    Destination,
    destinations,
    is_public,
    parsed,
    resolve,
)

PUBLIC_V4 = "93.184.215.14"
PUBLIC_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Names:
    """A resolver that knows what it was told."""

    def __init__(self, *found: str, failure: Exception | None = None) -> None:
        self.found = found
        self.failure = failure
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if self.failure is not None:
            raise self.failure
        return self.found


# ---- which addresses are public ----


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC_V4,
        PUBLIC_V6,
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "2001:4860:4860::8888",
        "64:ff9b::1.1.1.1",
    ],
)
def test_a_host_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        f"::ffff:{PUBLIC_V4}",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        f"{PUBLIC_V6}%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "example.com",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_in_another_dress(address: IPv4Address) -> None:
    assert is_public(str(address)) is is_public(f"64:ff9b::{address}")
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"::{address}")
    assert not is_public(f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::")


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_public_only_as_global_unicast(address: IPv6Address) -> None:
    if is_public(str(address)):
        assert address in ip_network("2000::/3") or address in ip_network("64:ff9b::/96")
        assert address.is_global


@given(st.text(max_size=50))
def test_whatever_is_asked_is_answered(text: str) -> None:
    assert is_public(text) in {True, False}


# ---- which addresses of the web can be used ----


@pytest.mark.parametrize(
    ("given_", "understood"),
    [
        ("https://example.com", "https://example.com"),
        ("https://EXAMPLE.com/Hooks?a=B", "https://example.com/Hooks?a=B"),
        ("https://example.com./hooks", "https://example.com/hooks"),
        ("https://example.com:443/hooks", "https://example.com/hooks"),
        ("https://example.com:8443/hooks", "https://example.com:8443/hooks"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://example.com/a#fragment", "https://example.com/a"),
        ("https://my_host.internal/x", "https://my_host.internal/x"),
        ("https://localhost:3000/x", "https://localhost:3000/x"),
        ("http://10.0.0.1/x", "http://10.0.0.1/x"),
        ("https://[2606:2800:21f::1]:8443/x", "https://[2606:2800:21f::1]:8443/x"),
        ("https://a.1b/x", "https://a.1b/x"),
    ],
)
def test_an_address_has_one_form(given_: str, understood: str) -> None:
    assert str(parsed(given_)) == understood


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hooks",
        "//example.com/hooks",
        "ftp://example.com/hooks",
        "file:///etc/passwd",
        "gopher://example.com:70/_x",
        "https://",
        "https:///hooks",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:@example.com/",
        "https://example.com@10.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:port/",
        "https://exa mple.com/",
        "https://example.com\n.evil.example/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com../",
        "https://%31%32%37.0.0.1/",
        "https://２１.example/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.01/",
        "https://example.0x/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
    ],
)
def test_what_somebody_could_read_otherwise_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        parsed(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="user name") as refused:
        parsed("https://user:hunter2@example.com/")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


@given(st.text(max_size=80).map(lambda text: f"https://{text}") | st.text(max_size=80))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    try:
        found = parsed(url)
    except ValueError:
        return
    assert parsed(str(found)) == found
    assert not found.userinfo
    assert found.scheme in {"http", "https"}


# ---- where a request may go ----


async def test_a_name_becomes_its_checked_addresses_and_stays_the_name_tls_must_find() -> None:
    names = Names(PUBLIC_V4, PUBLIC_V6)
    found = await destinations(parsed("https://Hooks.Example.com:8443/a?b=c"), resolve=names)
    assert names.asked == [("hooks.example.com", 8443)]
    assert isinstance(found, list)
    assert [str(one.url) for one in found] == [
        f"https://{PUBLIC_V4}:8443/a?b=c",
        f"https://[{PUBLIC_V6}]:8443/a?b=c",
    ]
    assert {(one.host, one.server_name) for one in found} == {("hooks.example.com:8443", "hooks.example.com")}


async def test_a_name_is_resolved_once_and_asked_for_the_usual_port() -> None:
    names = Names(PUBLIC_V4)
    await destinations(parsed("https://hooks.example.com/"), resolve=names)
    assert names.asked == [("hooks.example.com", 443)]


@pytest.mark.parametrize("literal", [PUBLIC_V4, f"[{PUBLIC_V6}]"])
async def test_an_address_needs_no_resolving(literal: str) -> None:
    names = Names()
    url = parsed(f"https://{literal}:8443/x")
    assert await destinations(url, resolve=names) == [
        Destination(url=url, host=f"{literal}:8443", server_name=None)
    ]
    assert names.asked == []


@pytest.mark.parametrize("literal", ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"])
async def test_a_private_address_is_refused(literal: str) -> None:
    assert await destinations(parsed(f"https://{literal}/"), resolve=Names()) == PRIVATE


@pytest.mark.parametrize(
    "found", [("10.0.0.1",), (PUBLIC_V4, "10.0.0.1"), ("::1", PUBLIC_V6), ("fe80::1%eth0",), ("nonsense",)]
)
async def test_one_private_address_of_a_name_is_enough_to_refuse_it(found: tuple[str, ...]) -> None:
    assert await destinations(parsed("https://hooks.example.com/"), resolve=Names(*found)) == PRIVATE


def test_a_refusal_names_the_setting_and_tells_nothing_of_the_network() -> None:
    for refusal in (PRIVATE, NOT_ENCRYPTED):
        assert "LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES=true" in refusal.reason


async def test_an_address_without_encryption_is_refused() -> None:
    assert await destinations(parsed("http://hooks.example.com/"), resolve=Names(PUBLIC_V4)) == NOT_ENCRYPTED


@pytest.mark.parametrize(
    "failure",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError("no resolver"),
        UnicodeError("label too long"),
    ],
)
async def test_a_name_that_does_not_resolve_was_not_written_to(failure: Exception) -> None:
    found = await destinations(parsed("https://hooks.example.com/"), resolve=Names(failure=failure))
    assert found == Unanswered(written=False, code="NAME_NOT_RESOLVED")


async def test_a_name_without_addresses_does_not_resolve() -> None:
    found = await destinations(parsed("https://hooks.example.com/"), resolve=Names())
    assert found == Unanswered(written=False, code="NAME_NOT_RESOLVED")


async def test_a_resolver_that_never_answers_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_host: str, _port: int) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    monkeypatch.setattr(addresses, "RESOLVING_S", 0.01)
    found = await destinations(parsed("https://hooks.example.com/"), resolve=never)
    assert found == Unanswered(written=False, code="TIMEOUT")


async def test_only_a_few_addresses_of_a_name_are_tried() -> None:
    names = Names(*(f"93.184.215.{number}" for number in range(1, 9)))
    found = await destinations(parsed("https://hooks.example.com/"), resolve=names)
    assert isinstance(found, list)
    assert len(found) == addresses.MAX_ADDRESSES


async def test_the_systems_resolver_gives_each_address_once() -> None:
    assert await resolve("127.0.0.1", 443) == ["127.0.0.1"]


async def test_a_name_of_this_machine_is_refused_whatever_it_is_called() -> None:
    assert await destinations(parsed("https://localhost/"), resolve=resolve) == PRIVATE
