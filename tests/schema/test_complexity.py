"""What a document may ask for: counted with its fragments, whatever their shape."""

import pytest
from graphql import get_introspection_query, parse

from schema.complexity import MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_FIELDS, complexity_error
from schema.documents import MAX_TOKENS
from schema.examples import blank_examples
from tests.api import UPDATE

INTROSPECTION = {
    "with nothing extra": get_introspection_query(),
    "with every option": get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        experimental_directive_deprecation=True,
        one_of=True,
    ),
}
CHANGES = """
mutation (%s) { %s }
fragment Outcome on UpdateLeadStatusResult {
  __typename ... on QueuedResult { job { id } warnings { code reason } } ... on UserError { code message }
}
"""


def refusal(text: str) -> str | None:
    error = complexity_error(parse(text, max_tokens=MAX_TOKENS))
    if error is None:
        return None
    assert error.extensions == {"code": "QUERY_TOO_COMPLEX"}
    return error.message


def changes(count: int) -> str:
    variables = ", ".join(f"$i{number}: UpdateLeadStatusInput!" for number in range(count))
    fields = " ".join(
        f"a{number}: updateLeadStatus(input: $i{number}) {{ ...Outcome }}" for number in range(count)
    )
    return CHANGES % (variables, fields)


def doubling(levels: int) -> str:
    """Each fragment uses the next one twice: a hundred bytes a level, and twice the fields."""
    fragments = (
        f"fragment F{level} on Lead {{ a: currentJob {{ lead {{ ...F{level + 1} }} }} b: currentJob {{ lead {{ ...F{level + 1} }} }} }}"
        for level in range(levels)
    )
    return f"{{ lead {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Lead {{ id }}"


@pytest.mark.parametrize("query", INTROSPECTION.values(), ids=INTROSPECTION)
def test_the_introspection_that_editors_send_passes(query: str) -> None:
    assert refusal(query) is None


@pytest.mark.parametrize("query", [*(task.query for task in blank_examples().tasks), UPDATE])
def test_what_we_show_people_passes(query: str) -> None:
    assert refusal(query) is None


@pytest.mark.parametrize("levels", [15, 20, 25])
def test_fragments_that_double_at_each_level_are_refused(levels: int) -> None:
    assert refusal(doubling(levels)) is not None


@pytest.mark.parametrize("levels", [20, 40, 60])
def test_fragments_that_double_without_getting_deeper_are_refused(levels: int) -> None:
    fragments = " ".join(
        f"fragment F{level} on Lead {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels)
    )

    said = refusal(f"{{ lead {{ ...F0 }} }} {fragments} fragment F{levels} on Lead {{ id }}")

    assert said is not None
    assert f"more than {MAX_FIELDS} fields" in said


@pytest.mark.parametrize(("depth", "refused"), [(MAX_DEPTH, False), (MAX_DEPTH + 1, True)])
@pytest.mark.parametrize("shape", ["fields", "fragments"])
def test_depth_is_counted_through_fragments(depth: int, refused: bool, shape: str) -> None:
    if shape == "fields":
        text = "{ a " * depth + "}" * depth
    else:
        links = (f"fragment F{level} on A {{ a {{ ...F{level + 1} }} }}" for level in range(depth - 1))
        text = f"{{ ...F0 }} {' '.join(links)} fragment F{depth - 1} on A {{ a }}"

    said = refusal(text)

    assert (said is not None) == refused
    assert said is None or f"{MAX_DEPTH} deep" in said


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{%s}" % (" a" * MAX_FIELDS), MAX_FIELDS),
        (f"{{{' '.join(f' a{number}: a' for number in range(MAX_ALIASES))}}}", MAX_ALIASES),
        ("{ a%s }" % (" @skip(if: true)" * MAX_DIRECTIVES), MAX_DIRECTIVES),
    ],
    ids=["fields", "aliases", "directives"],
)
def test_a_limit_may_be_reached_and_not_passed(text: str, limit: int) -> None:
    assert refusal(text) is None

    one_more = text.replace("{ a", "{ b: a @include(if: true) a", 1)

    assert f"more than {limit} " in str(refusal(one_more))


@pytest.mark.parametrize("extra", ["aliases", "directives"])
def test_aliases_and_directives_count_wherever_their_fragment_is_used(extra: str) -> None:
    inner = "b: a" if extra == "aliases" else "a @skip(if: false)"

    said = refusal(f"{{{' c { ...F }' * 51}}} fragment F on Query {{ {inner} }}")

    assert said is not None
    assert extra in said


def test_fifty_status_changes_fit_into_one_document_and_more_do_not() -> None:
    assert refusal(changes(MAX_ALIASES)) is None
    assert f"more than {MAX_ALIASES} aliases" in str(refusal(changes(MAX_ALIASES + 1)))


def test_a_field_may_be_repeated_as_long_as_there_are_not_too_many() -> None:
    assert refusal("{%s}" % (" __typename" * 110)) is None


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A a }",
        "{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A ...B a }",
        "{ ...Missing a { ...Missing } }",
        "{ ...A } fragment A on Query { ...Missing }",
    ],
)
def test_fragments_that_use_themselves_or_are_missing_are_left_to_validation(text: str) -> None:
    assert refusal(text) is None


def test_a_fragment_nobody_uses_counts_by_itself() -> None:
    assert refusal("{ a } fragment A on Query {%s}" % (" a" * (MAX_FIELDS + 1))) is not None


def test_of_two_fragments_with_one_name_both_count() -> None:
    many = " a" * (MAX_FIELDS // 2 + 1)
    text = "{ ...A } fragment A on Query {%s} fragment A on Query {%s}"

    assert refusal(text % (many, "a")) is None
    assert refusal(text % (many, many)) is not None


def test_every_operation_of_a_document_is_judged_and_type_definitions_are_not() -> None:
    assert refusal("query A { a } query B { %s }" % ("a { " * 20 + "a" + "}" * 20)) is not None
    assert refusal("{ a } type T { b: [Int] @deprecated }") is None
