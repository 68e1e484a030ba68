"""Signatures as the Standard Webhooks specification has them. Knows neither a connector nor a network.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read
2026-11-23: "Signature scheme", "Webhook headers". A few lines of the standard library; the package of the
same name is the oracle in the tests.
"""

import base64
import binascii
import hmac
from datetime import datetime

from pydantic import SecretStr

PREFIX = "whsec_"
MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
"""Of the key itself; the specification's own bounds."""


def key_of(secret: SecretStr) -> bytes:
    """The key in `whsec_<base64>`; ValueError, which repeats nothing of it, when there is none."""
    text = secret.get_secret_value()
    try:
        encoded = text.removeprefix(PREFIX)
        # Some generators leave the padding out.
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(
            f"must be {PREFIX} and then the base64 of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} random bytes"
        )
    return key


def signed_headers(content: bytes, *, message_id: str, at: datetime, secret: SecretStr) -> dict[str, str]:
    """The three headers of one attempt.

    Args:
        content: the body, byte for byte as it is written.
        message_id: by which the receiver knows copies; the same on every attempt, without a full stop.
        at: the time of this attempt, which keeps an old request from being played again.
        secret: `whsec_<base64>`; ValueError when it is not.
    """
    seconds = str(int(at.timestamp()))
    signed = b".".join((message_id.encode("ascii"), seconds.encode("ascii"), content))
    signature = base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode("ascii")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }
