"""Pages inside pages multiply, and what they may have at most is bounded before anything is read."""

import pytest
from graphql import parse, specified_rules, validate

from resolvers.root import schema
from schema.complexity import complexity_error
from schema.documents import prepare
from schema.page_sizes import MAX_ROWS, page_size_error
from tests.resolvers.test_statements import DELIVERIES, PAGE

GRAPHQL = schema._schema


def refused(text: str) -> bool:
    document = parse(text)
    assert complexity_error(document) is None
    assert validate(GRAPHQL, document, specified_rules) == []
    error = page_size_error(GRAPHQL, document)
    if error is None:
        return False
    assert error.extensions == {"code": "QUERY_TOO_COMPLEX"}
    assert str(MAX_ROWS) in error.message
    return True


def jobs(arguments: str, inside: str = "id") -> str:
    return f"jobs{arguments} {{ edges {{ node {{ {inside} }} }} }}"


def leads(arguments: str, inside: str) -> str:
    return f"leads{arguments} {{ edges {{ node {{ {inside} }} }} }}"


@pytest.mark.parametrize("query", [PAGE, DELIVERIES])
def test_a_page_of_100_with_all_that_belongs_to_it_passes(query: str) -> None:
    assert not refused(query)


def test_the_largest_page_of_leads_may_have_the_largest_pages_of_jobs() -> None:
    inside = "deliveries { attemptLog { number } integration { name } }"

    assert not refused(f"{{ {leads('(first: 100)', jobs('(last: 100)', inside))} }}")
    assert not refused(f"query ($n: Int, $m: Int) {{ {leads('(first: $n)', jobs('(first: $m)', inside))} }}")


@pytest.mark.parametrize(
    "text",
    [
        leads("(first: 100)", jobs("(first: 100)", "lead { " + jobs("(first: 2)") + " }")),
        leads("", jobs("", "lead { " + jobs("") + " }")),
        leads("(first: 100)", jobs("(first: 10)", "deliveries { lead { " + jobs("(first: 2)") + " } }")),
        leads("(first: 100)", "... on Lead { ...Twice } " + jobs("(first: 100)")),
        "... on Query { " + leads("(first: 100)", "a: " + jobs("(first: 100)") + " ...Twice") + " }",
    ],
)
def test_pages_that_multiply_beyond_the_limit_are_refused(text: str) -> None:
    fragment = f"fragment Twice on Lead {{ b: {jobs('(first: 100)')} }}" if "Twice" in text else ""

    assert refused(f"{{ {text} }} {fragment}")


def test_a_variable_counts_as_the_largest_page_there_is() -> None:
    inside = jobs("(first: 5)", "lead { " + jobs("(first: $n)") + " }")

    assert refused(f"query ($n: Int) {{ {leads('(first: 100)', inside)} }}")
    assert not refused(f"{{ {leads('(first: 100)', inside.replace('$n', '5'))} }}")


@pytest.mark.parametrize("size", ["1000000000", "-5", "null"])
def test_a_size_that_is_refused_later_counts_as_one_that_is_not(size: str) -> None:
    assert not refused(f"{{ {leads(f'(first: {size})', jobs('(first: 100)'))} }}")


def test_what_has_no_pages_costs_nothing() -> None:
    assert not refused(
        "{ conversionLabels { mappings { integration { name } } } __schema { types { name } } }"
    )


def test_fragments_that_double_are_counted_once_each() -> None:
    fragments = " ".join(f"fragment F{level} on Lead {{ ...F{level + 1} }}" for level in range(40))
    text = f"{{ {leads('', '...F0')} }} {fragments} fragment F40 on Lead {{ {jobs('')} }}"

    assert not refused(text)


def test_documents_are_judged_before_they_run() -> None:
    text = f"{{ {leads('(first: 100)', jobs('(first: 100)', 'lead { ' + jobs('(first: 100)') + ' }'))} }}"

    [error] = prepare(GRAPHQL, text).errors

    assert error.extensions == {"code": "QUERY_TOO_COMPLEX"}
