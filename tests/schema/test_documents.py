"""Which documents are kept, and for how long."""

import hashlib

import pytest

from resolvers.root import schema
from schema.complexity import MAX_FIELDS
from schema.documents import DocumentCache, Prepared
from schema.execution import core_schema
from schema.payloads import OperationRequest

SCHEMA = core_schema(schema)
LARGEST = "{ " + "__typename " * MAX_FIELDS + "}"


def ask(query: str | None = None, document_id: str | None = None) -> OperationRequest:
    return OperationRequest(query=query, variables=None, operation_name=None, document_id=document_id)


def named(number: int) -> str:
    return f"query Q{number} {{ __typename }}"


def is_known(cache: DocumentCache, query: str) -> bool:
    """Whether it is found by its hash alone."""
    return not cache.find(ask(document_id=hashlib.sha256(query.encode()).hexdigest())).errors


def test_a_document_is_made_ready_once() -> None:
    cache = DocumentCache(SCHEMA)

    assert cache.find(ask(named(1))) is cache.find(ask(named(1)))


@pytest.mark.parametrize("flood", ["invalid", "unparsed", "too complex"])
def test_a_flood_of_documents_that_may_not_run_pushes_nothing_out(flood: str) -> None:
    room = 2 * size_of(named(1))
    cache = DocumentCache(SCHEMA, most_bytes=room)
    cache.find(ask(named(1)))
    for number in range(50):
        bad = {
            "invalid": f"{{ x{number} }}",
            "unparsed": f"{{ x{number}",
            "too complex": f"query Q{number} {LARGEST[:-1]} __typename }}",
        }
        assert cache.find(ask(bad[flood])).errors

    assert is_known(cache, named(1))


def test_of_documents_that_may_run_those_used_last_are_kept() -> None:
    cache = DocumentCache(SCHEMA, most_bytes=3 * size_of(named(1)))
    for number in (1, 2, 3):
        cache.find(ask(named(number)))
    cache.find(ask(named(1)))
    cache.find(ask(named(4)))

    assert [is_known(cache, named(number)) for number in (1, 2, 3, 4)] == [True, False, True, True]


def test_a_large_document_takes_the_place_of_many() -> None:
    cache = DocumentCache(SCHEMA, most_bytes=size_of(LARGEST))
    for number in range(20):
        cache.find(ask(named(number)))
    cache.find(ask(LARGEST))

    assert [is_known(cache, named(number)) for number in range(20)] == [False] * 20
    assert is_known(cache, LARGEST)


def test_one_that_is_larger_than_all_the_room_is_run_and_not_kept() -> None:
    cache = DocumentCache(SCHEMA, most_bytes=10)

    assert not cache.find(ask(named(1))).errors
    assert not is_known(cache, named(1))


def test_use_by_hash_counts_as_use() -> None:
    cache = DocumentCache(SCHEMA, most_bytes=2 * size_of(named(1)))
    cache.find(ask(named(1)))
    cache.find(ask(named(2)))
    assert is_known(cache, named(1))
    cache.find(ask(named(3)))

    assert [is_known(cache, named(number)) for number in (1, 2, 3)] == [True, False, True]


def size_of(query: str) -> int:
    prepared: Prepared = DocumentCache(SCHEMA).find(ask(query))
    assert not prepared.errors
    return prepared.size
