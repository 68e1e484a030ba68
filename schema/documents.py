"""Documents, made ready once: parsed, counted, validated, and what a key must be allowed to run them.

Which of them run, and whether a text need be sent at all, is up to `Documents`: any do, and those used last
are kept; or, in `schema.trusted`, none but the operator's own do.
"""

import hashlib
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)

from schema.access import SHUT, Access, access_of
from schema.complexity import complexity_error
from schema.operations import Operation, operations_of
from schema.page_sizes import page_size_error
from schema.payloads import OperationRequest

MAX_TOKENS: Final = 1_000
"""Of one document; the largest introspection query has 191."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Of documents that are kept: some 300 as clients send them, 100 of the largest."""
_BYTES_PER_TOKEN: Final = 650
"""Of a parsed document, as measured: 430 to 630."""
_MAX_ERRORS: Final = 5
"""One bad document must not fill an answer, or a log."""
_CLOSED_RULES: Final = (*specified_rules, NoSchemaIntrospectionCustomRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document, ready to run, or why it is not."""

    text: str = ""
    sha256: str = ""
    """Of the text in UTF-8, in hexadecimal digits."""
    document: DocumentNode | None = None
    """None: it does not parse."""
    errors: tuple[GraphQLError, ...] = ()
    """Why it may not run; empty: it may."""
    access: Access = SHUT
    operations: tuple[Operation, ...] = ()

    def operation(self, name: str | None) -> Operation | None:
        """The operation with this name, or without a name the only one; None: which one cannot be told."""
        if not name:
            return self.operations[0] if len(self.operations) == 1 else None
        return next((one for one in self.operations if one.name == name), None)

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        tokens = self.document.token_count if self.document else 0
        return sys.getsizeof(self.text) + tokens * _BYTES_PER_TOKEN


class Documents(Protocol):
    """Finds the document that a request is about."""

    def find(self, request: OperationRequest) -> Prepared:
        """By its text or its id; why it may not run is among its errors."""
        ...


class DocumentCache:
    """Runs any document that is valid, and keeps those used last.

    What is not valid is not kept: a flood of it must not push out what clients send. What is kept is known by
    its SHA-256, too: whoever sent it in full need not do so again (automatic persisted queries).
    """

    def __init__(
        self, schema: GraphQLSchema, *, introspection: bool = True, most_bytes: int = MOST_BYTES
    ) -> None:
        """`introspection`: whether the schema may be asked for."""
        self._schema, self._introspection, self._most_bytes = schema, introspection, most_bytes
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        """By text, the one used last at the end."""
        self._by_sha256: dict[str, Prepared] = {}
        self._bytes = 0

    def find(self, request: OperationRequest) -> Prepared:
        """See Documents.find()."""
        if request.document_id is None:
            return self._by_text(request.query or "")
        sha256 = request.document_id.removeprefix("sha256:")
        if not request.query:
            known = self._by_sha256.get(sha256)
            # The text, by which clients know that they are to send the document in full, is Apollo's.
            unknown = refused("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
            return unknown if known is None else self._by_text(known.text)
        prepared = self._by_text(request.query)
        return prepared if prepared.sha256 == sha256 else refused("The id is not the document's", _BAD_INPUT)

    def _by_text(self, text: str) -> Prepared:
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        prepared = prepare(self._schema, text, introspection=self._introspection)
        if not prepared.errors:
            self._keep(prepared)
        return prepared

    def _keep(self, prepared: Prepared) -> None:
        self._kept[prepared.text] = self._by_sha256[prepared.sha256] = prepared
        self._bytes += prepared.size
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            del self._by_sha256[oldest.sha256]
            self._bytes -= oldest.size


_BAD_INPUT: Final = "BAD_USER_INPUT"


def refused(message: str, code: str) -> Prepared:
    """No document, and why."""
    return Prepared(errors=(GraphQLError(message, extensions={"code": code}),))


def prepare(schema: GraphQLSchema, text: str, *, introspection: bool = True) -> Prepared:
    """Parse, count and validate."""
    try:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        document = parse(text, max_tokens=MAX_TOKENS)
    except UnicodeEncodeError:
        return refused("The document must be text in UTF-8", "GRAPHQL_PARSE_FAILED")
    except GraphQLSyntaxError as error:
        return Prepared(text=text, sha256=sha256, errors=(error,))
    errors = _errors(schema, document, introspection=introspection)
    return Prepared(
        text=text,
        sha256=sha256,
        document=document,
        errors=errors,
        access=SHUT if errors else access_of(schema, document),
        operations=operations_of(schema, document),
    )


def _errors(
    schema: GraphQLSchema, document: DocumentNode, *, introspection: bool
) -> tuple[GraphQLError, ...]:
    # First of all: some rules of validation take far more time than the document is long.
    too_complex = complexity_error(document)
    if too_complex is not None:
        return (too_complex,)
    rules = specified_rules if introspection else _CLOSED_RULES
    errors = tuple(
        validate(schema, document, rules, max_errors=_MAX_ERRORS, hide_suggestions=not introspection)
    )
    for error in errors:
        error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
    too_large = None if errors else page_size_error(schema, document)
    return errors if too_large is None else (too_large,)
