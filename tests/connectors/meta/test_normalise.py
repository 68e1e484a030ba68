import hashlib
import re
import unicodedata
from functools import partial

import pytest
from facebook_business.adobjects.serverside.normalize import Normalize
from hypothesis import assume, given
from hypothesis import strategies as st

from app.connectors.hashing import Rule, hashed
from app.connectors.meta import normalise

DOCUMENTED = [
    (
        "em",
        normalise.email,
        "John_Smith@gmail.com",
        "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
    ),
    (
        "ph",
        normalise.phone,
        "+16505551212",
        "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    ),
    ("fn", normalise.name, "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    ("fn", normalise.name, "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    ("fn", normalise.name, "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ("country", normalise.country, "US", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
]


@pytest.mark.parametrize(("field", "rule", "value", "digest"), DOCUMENTED)
def test_the_examples_of_metas_documentation_come_out(
    field: str, rule: Rule, value: str, digest: str
) -> None:
    assert hashed(value, rule) == digest


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Jane.Doe+x@Gmail.COM ", "jane.doe+x@gmail.com"),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("nobody", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_email(value: str, expected: str | None) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("+442079460018", "442079460018"), ("02079460018", None), ("call me", None)]
)
def test_phone(value: str, expected: str | None) -> None:
    assert normalise.phone(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("O'Neil-Smith Jr.", "oneilsmithjr"),
        ("  Mary Ann ", "maryann"),
        ("Łukasz", "łukasz"),
        ("عمر", "عمر"),
        ("!?", None),
    ],
)
def test_name(value: str, expected: str | None) -> None:
    assert normalise.name(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("New York", "newyork"), ("Paris 2e", "parise"), ("Saint-Étienne", "saintétienne"), ("75", None)],
)
def test_city(value: str, expected: str | None) -> None:
    assert normalise.city(value) == expected


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("California", "US", "ca"),
        ("New York", " us ", "ny"),
        ("CA", "US", "ca"),
        ("Guam", "US", "guam"),
        ("California", None, "california"),
        ("Noord-Holland", "NL", "noordholland"),
        ("13", "FR", None),
        ("US-CA", "us", "ca"),
        (" nl-NH ", "NL", "nh"),
        ("US-CA", None, "usca"),
        ("NL-NH", "US", "nlnh"),
    ],
)
def test_state(value: str, country: str | None, expected: str | None) -> None:
    assert normalise.state(value, country=country) == expected


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("94035-1234", "US", "94035"),
        (" 94035 ", "US", "94035"),
        ("M1 1AE", "GB", "m11ae"),
        ("1011 AB", "NL", "1011ab"),
        # Meta's own libraries keep only what is before a dash everywhere, against their documentation.
        ("00–950", "PL", "00950"),
        ("00-950", "PL", "00950"),
        ("75018", None, "75018"),
        ("-", "US", None),
    ],
)
def test_postal_code(value: str, country: str | None, expected: str | None) -> None:
    assert normalise.postal_code(value, country=country) == expected


@pytest.mark.parametrize(("value", "expected"), [(" NL ", "nl"), ("NLD", None), ("", None)])
def test_country(value: str, expected: str | None) -> None:
    assert normalise.country(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(" CRM 42\t", "crm42"), (" ", None)])
def test_external_id(value: str, expected: str | None) -> None:
    assert normalise.external_id(value) == expected


def sdk(field: str, value: str) -> str | None:
    answer: str | None = Normalize.normalize(field, value, hash_field=True)
    return answer


@given(st.emails())
def test_metas_own_library_hashes_the_same_email(value: str) -> None:
    assert hashed(value, normalise.email) == sdk("em", value)


@given(st.text(alphabet=st.characters(categories=["L", "Nd", "Zs"]), min_size=1, max_size=10))
def test_metas_own_library_hashes_the_same_postal_code_without_dashes(value: str) -> None:
    assume(value.strip() and value.lower() == unicodedata.normalize("NFC", value.lower()))
    rule = partial(normalise.postal_code, country="NL")
    assert hashed(value, rule) == sdk("zp", value)


@given(st.from_regex(r"[0-9]{5}(-[0-9]{4})?", fullmatch=True))
def test_metas_own_library_hashes_the_same_zip_code(value: str) -> None:
    assert hashed(value, partial(normalise.postal_code, country="US")) == sdk("zp", value)


RULES: list[Rule] = [
    normalise.email,
    normalise.phone,
    normalise.name,
    normalise.city,
    normalise.country,
    normalise.external_id,
    partial(normalise.state, country="US"),
    partial(normalise.state, country="NL"),
    partial(normalise.postal_code, country="US"),
    partial(normalise.postal_code, country="NL"),
]


@pytest.mark.parametrize("rule", RULES)
@given(value=st.text() | st.emails() | st.sampled_from(["New York", "ΟΔΟΣ", "İstanbul", "straße", "ǅ"]))
def test_a_normalised_value_stays_as_it_is(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or (once != "" and rule(once) == once)


@given(st.text())
def test_a_name_has_neither_space_nor_punctuation(value: str) -> None:
    name = normalise.name(value) or ""
    assert not [c for c in name if unicodedata.category(c)[0] in "PSZ"]
    assert not re.search(r"\s", name)


def test_a_hash_is_sha256_in_hex() -> None:
    assert hashed("a@example.com", normalise.email) == hashlib.sha256(b"a@example.com").hexdigest()
