"""Trusted documents: those that the operator has listed, and no others, are run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema

from schema.documents import Prepared, prepare, refused
from schema.payloads import OperationRequest

NOT_TRUSTED = "Only documents that this server's operator has listed are run"


class TrustedDocumentsError(Exception):
    """The list cannot be used. The text says what to change."""


class TrustedDocuments:
    """Documents by their text, their SHA-256, and the ids of their manifest."""

    def __init__(self, documents: Mapping[str, Prepared]) -> None:
        """`documents`: by text and by any id."""
        self._documents = documents

    def find(self, request: OperationRequest) -> Prepared:
        """See Documents.find()."""
        known = self._documents.get(request.query) if request.query else None
        if request.document_id is not None:
            by_id = self._documents.get(request.document_id.removeprefix("sha256:"))
            known = by_id if known is by_id or not request.query else None
        return known or refused(NOT_TRUSTED, "DOCUMENT_NOT_TRUSTED")


def read_trusted(path: Path, schema: GraphQLSchema, *, introspection: bool = True) -> TrustedDocuments:
    """The documents at `path`, every one of them valid; TrustedDocumentsError.

    A folder: each file *.graphql in it, or below it, is one. A file: JSON, either {id: document}, as GraphQL
    Code Generator and Relay write it, or Apollo's manifest, {"operations": [{"id", "body"}]}.
    """
    documents: dict[str, Prepared] = {}
    for name, text in _listed(path):
        prepared = prepare(schema, text, introspection=introspection)
        if prepared.errors:
            raise TrustedDocumentsError(f"{path}: {name}: {prepared.errors[0].message}")
        documents |= dict.fromkeys((name, text, prepared.sha256), prepared)
    if not documents:
        raise TrustedDocumentsError(f"{path}: there is no document in it")
    return TrustedDocuments(documents)


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each."""
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*.graphql")):
                text = file.read_text("utf-8")
                yield file.relative_to(path).as_posix(), text
                # Editors end files with a line break that clients do not send.
                yield file.relative_to(path).as_posix(), text.rstrip("\n")
        else:
            yield from _of_manifest(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        # Of a ValueError the text quotes the file; and it says where, which helps.
        raise TrustedDocumentsError(f"{path}: {error}") from error


def _of_manifest(manifest: Any) -> Iterator[tuple[str, str]]:
    operations = manifest.get("operations") if isinstance(manifest, dict) else None
    if isinstance(operations, list):
        manifest = {one.get("id"): one.get("body") for one in operations if isinstance(one, dict)}
    if not isinstance(manifest, dict):
        raise ValueError("it is neither {id: document} nor a manifest with operations")  # noqa: TRY004 - of the file's content
    for name, text in manifest.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise ValueError("an id or a document in it is no text")  # noqa: TRY004 - of the file's content
        yield name, text
