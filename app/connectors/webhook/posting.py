"""A signed POST to an address that a user of the API chose. Knows no conversion."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pydantic import SecretStr

from app.connectors.http import Answer, Unanswered, Wire, json_bytes, post
from app.connectors.transport import Transport
from app.connectors.webhook.addresses import Destination, Refused, Resolve, destinations, parsed, resolve
from app.connectors.webhook.signing import signed_headers


async def post_signed(
    http: httpx.AsyncClient,
    url: str,
    body: Mapping[str, Any],
    *,
    message_id: str,
    secret: SecretStr,
    wire: Wire,
    more_headers: Mapping[str, str] | None = None,
    resolve: Resolve = resolve,
) -> Answer | Unanswered | Refused:
    """One attempt, signed at the time of `wire.clock`.

    Where `wire` allows private addresses there is nothing to guard, and `http` sends as it sends everything.
    Otherwise the request goes to a checked address of its own accord: past the proxies of the environment,
    which would resolve the name again or could not verify it, and over a connection that nobody shares.

    Raises:
        ValueError: `url` is no address that can be used at all, or `secret` no signing secret; see parsed()
            and key_of(). Nothing that a network or a receiver can cause.
    """
    target = parsed(url)
    content = json_bytes(body)
    signed = signed_headers(content, message_id=message_id, at=wire.clock(), secret=secret)
    headers = {**(more_headers or {}), **signed}
    if wire.allow_private_addresses:
        return await post(http, target, content, headers=headers, wire=wire)
    found = await destinations(target, resolve=resolve)
    if isinstance(found, Refused | Unanswered):
        return found
    return await post_to_first(found, content, headers, wire)


async def post_to_first(
    found: Sequence[Destination], content: bytes, headers: Mapping[str, str], wire: Wire
) -> Answer | Unanswered:
    """POST to the first of a name's addresses that can be reached; to another only if nothing was written."""
    answer: Answer | Unanswered = Unanswered(written=False, code="CONNECTION")
    for destination in found:
        answer = await _post_to(destination, content, headers, wire)
        if isinstance(answer, Answer) or answer.written:
            break
    return answer


async def _post_to(
    destination: Destination, content: bytes, headers: Mapping[str, str], wire: Wire
) -> Answer | Unanswered:
    name = destination.server_name
    # A shared pool knows connections by their IP address: it would use one that was verified for another
    # name.
    async with httpx.AsyncClient(transport=Transport(most_connections=1, by_proxy=False)) as direct:
        return await post(
            direct,
            destination.url,
            content,
            headers={**headers, "Host": destination.host, "Connection": "close"},
            extensions={} if name is None else {"sni_hostname": name},
            wire=wire,
        )
