from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.connectors.meta.click import fbc, fbp
from tests.connectors.leads import CLICKED_AT, EVENT_AT, bare_lead

MS = int(CLICKED_AT.timestamp() * 1000)
OLD_MS = int((EVENT_AT - timedelta(days=90, milliseconds=1)).timestamp() * 1000)
JUST_MS = int((EVENT_AT - timedelta(days=90)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"fbc": f"fb.2.{MS}.AbC"}, f"fb.2.{MS}.AbC"),
        ({"fbc": f"fb.1.{MS}.AbC.AQECAQMB"}, f"fb.1.{MS}.AbC.AQECAQMB"),
        (
            {"fbc": f"fb.1.{JUST_MS}.AbC", "fbclid": "AbC", "meta_captured_at": CLICKED_AT},
            f"fb.1.{JUST_MS}.AbC",
        ),
        (
            {"fbc": f"fb.1.{JUST_MS}.AbC.AQEC", "fbclid": "AbC", "meta_captured_at": CLICKED_AT},
            f"fb.1.{JUST_MS}.AbC.AQEC",
        ),
        ({"fbc": f"fb.1.{JUST_MS}.AbC", "fbclid": "New", "meta_captured_at": CLICKED_AT}, f"fb.1.{MS}.New"),
        ({"fbc": f"fb.1.{MS}.AbC", "fbclid": "Timeless"}, f"fb.1.{MS}.AbC"),
        ({"fbclid": "IwAR_x-Y", "meta_captured_at": CLICKED_AT}, f"fb.1.{MS}.IwAR_x-Y"),
        ({"fbc": "garbage", "fbclid": "IwAR_x-Y", "meta_captured_at": CLICKED_AT}, f"fb.1.{MS}.IwAR_x-Y"),
        ({"fbc": "fb.1.1795100000.seconds"}, None),
        ({"fbclid": "two words", "meta_captured_at": CLICKED_AT}, None),
        ({"fbclid": "IwAR"}, None),
        ({"fbc": f"fb.1.{JUST_MS}.AbC"}, f"fb.1.{JUST_MS}.AbC"),
        ({"fbc": f"fb.1.{OLD_MS}.AbC"}, None),
        ({"fbclid": "IwAR", "meta_captured_at": EVENT_AT - timedelta(days=91)}, None),
        ({}, None),
    ],
)
def test_the_click_is_the_browsers_own_or_built_and_not_older_than_90_days(
    known: dict[str, Any], expected: str | None
) -> None:
    assert fbc(bare_lead(**known), EVENT_AT) == expected


def test_the_time_of_the_click_is_written_in_whole_milliseconds() -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 123_999, tzinfo=UTC)
    assert (
        fbc(bare_lead(fbclid="x", meta_captured_at=at), EVENT_AT)
        == f"fb.1.{int(at.timestamp()) * 1000 + 123}.x"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("fb.1.1596403881668.1116446470", "fb.1.1596403881668.1116446470"),
        ("1116446470", None),
        ("", None),
        (None, None),
    ],
)
def test_the_browser_id_is_passed_on_or_left_out(value: str | None, expected: str | None) -> None:
    assert fbp(bare_lead(fbp=value)) == expected
