"""The played Data Manager API held against the vendor's own package: its messages, its enums, its client."""

from http import HTTPStatus
from typing import Any

import httpx
import pytest
from anyio import to_thread
from google.ads import datamanager_v1 as vendor
from google.ads.datamanager_v1.services.ingestion_service import IngestionServiceClient
from google.api import error_reason_pb2
from google.api_core.exceptions import BadRequest, ServiceUnavailable
from google.oauth2.credentials import Credentials
from google.protobuf import json_format

from app.sandbox.application import sandbox_app
from app.sandbox.cases import Condemn
from app.sandbox.google_ads.answers import HTTP_STATUS
from app.sandbox.google_ads.catalogue import CASES
from app.sandbox.google_ads.messages import INGEST_EVENTS_REQUEST
from app.sandbox.google_ads.wire import BOOL, DOUBLE, INT32, INT64, STRING, TIMESTAMP, Enum, Message, Repeated
from tests.sandbox.stage import SteppingClock, google_request, ingest, script, served

SCALARS = {1: DOUBLE, 3: INT64, 5: INT32, 8: BOOL, 9: STRING}
"""By the numbers of descriptor.proto."""


def differences(ours: Any, theirs: Any, path: str) -> list[str]:
    """Where one of our fields is not what the vendor's descriptor says."""
    if theirs.is_repeated:
        if not isinstance(ours, Repeated):
            return [f"{path}: is repeated"]
        ours = ours.item
    if theirs.enum_type is not None:
        numbers = {value.number: value.name for value in theirs.enum_type.values}
        expected = tuple(numbers[number] for number in sorted(numbers))
        same = isinstance(ours, Enum) and ours.values == expected and ours.name == theirs.enum_type.full_name
        return [] if same else [f"{path}: {expected}"]
    if theirs.message_type is None:
        return [] if ours is SCALARS[theirs.type] else [f"{path}: type {theirs.type}"]
    if theirs.message_type.full_name == "google.protobuf.Timestamp":
        return [] if ours is TIMESTAMP else [f"{path}: is a timestamp"]
    return message_differences(ours, theirs.message_type, path)


def message_differences(ours: Message, theirs: Any, path: str) -> list[str]:
    """Where one of our messages is not what the vendor's descriptor says."""
    fields = {field.json_name: field for field in theirs.fields}
    found = [] if ours.name == theirs.full_name else [f"{path}: {ours.name} is {theirs.full_name}"]
    found += [f"{path}: {name}" for name in set(fields) ^ set(ours.fields)]
    choices = {
        field.json_name for group in theirs.oneofs if not group.name.startswith("_") for field in group.fields
    }
    if choices != set(ours.one_of):
        found.append(f"{path}: one of {choices}")
    for name in set(fields) & set(ours.fields):
        found += differences(ours.fields[name], fields[name], f"{path}.{name}")
    return found


def test_every_message_has_the_fields_and_types_the_vendor_gives_it():
    assert (
        message_differences(INGEST_EVENTS_REQUEST, vendor.IngestEventsRequest.pb().DESCRIPTOR, "request")
        == []
    )


def test_every_verdict_is_a_reason_the_vendor_knows():
    reasons = {item.name for item in vendor.ProcessingErrorReason}
    verdicts = {case.behaviour.reason for case in CASES.values() if isinstance(case.behaviour, Condemn)}
    assert verdicts <= reasons


async def test_every_refused_field_has_a_reason_the_vendor_knows(client):
    reasons = {item.name for item in vendor.ErrorReason}
    given = set()
    for name, case in CASES.items():
        if case.endpoints[:1] == ("ingest",):
            await script(client, "google_ads", fail=name)
            error = (await ingest(client, google_request())).json()["error"]
            given |= {
                item["reason"] for detail in error["details"] for item in detail.get("fieldViolations", [])
            }
    assert given
    assert given <= reasons


async def test_every_error_has_a_reason_its_domain_knows(client):
    known = {
        "datamanager.googleapis.com": {*(item.name for item in vendor.ErrorReason), *HTTP_STATUS},
        "googleapis.com": set(error_reason_pb2.ErrorReason.keys()),
    }
    domains = set()
    for name, case in CASES.items():
        if case.endpoints[:1] == ("ingest",):
            await script(client, "google_ads", fail=name)
            info = (await ingest(client, google_request())).json()["error"]["details"][0]
            assert info["reason"] in known[info["domain"]]
            domains.add(info["domain"])
    assert domains == set(known)


async def test_answers_parse_strictly_into_the_vendors_messages(client):
    answer = await ingest(client, google_request())
    json_format.ParseDict(answer.json(), vendor.IngestEventsResponse.pb()())
    restated = [name for name, case in CASES.items() if case.endpoints == ("status",)]
    for case in (None, *restated):
        if case:
            await script(client, "google_ads", fail=case)
        status = await client.get(
            "/google_ads/v1/requestStatus:retrieve",
            params=answer.json(),
            headers={"authorization": "Bearer sandbox-x"},
        )
        if status.status_code == HTTPStatus.OK:
            json_format.ParseDict(status.json(), vendor.RetrieveRequestStatusResponse.pb()())


class TestTheVendorsClient:
    """Its REST transport, with credentials that get their token from the played token endpoint."""

    @pytest.fixture
    async def address(self):
        sandbox = sandbox_app(clock=SteppingClock())

        async def below(scope, receive, send):
            # The vendor's client knows no path in front of /v1.
            path = scope["path"]
            await sandbox(
                {**scope, "path": f"/google_ads{path}" if path.startswith("/v1/") else path}, receive, send
            )

        async with served(below) as address:
            yield address

    def client(self, address):
        credentials = Credentials(
            token=None,
            refresh_token="sandbox-refresh-token",
            token_uri=f"{address}/google_ads/token",
            client_id="any",
            client_secret="any",
        )
        return IngestionServiceClient(
            credentials=credentials, transport="rest", client_options={"api_endpoint": address}
        )

    async def test_it_sends_an_event_and_reads_its_status(self, address):
        client = self.client(address)
        request = vendor.IngestEventsRequest.from_json(json_format.MessageToJson(parsed(google_request())))
        answer = await to_thread.run_sync(lambda: client.ingest_events(request=request))
        status = await to_thread.run_sync(
            lambda: client.retrieve_request_status(request={"request_id": answer.request_id})
        )
        [destination] = status.request_status_per_destination
        assert destination.request_status.name == "PROCESSING"
        assert destination.events_ingestion_status.record_count == 1

    async def test_it_understands_a_refused_field(self, address):
        client = self.client(address)
        request = vendor.IngestEventsRequest()
        with pytest.raises(BadRequest) as refused:
            await to_thread.run_sync(lambda: client.ingest_events(request=request))
        assert (refused.value.reason, refused.value.domain) == (
            "INVALID_ARGUMENT",
            "datamanager.googleapis.com",
        )
        [fields] = [item["fieldViolations"] for item in refused.value.details if "fieldViolations" in item]
        assert [item["field"] for item in fields] == ["destinations", "events"]

    async def test_it_understands_a_scripted_failure(self, address):
        async with httpx.AsyncClient(base_url=address) as control:
            await script(control, "google_ads", fail="UNAVAILABLE", times=1)
        client = self.client(address)
        request = vendor.IngestEventsRequest()
        with pytest.raises(ServiceUnavailable):
            await to_thread.run_sync(lambda: client.ingest_events(request=request, retry=None))


def parsed(document: dict[str, Any]) -> Any:
    return json_format.ParseDict(document, vendor.IngestEventsRequest.pb()())
