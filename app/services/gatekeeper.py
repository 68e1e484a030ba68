"""Letting callers in: who they are, and whether they may ask just now. No statement but the key's look-up."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from app.errors import RateLimitedError, UnauthenticatedError
from app.services.key_uses import KeyUses
from app.services.token_buckets import Monotonic, Standing, TokenBuckets
from app.services.viewer import Viewer, ViewerService, hash_key

PER_KEY_PER_MINUTE: Final = 60_000
"""About half of what a process can answer: a program that has run wild leaves the rest to other projects."""
PER_ADDRESS_PER_MINUTE: Final = 60
"""Of public keys: more than anybody fills in forms, and enough for an office behind one address."""
ADDRESSES_PER_PUBLIC_KEY: Final = 10
"""How many addresses at their limit a public key bears: one alone must not use it up for all visitors."""
FAILED_PER_MINUTE: Final = 30
"""Wrong keys from one address. More are not looked up."""
MOST_KNOWN: Final = 10_000
"""Keys that are remembered to have opened something: some 2 MB."""

TOO_MANY = "Too many requests with this API key"
TOO_MANY_FROM_ADDRESS = "Too many requests from this address"
TOO_MANY_FAILED = "Too many requests with invalid API keys from this address"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """What this process answers in a minute."""

    per_key: int = PER_KEY_PER_MINUTE
    """Requests and changes with an ordinary key; 0: any number."""
    per_address: int = PER_ADDRESS_PER_MINUTE
    """Requests with a public key from one address."""


class Allowance(NamedTuple):
    """What a caller may still ask for, under the limit that they are told of."""

    policy: str
    """The limit's name."""
    per_minute: int
    left: int
    next_in_s: int
    """Until there is one more; at least 1."""


class _Limit(NamedTuple):
    """A bucket that a request takes from."""

    buckets: TokenBuckets
    whose: Hashable
    message: str


class Gatekeeper:
    """Lets callers in, counting in this process alone: with several, a caller may have the sum."""

    def __init__(
        self, viewers: ViewerService, uses: KeyUses, limits: RateLimits, *, monotonic: Monotonic
    ) -> None:
        per_public_key = limits.per_address * ADDRESSES_PER_PUBLIC_KEY
        self._viewers, self.uses = viewers, uses
        self._keys = TokenBuckets(limits.per_key, monotonic=monotonic) if limits.per_key else None
        self._public_keys = TokenBuckets(per_public_key, monotonic=monotonic)
        self._addresses = TokenBuckets(limits.per_address, monotonic=monotonic)
        self._failed = TokenBuckets(FAILED_PER_MINUTE, monotonic=monotonic)
        self._known: dict[str, None] = {}
        """Hashes of keys that opened something, the last ones."""

    async def authenticate(self, key: str | None, address: str) -> Viewer:
        """The viewer of this key.

        Raises:
            UnauthenticatedError: there is no key, or none that is in force.
            RateLimitedError: too many keys from this address were wrong.
        """
        viewer = await self._viewers.authenticate(key) if key is None else await self._open(key, address)
        self.uses.note(viewer.key_id)
        return viewer

    def count(self, viewer: Viewer, address: str) -> None:
        """Count a request; RateLimitedError, which counts nothing, when there were too many."""
        limits = self._limits_of(viewer, address)
        for buckets, whose, message in limits:
            _refuse_if_empty(buckets.standing(whose), message)
        for buckets, whose, _ in limits:
            buckets.spend(whose)

    def count_more(self, viewer: Viewer, changes: int) -> None:
        """Count changes that a request turned out to ask for besides its first; a lack is made up for later.

        Refusing it would mean that a hundred changes at once could never be made under a limit of fifty.
        """
        if self._keys is not None and changes > 0:
            self._keys.spend(viewer.key_id, changes)

    def allowance(self, viewer: Viewer, address: str) -> Allowance | None:
        """What the caller may still ask for; None: as much as they like.

        Of a public key's own limit they hear nothing: that would tell any visitor how many others there are.
        """
        if viewer.is_public:
            return _allowance("address", self._addresses, _at_address(viewer.key_id, address))
        return None if self._keys is None else _allowance("key", self._keys, viewer.key_id)

    def _limits_of(self, viewer: Viewer, address: str) -> Sequence[_Limit]:
        if viewer.is_public:
            return (
                _Limit(self._addresses, _at_address(viewer.key_id, address), TOO_MANY_FROM_ADDRESS),
                _Limit(self._public_keys, viewer.key_id, TOO_MANY),
            )
        return () if self._keys is None else (_Limit(self._keys, viewer.key_id, TOO_MANY),)

    async def _open(self, key: str, address: str) -> Viewer:
        key_hash = hash_key(key)
        # A key that has opened something is no guess: whoever shares an address with somebody who tries keys,
        # or with a program whose key has expired, must not be locked out by that.
        if key_hash not in self._known:
            _refuse_if_empty(self._failed.standing(address), TOO_MANY_FAILED)
        try:
            viewer = await self._viewers.authenticate(key)
        except UnauthenticatedError:
            self._known.pop(key_hash, None)
            self._failed.spend(address)
            raise
        self._remember(key_hash)
        return viewer

    def _remember(self, key_hash: str) -> None:
        self._known[key_hash] = None
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]


def _at_address(key_id: UUID, address: str) -> Hashable:
    return key_id, address


def _refuse_if_empty(standing: Standing, message: str) -> None:
    if standing.left < 1:
        wait_s = _whole(standing.next_in_s)
        raise RateLimitedError(wait_s, f"{message}. Try again in {wait_s} s.")


def _allowance(policy: str, buckets: TokenBuckets, whose: Hashable) -> Allowance:
    left, next_in_s = buckets.standing(whose)
    return Allowance(policy, buckets.per_minute, left, _whole(next_in_s))


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
