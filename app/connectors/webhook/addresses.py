"""Which addresses a user of the API may have requests sent to: none inside the installation's own network.

A name is resolved once, every address it has is checked, and the request goes to one that was: a name that
answers differently a moment later changes nothing. Sources, read 2026-11-23:
https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry,
.../ipv6-address-space (only 2000::/3 is assigned as global unicast), and RFC 6052 for 64:ff9b::/96.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from app.connectors.http import Unanswered

RESOLVING_S = 5.0
"""How long a name may take to resolve."""
MAX_ADDRESSES = 3
"""Of one name, that are tried one after the other."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name; OSError or UnicodeError when it has none."""

_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Python calls these global: they are for protocols, or lead on to an IPv4 address that nobody checked.
_NOT_FOR_HOSTS = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.31.196.0/24"),
    IPv4Network("192.52.193.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.175.48.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2002::/16"),
    IPv6Network("2620:4f:8000::/48"),
    IPv6Network("3fff::/20"),
)

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
# 2130706433, 127.1 and 0x7f.0.0.1 are numbers to the system's resolver, and names to whoever reads them.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_PORTS = range(1, 65_536)
_USUAL_PORT = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing was sent, because this address may not be used."""

    reason: str
    """For a person: what is wrong and what mends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to connect, and what to say there."""

    url: httpx.URL
    """With a checked IP address instead of a name."""
    host: str
    """The header: the name and the port, as they were configured."""
    server_name: str | None
    """What TLS must find in the certificate; None: the IP address itself."""


PRIVATE = Refused(
    reason="The webhook's address leads into a private or reserved network, where it could reach what is not "
    "meant for it. Whoever runs this installation can allow that with "
    "LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES=true."
)
NOT_ENCRYPTED = Refused(
    reason="The webhook's address must begin with https://. Whoever runs this installation can allow http:// "
    "with LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES=true."
)


def parsed(url: str) -> httpx.URL:
    """The address in the one form everybody reads alike; ValueError, for people, when it has none.

    The host in lower case ASCII, without a full stop at its end; without a fragment.
    """
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("must be an address such as https://example.com/conversions") from None
    if parts.scheme not in _USUAL_PORT:
        raise ValueError("must begin with https://")
    if parts.userinfo:
        raise ValueError("must not contain a user name or password: the signature says who sends")
    if parts.port is not None and parts.port not in _PORTS:
        raise ValueError("must have a port from 1 to 65535, or none")
    host = parts.raw_host.decode("ascii").lower().removesuffix(".")
    is_name = _NAME.fullmatch(host) is not None and _ENDS_IN_A_NUMBER.fullmatch(host) is None
    # With a percent sign: an address that means something on one network card only.
    if not is_name and (_literal(host) is None or "%" in host):
        raise ValueError("must name a host such as example.com")
    return parts.copy_with(host=host, fragment=None)


def is_public(address: str) -> bool:
    """Whether this is the address of a host on the internet. False for anything that is no address."""
    found = _literal(address)
    if found is None:
        return False
    if isinstance(found, IPv6Address) and found in _NAT64:
        # How a network that has only IPv6 reaches IPv4: as good or as bad as the address within.
        found = IPv4Address(int(found) & 0xFFFF_FFFF)
    if isinstance(found, IPv6Address) and (found not in _GLOBAL_V6 or found.scope_id is not None):
        return False
    if any(found.version == network.version and found in network for network in _NOT_FOR_HOSTS):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, by the system's resolver; OSError or UnicodeError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def destinations(url: httpx.URL, *, resolve: Resolve) -> Sequence[Destination] | Refused | Unanswered:
    """Where a request to this address, as parsed() gave it, may go; all of its hosts' addresses are public.

    Unanswered when the name cannot be resolved for the moment.
    """
    if url.scheme != "https":
        return NOT_ENCRYPTED
    name = url.raw_host.decode("ascii")
    literal = _literal(name)
    if literal is not None:
        found: Sequence[str] = [str(literal)]
    else:
        try:
            async with asyncio.timeout(RESOLVING_S):
                found = await resolve(name, url.port or _USUAL_PORT[url.scheme])
        except TimeoutError:
            return Unanswered(written=False, code="TIMEOUT")
        except (OSError, UnicodeError):
            found = []
    if not found:
        return Unanswered(written=False, code="NAME_NOT_RESOLVED")
    if not all(is_public(address) for address in found):
        return PRIVATE
    return [
        Destination(
            url=url.copy_with(host=address),
            host=url.netloc.decode("ascii"),
            server_name=None if literal is not None else name,
        )
        for address in found[:MAX_ADDRESSES]
    ]


def _literal(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
