"""Every rule of normalisation: idempotent, never raising, and of the shape its platform asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from facebook_business.adobjects.serverside.normalize import Normalize
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connectors.ga4 import normalise as ga4
from app.connectors.google_ads import normalise as google
from app.connectors.hashing import Rule, hashed, is_hash
from app.connectors.linkedin import normalise as linkedin
from app.connectors.meta import normalise as meta
from app.connectors.microsoft_ads import normalise as microsoft
from app.connectors.tiktok import normalise as tiktok

EMAIL = r"[^\s@]\S*@[^\s@]+|\S+@\S+@[^\s@]+"


@dataclass(frozen=True)
class Line:
    """One rule."""

    name: str
    rule: Rule
    shape: str
    is_lower: bool = True


LINES = [
    Line("google e-mail", google.email, EMAIL),
    Line("google phone", google.phone, r"\+[1-9][0-9]{6,14}"),
    Line("google given name", google.given_name, r"\S(?s:.*\S)?"),
    Line("google family name", google.family_name, r"\S(?s:.*\S)?"),
    Line("google region code", google.region_code, r"[A-Z]{2}", is_lower=False),
    Line("google postal code", google.postal_code, r"\S(?s:.*\S)?", is_lower=False),
    Line("ga4 e-mail", ga4.email, EMAIL),
    Line("ga4 phone", ga4.phone, r"\+[1-9][0-9]{6,14}"),
    Line("meta e-mail", meta.email, r"(?s:.+)@(?s:[^@]+)"),
    Line("meta phone", meta.phone, r"[1-9][0-9]{6,14}"),
    Line("meta name", meta.name, r"\S+"),
    Line("meta city", meta.city, r"[^\W\d_]\S*|\S+"),
    Line("meta state in the US", partial(meta.state, country="US"), r"\S+"),
    Line("meta state elsewhere", partial(meta.state, country="NL"), r"\S+"),
    Line("meta zip code", partial(meta.postal_code, country="US"), r"[^\s-]{1,5}"),
    Line("meta postal code", partial(meta.postal_code, country="NL"), r"[^\s-]+"),
    Line("meta country", meta.country, r"[a-z]{2}"),
    Line("meta external id", meta.external_id, r"\S+"),
    Line("microsoft e-mail", microsoft.email, EMAIL),
    Line("microsoft phone", microsoft.phone, r"\+[1-9][0-9]{6,14}"),
    Line("linkedin e-mail", linkedin.email, r"(?s:.+)@(?s:[^@]+)"),
    Line("tiktok e-mail", tiktok.email, r"(?s:.+)@(?s:[^@]+)"),
    Line("tiktok phone", tiktok.phone, r"\+[1-9][0-9]{6,14}"),
    Line("tiktok name", tiktok.name, r"\S+"),
    Line("tiktok postal code", tiktok.postal_code, r"\S+"),
    Line("tiktok external id", tiktok.external_id, r"\S(?s:.*\S)?"),
]
every_rule: Callable[..., Any] = pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)

TEXTS = (
    st.text(max_size=40)
    | st.emails()
    | st.from_regex(r"(Mr|dr)\. \w+[ ,]+(Jr|II)\.?", fullmatch=True)
    | st.from_regex(r" ?\+[0-9 ()-]{5,18}", fullmatch=True)
    | st.from_regex(r"(US|nl)-[A-Za-z]{2,8}", fullmatch=True)
    | st.from_regex(r"[\w.+ ]+@g(oogle)?mail\.com", fullmatch=True)
    | st.sampled_from(
        ["New York", "ΟΔΟΣ", "İstanbul", "straße", "ǅ", "Ａlex", "M1 1AE", "94035-1234", "\ufeff"]
    )
)


@every_rule
@given(value=TEXTS)
@settings(deadline=None)
def test_a_rule_gives_its_shape_or_nothing_and_changes_nothing_twice(line: Line, value: str) -> None:
    once = line.rule(value)
    if once is None:
        return
    assert re.fullmatch(line.shape, once)
    assert line.rule(once) == once
    assert not line.is_lower or once == once.lower()


@every_rule
@given(value=TEXTS)
@settings(deadline=None)
def test_what_is_hashed_is_a_hash_and_is_hashed_once(line: Line, value: str) -> None:
    digest = hashed(value, line.rule)
    assert digest is None or is_hash(digest)
    assert hashed(digest, line.rule) == digest


@every_rule
@pytest.mark.parametrize("value", ["", " ", "\u200b", "\n\t", "-", "--", "()"])
def test_what_says_nothing_is_left_out_and_never_hashed_as_an_empty_text(line: Line, value: str) -> None:
    assert hashed(value, line.rule) is None


E_MAILS = [line.rule for line in LINES if line.name.endswith("e-mail")]


@pytest.mark.parametrize("email", E_MAILS)
@pytest.mark.parametrize(
    "pasted",
    ["\ufeffjan@example.com", "jan@example.com\u200b", " jan@\u200bexample.com\u00a0", "\x00jan@example.com"],
)
def test_what_pasting_brings_along_does_not_change_the_hash_of_an_address(email: Rule, pasted: str) -> None:
    assert hashed(pasted, email) == hashed("jan@example.com", email)


def vendors(field: str, value: str) -> str | None:
    digest: str | None = Normalize.normalize(field, value, hash_field=True)
    return digest


SPACE = st.sampled_from(["", " ", "  ", "\t", "\n"])


@given(before=SPACE, address=st.emails(), after=SPACE, is_upper=st.booleans())
@settings(max_examples=500, deadline=None)
def test_metas_own_library_hashes_the_same_email_however_it_was_typed(
    before: str, address: str, after: str, is_upper: bool
) -> None:
    typed = before + (address.upper() if is_upper else address) + after
    assert hashed(typed, meta.email) == vendors("em", typed)


@given(
    st.from_regex(
        r"[A-Za-z]{1,2}[0-9]{1,2} ?[0-9][A-Za-z]{2}| ?[0-9]{4} ?[A-Z]{2} ?|[0-9]{5}", fullmatch=True
    )
)
@settings(max_examples=500, deadline=None)
def test_metas_own_library_hashes_the_same_postal_code_of_many_countries(value: str) -> None:
    assert hashed(value, partial(meta.postal_code, country="NL")) == vendors("zp", value)


@given(st.from_regex(r" ?[0-9]{5}(-[0-9]{4})? ?", fullmatch=True))
@settings(max_examples=500, deadline=None)
def test_metas_own_library_hashes_the_same_zip_code(value: str) -> None:
    assert hashed(value, partial(meta.postal_code, country="US")) == vendors("zp", value)
