"""The operator's list of documents, as tools write it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from resolvers.root import schema
from schema.execution import core_schema
from schema.payloads import OperationRequest
from schema.trusted import TrustedDocuments, TrustedDocumentsError, read_trusted

QUERY = "query Name { __typename }"
SHA256 = hashlib.sha256(QUERY.encode()).hexdigest()


def read(path: Path) -> TrustedDocuments:
    return read_trusted(path, core_schema(schema))


def runs(trusted: TrustedDocuments, query: str | None = None, document_id: str | None = None) -> bool:
    request = OperationRequest(query=query, variables=None, operation_name=None, document_id=document_id)
    return not trusted.find(request).errors


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_folder_holds_a_document_in_each_file(tmp_path: Path, end: str) -> None:
    (tmp_path / "leads").mkdir()
    (tmp_path / "leads" / "name.graphql").write_text(QUERY + end)
    (tmp_path / "README.md").write_text("not one")

    trusted = read(tmp_path)

    assert runs(trusted, QUERY)
    assert runs(trusted, document_id=f"sha256:{SHA256}")
    assert runs(trusted, document_id="leads/name.graphql")
    assert not runs(trusted, "not one")


@pytest.mark.parametrize(
    "manifest",
    [
        {"4711": QUERY},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": "4711", "body": QUERY, "name": "Name", "type": "query"}],
        },
    ],
    ids=["codegen and relay", "apollo"],
)
def test_a_manifest_names_documents_by_ids_of_its_own(tmp_path: Path, manifest: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))

    trusted = read(path)

    assert runs(trusted, document_id="4711")
    assert runs(trusted, QUERY, document_id="4711")
    assert runs(trusted, document_id=SHA256)
    assert not runs(trusted, "{ __typename }", document_id="4711")
    assert not runs(trusted, document_id="4712")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("{", "Expecting property name"),
        ("[]", "neither"),
        ('{"a": 5}', "no text"),
        ('{"operations": [{"id": "a"}]}', "no text"),
        ("{}", "no document"),
        ('{"a": "{ nothing }"}', "a: Cannot query field 'nothing'"),
        ('{"a": "{"}', "a: Syntax Error"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_and_says_where(
    tmp_path: Path, manifest: str, said: str
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(manifest)

    with pytest.raises(TrustedDocumentsError, match=said) as refused:
        read(path)

    assert str(path) in str(refused.value)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustedDocumentsError, match="No such file"):
        read(tmp_path / "nowhere.json")
