"""POST /api/leads/updateLeadStatus: the mutation's doing, in the words of a plain request."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message, Scope

from app.database.database import Database
from app.rest import PATH, UpdateLeadStatusEndpoint
from app.tables.jobs import IdempotencyRow
from app.tables.labels import LabelRow
from app.values import LeadStatus, Platform
from app.values import Scope as KeyScope
from tests.api import Api, open_api, process
from tests.resolvers.test_overload import stuck_api


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with open_api(database) as opened:
        yield opened


@pytest.fixture
async def sqlite_api(sqlite_database: Database) -> AsyncIterator[Api]:
    async with open_api(sqlite_database) as opened:
        yield opened


async def call(api: Api, given: Any, **headers: str) -> httpx.Response:
    content = given if isinstance(given, bytes | str) else json.dumps(given)
    sent = {"x-api-key": api.key, "content-type": "application/json"} | headers
    response = await api.http.post(PATH, content=content, headers=sent)
    assert response.headers["content-type"] == "application/json"
    return response


async def mapped_label(api: Api) -> LabelRow:
    label = await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.world.integration(Platform.GOOGLE_ADS)
    return label


async def test_a_label_is_201_with_the_warnings_and_does_what_the_mutation_does(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await mapped_label(api)

    response = await call(api, {"email": "ADA@example.com", "conversionId": str(label.id), "price": 12_500})

    answer = response.json()
    warnings = answer.pop("warnings")
    assert response.status_code == 201
    assert answer == {
        "message": "Lead queued for processing",
        "leadId": lead.id,
        "uniqueIdentifier": "crm-1",
        "status": "pending",
        "queued": True,
    }
    assert [sorted(warning) for warning in warnings] == [["field", "integration", "reason", "timestamp"]]
    assert (warnings[0]["integration"], warnings[0]["timestamp"]) == (
        "google_ads",
        "2026-11-23T09:30:00.000Z",
    )
    stored = await api.lead_row(lead.id)
    assert (stored.status, stored.price_cents, stored.label_id) == (LeadStatus.PENDING, 12_500, label.id)
    assert set(await api.deliveries()) == {Platform.META, Platform.GOOGLE_ADS}


async def test_open_is_200_without_warnings(api: Api) -> None:
    lead = await api.world.complete_lead(unique_identifier=None)

    response = await call(api, {"leadId": lead.id, "conversionId": "OPEN"})

    assert (response.status_code, response.json()) == (
        200,
        {
            "message": "Lead status updated to open",
            "leadId": lead.id,
            "uniqueIdentifier": None,
            "status": "open",
            "queued": False,
        },
    )


async def test_an_active_job_is_409_and_named_and_can_be_superseded(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await mapped_label(api)
    given = {"leadId": str(lead.id), "conversionId": str(label.id)}
    await call(api, given)

    refused = await call(api, given | {"price": 1})
    taken_over = await call(api, given | {"onConflict": "SUPERSEDE"})

    (first, _) = sorted(await api.jobs(), key=lambda job: job.id)
    assert (refused.status_code, refused.json()) == (
        409,
        {"message": "The lead already has a pending job", "jobId": str(first.id)},
    )
    assert taken_over.status_code == 201
    assert (await api.lead_row(lead.id)).price_cents is None


async def test_the_same_key_again_is_the_first_answer_again(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await mapped_label(api)
    given = {"leadId": lead.id, "conversionId": str(label.id)}

    first = await call(api, given, **{"idempotency-key": "event-1"})
    await process(api)
    again = await call(api, given, **{"idempotency-key": "event-1"})
    another = await call(api, given | {"price": 1}, **{"idempotency-key": "event-1"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert (another.status_code, another.json()["problems"][0]["path"]) == (400, ["Idempotency-Key"])
    assert len(await api.jobs()) == len(await api.rows(IdempotencyRow)) == 1


async def test_when_it_happened_can_be_given(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await mapped_label(api)
    given = {"leadId": lead.id, "conversionId": str(label.id), "occurredAt": "2026-11-23T09:00:00+01:00"}

    await call(api, given)

    (job,) = await api.jobs()
    assert job.occurred_at.isoformat() == "2026-11-23T08:00:00+00:00"


@pytest.mark.parametrize(
    "identifier",
    [
        {"uniqueIdentifier": "nobody"},
        {"leadId": 404},
        {"leadId": "x-1"},
        {"leadId": -5, "uniqueIdentifier": "crm-1"},
        {"phone": "+31 20 000 0000"},
        {"leadId": 2**70},
    ],
    ids=str,
)
async def test_no_such_lead_is_404(sqlite_api: Api, identifier: dict[str, Any]) -> None:
    await sqlite_api.world.complete_lead()

    response = await call(sqlite_api, {**identifier, "conversionId": "open"})

    assert (response.status_code, response.json()) == (404, {"message": "Lead not found"})


@pytest.mark.parametrize("label", ["nonsense", "01900000-0000-7000-8000-0000000000ff"])
async def test_an_unknown_label_is_400(sqlite_api: Api, label: str) -> None:
    lead = await sqlite_api.world.complete_lead()

    response = await call(sqlite_api, {"leadId": lead.id, "conversionId": label})

    assert (response.status_code, response.json()) == (400, {"message": "Conversion label not found"})


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"conversionId": "open"}, [[]]),
        ({"leadId": None, "conversionId": "open"}, [[]]),
        ({"email": " ", "conversionId": "open"}, [["email"]]),
        ({"leadId": 1}, [["conversionId"]]),
        ({"leadId": 1, "conversionId": " "}, [["conversionId"]]),
        ({"leadId": 1, "conversionId": 5}, [["conversionId"]]),
        ({"leadId": True, "conversionId": "open"}, [["leadId"]]),
        ({"leadId": 1.5, "conversionId": "open"}, [["leadId"]]),
        ({"leadId": [1], "conversionId": "open"}, [["leadId"]]),
        ({"uniqueIdentifier": 5, "conversionId": "open"}, [["uniqueIdentifier"]]),
        ({"leadId": 1, "conversionId": "open", "price": -1}, [["price"]]),
        ({"leadId": 1, "conversionId": "open", "price": 1.5}, [["price"]]),
        ({"leadId": 1, "conversionId": "open", "price": "5"}, [["price"]]),
        ({"leadId": 1, "conversionId": "open", "price": 2**53}, [["price"]]),
        ({"leadId": 1, "conversionId": "open", "occurredAt": "2026-11-23T09:00:00"}, [["occurredAt"]]),
        ({"leadId": 1, "conversionId": "open", "occurredAt": "2027-01-01T00:00:00Z"}, [["occurredAt"]]),
        ({"leadId": 1, "conversionId": "open", "onConflict": "supersede"}, [["onConflict"]]),
        ({"leadId": 1, "conversionId": "open", "onConflict": {}}, [["onConflict"]]),
        ({"leadId": 1, "conversionId": "open", "prise": 5, "Email": "x"}, [["prise"], ["Email"]]),
        ({"lead": {"leadId": 1}, "price": -1}, [["lead"], ["price"], ["conversionId"]]),
    ],
    ids=str,
)
async def test_invalid_input_is_400_with_every_path_and_changes_nothing(
    sqlite_api: Api, given: dict[str, Any], paths: list[list[str]]
) -> None:
    lead = await sqlite_api.world.complete_lead(status=LeadStatus.RATED)

    response = await call(sqlite_api, given)

    assert response.status_code == 400
    assert [problem["path"] for problem in response.json()["problems"]] == paths
    assert (await sqlite_api.lead_row(lead.id)).status is LeadStatus.RATED


async def test_null_counts_as_left_out_and_whole_numbers_may_look_like_fractions(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    rest = dict.fromkeys(("leadId", "email", "phone", "occurredAt", "onConflict"))

    response = await call(
        sqlite_api, {"uniqueIdentifier": "crm-1", "conversionId": "open", "price": 7.0, **rest}
    )

    assert response.status_code == 200
    assert (await sqlite_api.lead_row(lead.id)).price_cents == 7


async def test_an_answer_about_unknown_fields_is_bounded(sqlite_api: Api) -> None:
    response = await call(sqlite_api, {"x" * 1_000 + str(n): n for n in range(50)})

    assert response.status_code == 400
    assert len(response.content) < 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"abc"',
        b"[]",
        b"\xff",
        b"{",
        b'{"price": NaN}',
        b"[" * 20_000,
        b'{"email": "\\ud800"}',
    ],
)
async def test_a_body_that_is_no_json_object_is_400(sqlite_api: Api, body: bytes) -> None:
    response = await call(sqlite_api, body)

    assert (response.status_code, sorted(response.json())) == (400, ["message"])


@pytest.mark.parametrize("key", [" ", "x" * 256])
async def test_an_idempotency_key_that_cannot_be_kept_is_400(sqlite_api: Api, key: str) -> None:
    lead = await sqlite_api.world.complete_lead()
    given = json.dumps({"leadId": lead.id, "conversionId": "open"}).encode()
    headers = [
        (b"x-api-key", b"admin-key"),
        (b"content-type", b"application/json"),
        (b"idempotency-key", key.encode()),
    ]

    status, answer = await answered(endpoint_of(sqlite_api), headers, given)

    assert (status, answer["problems"][0]["path"]) == (400, ["Idempotency-Key"])


async def test_without_a_key_it_is_401_and_with_a_wrong_one_too(sqlite_api: Api) -> None:
    missing = await sqlite_api.http.post(PATH, json={})
    wrong = await call(sqlite_api, {}, **{"x-api-key": "wrong"})

    assert (missing.status_code, missing.json()) == (401, {"message": "Missing X-API-Key header"})
    assert (wrong.status_code, wrong.json()) == (401, {"message": "Invalid API key"})
    assert missing.headers["www-authenticate"] == "X-API-Key"


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        (KeyScope.STATUS_WRITE, 200),
        (KeyScope.ADMIN, 200),
        (KeyScope.LEADS_READ, 403),
        (KeyScope.LEADS_WRITE, 403),
    ],
)
async def test_a_key_needs_the_scope_of_a_status_change(
    sqlite_api: Api, scope: KeyScope, status: int
) -> None:
    lead = await sqlite_api.world.complete_lead()
    sqlite_api.key = await sqlite_api.world.key("scoped", scope)

    response = await call(sqlite_api, {"leadId": lead.id, "conversionId": "open", "price": 7})

    assert response.status_code == status
    assert (await sqlite_api.lead_row(lead.id)).price_cents == (7 if status == 200 else None)
    if status == 403:
        assert response.json() == {"message": "The API key lacks a scope this needs: status:write"}


async def test_a_lead_of_another_project_is_404(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    await sqlite_api.world.begin("Another project")
    sqlite_api.key = await sqlite_api.world.key("other", KeyScope.ADMIN)

    assert (await call(sqlite_api, {"leadId": lead.id, "conversionId": "open"})).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_405(sqlite_api: Api, method: str) -> None:
    response = await sqlite_api.http.request(method, PATH)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json() == {"message": "Send it with POST"}


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "text/application/json", ""]
)
async def test_other_media_types_are_415(sqlite_api: Api, media: str) -> None:
    assert (await call(sqlite_api, {}, **{"content-type": media})).status_code == 415


async def test_json_may_come_with_a_charset(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    given = {"leadId": lead.id, "conversionId": "open"}

    response = await call(sqlite_api, given, **{"content-type": "Application/JSON; charset=utf-8"})

    assert response.status_code == 200


async def test_a_body_that_is_too_large_is_413(sqlite_api: Api) -> None:
    response = await call(sqlite_api, {"email": "x" * 70_000, "conversionId": "open"})

    assert (response.status_code, sorted(response.json())) == (413, ["message"])


def endpoint_of(api: Api, **more: Any) -> UpdateLeadStatusEndpoint:
    """The endpoint that answers the API's own requests."""
    transport = api.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    (route,) = [one for one in transport.app.routes if one.path == PATH]  # type: ignore[attr-defined]
    found = route.endpoint
    assert isinstance(found, UpdateLeadStatusEndpoint)
    return UpdateLeadStatusEndpoint(found.services, **({"body_within_s": 30.0} | more))


async def answered(
    endpoint: UpdateLeadStatusEndpoint, headers: list[tuple[bytes, bytes]], body: bytes | None
) -> tuple[int, Any]:
    """The answer to a request whose headers no client would send like that; None: its body never comes."""
    scope: Scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers}
    sent: list[Message] = []

    async def receive() -> Message:
        if body is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await endpoint(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_a_body_that_never_comes_is_408(sqlite_api: Api) -> None:
    headers = [(b"x-api-key", b"admin-key"), (b"content-type", b"application/json")]

    status, answer = await answered(endpoint_of(sqlite_api, body_within_s=0.0), headers, None)

    assert (status, answer) == (408, {"message": "The body did not arrive in time"})


async def test_a_defect_of_ours_is_500_in_json_and_says_nothing(
    sqlite_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await sqlite_api.world.complete_lead()
    # A row that says what this version does not know stands for any defect.
    label = await sqlite_api.world.label()
    await sqlite_api.world.database.write(
        lambda session: session.connection().exec_driver_sql(
            "UPDATE conversion_label SET created_at = 'secret'"
        )
    )

    response = await call(sqlite_api, {"email": "ada@example.com", "conversionId": str(label.id)})

    answer = response.json()
    assert (response.status_code, answer["message"]) == (500, "Something went wrong on our side")
    assert answer["requestId"] in caplog.text
    assert [word for word in ("ada@example.com", "secret") if word in caplog.text + response.text] == []


async def test_too_much_to_do_is_503_and_nothing_is_done(sqlite_database: Database) -> None:
    async with stuck_api(sqlite_database) as (api, stuck):
        lead = await api.world.complete_lead()
        stuck.writes_left = 0

        response = await call(api, {"leadId": lead.id, "conversionId": "lost"})

        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert sorted(response.json()) == ["message"]
        assert await api.jobs() == []


async def test_an_erased_lead_is_404(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead(erased_at=sqlite_api.world.clock())

    assert (await call(sqlite_api, {"leadId": lead.id, "conversionId": "open"})).status_code == 404
