"""What docs/platforms/webhook.md shows to receivers is true."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import utc_now
from app.connectors.webhook.api import DELIVER_FOR
from app.connectors.webhook.payload import build
from app.connectors.webhook.settings import WebhookSettings
from app.connectors.webhook.signing import signed_headers
from app.sandbox.webhook.checks import faults
from tests.connectors.leads import conversion, lead
from tests.connectors.webhook.stage import SECRET

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "platforms" / "webhook.md").read_text()


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def is_genuine() -> Callable[..., bool]:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    verify: Callable[..., bool] = names["is_genuine"]
    return verify


BODY = b'{"a":"\xc3\xa9"}'
SIGNED = SECRET.get_secret_value()


def headers(*, minutes: float = 0) -> dict[str, str]:
    at = utc_now() + timedelta(minutes=minutes)
    return signed_headers(BODY, message_id="msg_1", at=at, secret=SECRET)


def test_the_python_example_believes_what_is_sent(is_genuine: Callable[..., bool]) -> None:
    own = headers()
    several = {**own, "webhook-signature": f"v1,AAAA {own['webhook-signature']} v1a,AAAA"}
    assert is_genuine(own, BODY, SIGNED)
    assert is_genuine(several, BODY, SIGNED)
    assert is_genuine(headers(minutes=-4), BODY, SIGNED)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({}, BODY + b" "),
        ({"webhook-id": "msg_2"}, BODY),
        ({"webhook-timestamp": "soon"}, BODY),
        ({"webhook-timestamp": "²"}, BODY),
        ({"webhook-timestamp": ""}, BODY),
        ({"webhook-signature": ""}, BODY),
        ({"webhook-signature": "v1,é"}, BODY),
    ],
)
def test_the_python_example_believes_nothing_else(
    change: dict[str, str], body: bytes, is_genuine: Callable[..., bool]
) -> None:
    assert not is_genuine({**headers(), **change}, body, SIGNED)
    assert not is_genuine({}, body, SIGNED)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_the_python_example_does_not_believe_other_times(
    minutes: float, is_genuine: Callable[..., bool]
) -> None:
    # Signed here and not when tests are collected: in a long run what was to come is now by then.
    assert not is_genuine(headers(minutes=minutes), BODY, SIGNED)


def test_the_message_it_shows_is_one() -> None:
    shown = json.loads(block("json"))
    assert list(faults(shown, shown["id"])) == []


def test_every_field_of_a_message_is_explained() -> None:
    settings = WebhookSettings.model_validate({"url": "https://hooks.example.com/x", "personal_data": True})
    person = lead(gbraid="a", wbraid="b", fbc="c", company_name="Example")
    body = build(person, conversion(target="lead.won"), settings, test_mode=True)
    told = body["data"]
    names = {*body, *told, *told["lead"], *told["attribution"], *told["person"]} - {"data"}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE and f"`data.{name}`" not in PAGE] == []


def test_it_says_how_long_messages_are_offered() -> None:
    assert f"{DELIVER_FOR.days} days" in PAGE
