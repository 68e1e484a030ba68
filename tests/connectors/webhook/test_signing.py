"""Against the specification's own library, which is other code."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from app.clock import utc_now
from app.connectors.webhook.signing import key_of, signed_headers

KEY = bytes(range(32))
SECRET = SecretStr("whsec_" + base64.b64encode(KEY).decode())
AT = datetime(2026, 11, 23, 12, 0, 0, 999_000, tzinfo=UTC)


def test_the_headers_are_those_of_the_specification() -> None:
    headers = signed_headers(b'{"a":1}', message_id="msg_1", at=AT, secret=SECRET)
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795435200",
        "webhook-signature": Webhook(SECRET.get_secret_value()).sign("msg_1", AT, '{"a":1}'),
    }


@given(
    key=st.binary(min_size=24, max_size=64),
    body=st.text(st.characters(codec="utf-8")),
    at=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_every_signature_is_the_librarys(key: bytes, body: str, at: datetime) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers(body.encode(), message_id="msg_1", at=at, secret=SecretStr(secret))
    assert headers["webhook-signature"] == Webhook(secret).sign("msg_1", at, body)


def test_the_library_verifies_what_is_signed_now_and_nothing_else() -> None:
    library = Webhook(SECRET.get_secret_value())
    headers = signed_headers(b'{"a":1}', message_id="msg_1", at=utc_now(), secret=SECRET)
    old = signed_headers(b'{"a":1}', message_id="msg_1", at=utc_now() - timedelta(minutes=6), secret=SECRET)
    assert library.verify(b'{"a":1}', headers) == {"a": 1}
    for body, wrong in (
        (b'{"a":2}', headers),
        (b'{"a":1}', {**headers, "webhook-id": "msg_2"}),
        (b'{"a":1}', old),
    ):
        with pytest.raises(WebhookVerificationError):
            library.verify(body, wrong)


def test_the_key_is_what_the_base64_holds_with_or_without_padding() -> None:
    assert key_of(SECRET) == KEY
    assert key_of(SecretStr(SECRET.get_secret_value().rstrip("="))) == KEY


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(KEY).decode(),
        "whsk_" + base64.b64encode(KEY).decode(),
        "WHSEC_" + base64.b64encode(KEY).decode(),
        "whsec_" + base64.b64encode(KEY[:23]).decode(),
        "whsec_" + base64.b64encode(KEY + KEY + b"x").decode(),
        "whsec_" + "*" * 44,
        "whsec_" + "é" * 44,
        "whsec_" + "A" * 45,
    ],
)
def test_anything_else_is_no_secret_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 random bytes") as refused:
        key_of(SecretStr(secret))
    assert len(secret) < 7 or secret[6:] not in str(refused.value)
