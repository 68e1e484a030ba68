"""Whether a message is from who says so, and of now.

From "Verifying signatures" of the Standard Webhooks specification
(github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11-23); five
minutes are what its own libraries allow.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_KEY: Final = b"leadwire sandbox signing key 001"
SECRET: Final = f"whsec_{base64.b64encode(_KEY).decode()}"
"""The one secret this receiver knows: nothing here is worth keeping from anybody."""

TOLERANCE_S = 300
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a message is not believed."""

    status: int
    text: str


def doubt(headers: Mapping[str, str], body: bytes, now: datetime) -> Doubt | None:
    """None: the three headers are there, of now, and one of the signatures is this body's."""
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id):
        return Doubt(400, "webhook-id: missing, or not of letters, digits, hyphens and underscores")
    if not _SECONDS.fullmatch(seconds):
        return Doubt(400, "webhook-timestamp: missing, or not whole seconds since 1970")
    if not headers.get("webhook-signature"):
        return Doubt(400, "webhook-signature: missing")
    if abs(now.timestamp() - int(seconds)) > TOLERANCE_S:
        return Doubt(400, "webhook-timestamp: more than five minutes away from now")
    expected = hmac.new(_KEY, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    given = (_decoded(one) for one in headers["webhook-signature"].split(" "))
    if not any(hmac.compare_digest(expected, one) for one in given):
        return Doubt(401, "webhook-signature: none of them fits")
    return None


def _decoded(signature: str) -> bytes:
    """Of version 1; any other is nobody's."""
    version, _, encoded = signature.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
