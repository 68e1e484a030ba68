"""The operator's own webhook: one signed POST, and whether it was taken. Knows nothing of what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import SecretStr

from app.connectors.http import Answer, Timeouts, Wire
from app.connectors.webhook.addresses import Refused, parsed
from app.connectors.webhook.posting import post_signed
from app.connectors.webhook.signing import key_of

# Altogether less than a process that is told to stop waits for.
_TIMEOUTS = Timeouts(connect_s=5.0, pool_s=5.0, write_s=5.0, read_s=10.0, whole_s=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """The receiver did not take a message."""

    why: str
    """For the log: a status or what happened to the connection; nothing of the address or the answer."""
    retry_after_s: float | None
    """When the receiver asks to be tried again; None: it does not say."""


class AlertReceiver:
    """Where the operator is told."""

    def __init__(self, *, url: str, secret: SecretStr, http: httpx.AsyncClient, wire: Wire) -> None:
        """ValueError, for people, when `url` is no address or `secret` no signing secret (`whsec_...`).

        Its address may lie in a private network: whoever chose it runs the installation.
        """
        parsed(url)
        key_of(secret)
        self._url = url
        self._secret = secret
        self._http = http
        self._wire = replace(wire, timeouts=_TIMEOUTS, allow_private_addresses=True)

    async def tell(self, body: Mapping[str, Any], *, message_id: str) -> NotTaken | None:
        """One attempt; None once it was taken. Raises nothing that a network or a receiver can cause.

        `message_id`: by which the receiver knows a copy.
        """
        answer = await post_signed(
            self._http, self._url, body, message_id=message_id, secret=self._secret, wire=self._wire
        )
        # Private addresses are allowed, so nothing is refused.
        assert not isinstance(answer, Refused)
        if not isinstance(answer, Answer):
            return NotTaken(why=answer.code, retry_after_s=None)
        if HTTPStatus(200) <= answer.status < HTTPStatus(300):
            return None
        return NotTaken(why=f"HTTP {answer.status}", retry_after_s=answer.retry_after_s)
