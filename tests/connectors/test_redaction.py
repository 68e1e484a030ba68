import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.redaction import MASK, MAX_TEXT, Redaction, masked

UUID = "lw-018f4c3e-7b1a-7c3d-9e2f-5a6b7c8d9e0f"
HASH = "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("No user jane.doe+x@example.com here", "No user [e-mail] here"),
        ("?email=jane%40example.com&a=1", "?email=[e-mail]&a=1"),
        ("call +31 (0)20 123-4567 now", "call [number] now"),
        ("id 1234567890", "id [number]"),
        ("field_12345678", "field_[number]"),
        ("from 203.0.113.7.", "from 203.0.113.7."),
        ("from 203.0.113.7 again", "from [ip] again"),
        ("from 2001:db8::1 again", "from [ip] again"),
        ("at 12:30:45 on 2026-11-23", "at 12:30:45 on 2026-11-23"),
        ("access_token=EAAabc&x=1", "access_token=[redacted]&x=1"),
        ('{"api_secret": "s3cret"}', '{"api_secret": "[redacted]"}'),
        ("Bearer abc.def", "Bearer [redacted]"),
        ("token ya29.a0AfH6SMBxyz-123", "token [token]"),
        ("token 1//0gabcdefghijklmn", "token [token]"),
        ("opaque Cj0KCQiA5NSrBhDfARIsAM2Z5Y1JZ9c0kq8d7f6g", "opaque [token]"),
        (f"event {UUID}", f"event {UUID}"),
        (f"hash {HASH}", f"hash {HASH}"),
        (
            "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
            "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
        ),
        ("two\nlines\x00and \u202egarbage\ud800", "two lines and garbage"),
    ],
)
def test_text_keeps_what_helps_and_masks_the_rest(said: str, kept: str) -> None:
    text = Redaction().text(said)
    assert text is not None
    assert text.rstrip("?") == kept.rstrip("?")


def test_the_connections_own_secrets_are_masked_whatever_they_look_like() -> None:
    assert Redaction("abc", "").text("xabcx") == f"x{MASK}x"


SENT = {
    "name": "Ann Zoë",
    "short": "Al",
    "agent": "Browser/9.9 (Planted)",
    "url": "https://example.com/a?b=c d",
    "list": ["first", {"deep": "second"}],
    "whole": {"inner": "third"},
    "kept": "fourth",
    "half": "\ud800x",
    "number": 5,
}
KEPT = {
    **SENT,
    **dict.fromkeys(("name", "short", "agent", "whole", "half"), MASK),
    "url": "https://example.com/a",
    "list": [MASK, {"deep": MASK}],
}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no ANN ZOË here", "no [redacted] here"),
        (r'"ann zo\u00eb"', '"[redacted]"'),
        ("q=Ann%20Zo%C3%AB&r=Ann+Zo%C3%AB", "q=[redacted]&r=[redacted]"),
        ("agent Browser/9.9 (Planted).", "agent [redacted]."),
        ("at https://example.com/a?b=c d", "at [redacted]"),
        ("at https://example.com/a", "at https://example.com/a"),
        ("first, second and third, not the fourth", "[redacted], [redacted] and [redacted], not the fourth"),
        ("firstly, and Al", "firstly, and Al"),
    ],
)
def test_what_an_answer_repeats_of_a_request_is_masked_as_it_is_in_the_request(said: str, kept: str) -> None:
    assert Redaction().of_answer_to(SENT, KEPT).text(said) == kept


def test_an_answers_redaction_still_knows_the_secrets_and_what_is_no_code() -> None:
    redaction = Redaction("secret").of_answer_to({"name": "ZETA"}, {"name": MASK})
    assert redaction.text("secret of Zeta") == f"{MASK} of {MASK}"
    assert (redaction.code("ZETA"), redaction.code("secret"), redaction.code("BETA")) == (
        "UNKNOWN",
        "UNKNOWN",
        "BETA",
    )


@given(st.dictionaries(st.text(), st.text()))
def test_any_text_can_be_looked_for(body: dict[str, str]) -> None:
    redaction = Redaction().of_answer_to(body, dict.fromkeys(body, MASK))
    assert isinstance(redaction.text("word"), str)


@pytest.mark.parametrize("value", [None, 5, ["a"], "", "  \n"])
def test_what_is_no_text_or_empty_is_nothing(value: Any) -> None:
    assert Redaction().text(value) is None


def test_long_text_is_cut_without_leaving_half_a_word() -> None:
    assert Redaction().text("x" * 5_000) is None
    text = Redaction().text("word " * 500)
    assert text is not None
    assert len(text) == MAX_TEXT


def test_json_is_bounded_in_depth_and_width_and_has_no_strange_numbers() -> None:
    deep: Any = "end"
    for _ in range(50):
        deep = [deep]
    kept = Redaction().json(
        {"deep": deep, "wide": list(range(1_000)), "inf": float("inf"), "big": 10**12, "ok": 1.5}
    )
    assert json.dumps(kept, allow_nan=False)
    assert "end" not in json.dumps(kept)
    assert len(kept["wide"]) == 50
    assert kept["inf"] is None
    assert kept["big"] == "[number]"
    assert kept["ok"] == 1.5


def test_json_masks_keys_as_well() -> None:
    kept = Redaction().json({"Access_Token": "short", "jane@example.com": True, "null": None})
    assert kept == {"Access_Token": MASK, "[e-mail]": True, "null": None}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda items: st.lists(items) | st.dictionaries(st.text(), items),
        max_leaves=20,
    )
)
def test_any_json_can_be_kept_by_a_database(value: Any) -> None:
    kept = json.dumps(Redaction("secret").json(value), allow_nan=False, ensure_ascii=False)
    assert "\x00" not in kept
    kept.encode()


def test_a_body_is_copied_with_its_personal_parts_masked() -> None:
    body = {
        "a": [{"ip": "203.0.113.7", "em": HASH}, "jane@example.com"],
        "url": "https://example.com/a?b=c#d",
        "n": 5,
    }
    kept = masked(body, keys=frozenset({"ip"}), urls=frozenset({"url"}))
    assert kept == {"a": [{"ip": MASK, "em": HASH}, "[e-mail]"], "url": "https://example.com/a", "n": 5}
    assert body["url"] == "https://example.com/a?b=c#d"


@pytest.mark.parametrize("code", ["INVALID_GCLID", "HTTP_503", "invalid_grant", "190", "100/2804003", None])
def test_a_code_of_a_platform_is_kept(code: str | None) -> None:
    assert Redaction("secret").code(code) == code


@pytest.mark.parametrize(
    "code", ["", "jane@example.com", "X" * 81, "a secret", "secret", "+31612345678", "1" * 10]
)
def test_anything_else_is_no_code(code: str) -> None:
    assert Redaction("secret").code(code) == "UNKNOWN"
