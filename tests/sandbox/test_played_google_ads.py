"""The Data Manager API, played: what is taken, what is refused, and with which error."""

import base64

import pytest

from tests.sandbox.stage import BEARER, SHA, book, google_event, google_request, ingest

ACCOUNT = {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
DESTINATION = {"operatingAccount": ACCOUNT, "productDestinationId": "987654"}


def destination(**changes):
    changed = {**DESTINATION, **changes}
    return google_request(destinations=[{name: item for name, item in changed.items() if item is not None}])


def event(**changes):
    return google_request(google_event(**changes))


def identifiers(*items):
    return event(userData={"userIdentifiers": list(items)})


def address(**changes):
    whole = {"givenName": SHA, "familyName": SHA, "regionCode": "NL", "postalCode": "1011 AB", **changes}
    return identifiers({"address": {name: item for name, item in whole.items() if item is not None}})


def details(answer, kind):
    return [
        item
        for item in answer.json()["error"]["details"]
        if item["@type"] == f"type.googleapis.com/google.rpc.{kind}"
    ]


@pytest.mark.parametrize(
    "request_",
    [
        google_request(),
        google_request(google_event(), google_event(transactionId="lead-43-won")),
        google_request(consent=None, validateOnly=None),
        google_request(google_event(userData=None), encoding=None),
        event(adIdentifiers=None),
        event(adIdentifiers={"gbraid": "x"}),
        event(adIdentifiers={"wbraid": "x"}),
        event(conversionValue=None, currency=None),
        event(conversionValue=0),
        event(currency="JPY", conversionValue=None),
        event(transactionId=None),
        event(eventTimestamp="2026-11-23T11:59:59.123456789Z", conversionValue=7),
        event(eventTimestamp="2026-11-23T12:00:00+00:00"),
        event(eventTimestamp="2026-11-23T13:00:00+01:00"),
        event(eventTimestamp="2026-08-25T12:00:00Z"),
        event(consent={"adUserData": "CONSENT_DENIED"}),
        event(eventSource=1),
        event(cartData={"items": [{"quantity": "2", "unitPrice": 1.5}]}),
        address(),
        destination(loginAccount={"accountType": "GOOGLE_ADS", "accountId": "1"}),
        destination(operatingAccount={"product": "GOOGLE_ADS", "accountId": "1"}),
        destination(reference="a"),
        identifiers({"emailAddress": SHA.upper()}),
        {
            **identifiers({"emailAddress": base64.b64encode(bytes.fromhex(SHA)).decode()}),
            "encoding": "BASE64",
        },
        {
            **identifiers({"emailAddress": "ciphertext"}),
            "encryptionInfo": {"gcpWrappedKeyInfo": {"keyType": "XCHACHA20_POLY1305"}},
        },
        google_request(
            google_event(destinationReferences=["a"]),
            destinations=[{**DESTINATION, "reference": "a"}, DESTINATION],
        ),
    ],
)
async def test_a_request_as_documented_is_taken(client, request_):
    answer = await ingest(client, request_)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"requestId"}
    assert "problems" not in (await book(client, "google_ads"))["requests"][0]


async def test_every_request_gets_an_id_of_its_own(client):
    assert (await ingest(client, google_request())).json() != (await ingest(client, google_request())).json()


E = "events.events[0]"
IDENTIFIER = f"{E}.user_data.user_identifiers[0]"
D = "destinations[0]"


@pytest.mark.parametrize(
    ("request_", "field", "reason"),
    [
        (google_request(destinations=None), "destinations", "REQUIRED_FIELD_MISSING"),
        (google_request(destinations=[]), "destinations", "REQUIRED_FIELD_MISSING"),
        (google_request(destinations=[DESTINATION] * 11), "destinations", "TOO_MANY_DESTINATIONS"),
        (
            google_request(destinations=[{**DESTINATION, "reference": "a"}] * 2),
            "destinations[1].reference",
            "DUPLICATE_DESTINATION_REFERENCE",
        ),
        (destination(operatingAccount=None), f"{D}.operating_account", "REQUIRED_FIELD_MISSING"),
        (
            destination(operatingAccount={"accountId": "1"}),
            f"{D}.operating_account.account_type",
            "REQUIRED_FIELD_MISSING",
        ),
        (
            destination(operatingAccount={"accountType": "GOOGLE_ADS"}),
            f"{D}.operating_account.account_id",
            "REQUIRED_FIELD_MISSING",
        ),
        (
            destination(operatingAccount={**ACCOUNT, "accountId": "123-456-7890"}),
            f"{D}.operating_account.account_id",
            "INVALID_NUMBER_FORMAT",
        ),
        (
            destination(operatingAccount={**ACCOUNT, "accountType": "DATA_PARTNER"}),
            f"{D}.operating_account.account_type",
            "INVALID_DESTINATION",
        ),
        (
            destination(loginAccount={**ACCOUNT, "accountId": "x"}),
            f"{D}.login_account.account_id",
            "INVALID_NUMBER_FORMAT",
        ),
        (
            destination(linkedAccount=ACCOUNT),
            f"{D}.linked_account",
            "LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT",
        ),
        (destination(productDestinationId=None), f"{D}.product_destination_id", "REQUIRED_FIELD_MISSING"),
        (destination(productDestinationId="won"), f"{D}.product_destination_id", "INVALID_NUMBER_FORMAT"),
        (
            destination(productDestinationId="1404"),
            f"{D}.product_destination_id",
            "INVALID_CONVERSION_ACTION_ID",
        ),
        (google_request(events=[]), "events", "REQUIRED_FIELD_MISSING"),
        (google_request(events=[google_event()] * 2001), "events", "TOO_MANY_EVENTS"),
        (google_request(encoding=None), "encoding", "REQUIRED_FIELD_MISSING"),
        (google_request(encoding="ENCODING_UNSPECIFIED"), "encoding", "REQUIRED_FIELD_MISSING"),
        (event(eventTimestamp=None), f"{E}.event_timestamp", "REQUIRED_FIELD_MISSING"),
        (event(eventTimestamp="2026-11-23T12:00:01Z"), f"{E}.event_timestamp", "EVENT_TIME_INVALID"),
        (event(eventTimestamp="2026-08-25T11:59:59Z"), f"{E}.event_timestamp", "EVENT_TIME_INVALID"),
        (event(eventSource=None), f"{E}.event_source", "REQUIRED_FIELD_MISSING"),
        (event(eventSource="EVENT_SOURCE_UNSPECIFIED"), f"{E}.event_source", "REQUIRED_FIELD_MISSING"),
        (event(currency=None), f"{E}.currency", "REQUIRED_FIELD_MISSING"),
        (event(currency="EURO"), f"{E}.currency", "INVALID_CURRENCY_CODE"),
        (event(currency="eur"), f"{E}.currency", "INVALID_CURRENCY_CODE"),
        (event(transactionId="42"), f"{E}.transaction_id", "INVALID_FORMAT"),
        (event(adIdentifiers=None, userData=None), E, "NO_IDENTIFIERS_PROVIDED"),
        (event(adIdentifiers={"gclid": ""}, userData={"userIdentifiers": []}), E, "NO_IDENTIFIERS_PROVIDED"),
        (event(destinationReferences=["b"]), f"{E}.destination_references[0]", "INVALID_DESTINATION"),
        (
            identifiers(*[{"emailAddress": SHA}] * 11),
            f"{E}.user_data.user_identifiers",
            "TOO_MANY_USER_IDENTIFIERS",
        ),
        (identifiers({}), IDENTIFIER, "REQUIRED_FIELD_MISSING"),
        (identifiers({"emailAddress": "alex@example.com"}), IDENTIFIER, "INVALID_HEX_ENCODING"),
        (identifiers({"phoneNumber": SHA[:-2]}), IDENTIFIER, "INVALID_SHA256_FORMAT"),
        (
            {**identifiers({"emailAddress": "***"}), "encoding": "BASE64"},
            IDENTIFIER,
            "INVALID_BASE64_ENCODING",
        ),
        (
            {**identifiers({"emailAddress": "AAAA"}), "encoding": "BASE64"},
            IDENTIFIER,
            "INVALID_SHA256_FORMAT",
        ),
        (address(givenName="alex"), IDENTIFIER, "INVALID_HEX_ENCODING"),
        (address(familyName=None), f"{IDENTIFIER}.address.family_name", "REQUIRED_FIELD_MISSING"),
        (address(postalCode=None), f"{IDENTIFIER}.address.postal_code", "REQUIRED_FIELD_MISSING"),
        (address(postalCode=SHA), f"{IDENTIFIER}.address.postal_code", "INVALID_POSTAL_CODE"),
        (address(regionCode="nl"), f"{IDENTIFIER}.address.region_code", "INVALID_REGION_CODE"),
    ],
)
async def test_a_bad_field_is_refused_with_its_path_and_reason(client, request_, field, reason):
    answer = await ingest(client, request_)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    [info] = details(answer, "ErrorInfo")
    [request_info] = details(answer, "RequestInfo")
    assert (info["reason"], info["domain"]) == ("INVALID_ARGUMENT", "datamanager.googleapis.com")
    assert info["metadata"]["requestId"] == request_info["requestId"]
    [bad_request] = details(answer, "BadRequest")
    assert (field, reason) in [(item["field"], item["reason"]) for item in bad_request["fieldViolations"]]
    received = await book(client, "google_ads")
    assert received["conversions"] == 0
    assert any(field in problem and reason in problem for problem in received["requests"][0]["problems"])


@pytest.mark.parametrize(
    ("request_", "path", "words"),
    [
        (google_request(event=[]), "", 'Unknown name "event": Cannot find field.'),
        (event(gclid="x"), "events[0]", "Unknown name \"gclid\" at 'events[0]'"),
        (event(event_source="WEB"), "events[0]", 'Unknown name "event_source"'),
        (identifiers({"email": SHA}), "events[0].user_data.user_identifiers[0]", 'Unknown name "email"'),
        (
            identifiers({"emailAddress": SHA, "phoneNumber": SHA}),
            "events[0].user_data.user_identifiers[0]",
            "oneof",
        ),
        (google_request(consent={"adUserData": "GRANTED"}), "consent.ad_user_data", "ConsentStatus"),
        (event(eventSource="CRM"), "events[0].event_source", "EventSource"),
        (event(eventSource=7), "events[0].event_source", "EventSource"),
        (event(conversionValue="10.5"), "events[0].conversion_value", "TYPE_DOUBLE"),
        (event(conversionValue=True), "events[0].conversion_value", "TYPE_DOUBLE"),
        (event(transactionId=42), "events[0].transaction_id", "TYPE_STRING"),
        (event(eventTimestamp="2026-11-23 11:00:00"), "events[0].event_timestamp", "Timestamp"),
        (event(eventTimestamp="2026-13-23T11:00:00Z"), "events[0].event_timestamp", "Timestamp"),
        (event(eventTimestamp=1795395600), "events[0].event_timestamp", "Timestamp"),
        (
            event(cartData={"items": [{"quantity": 1.5}]}),
            "events[0].cart_data.items[0].quantity",
            "TYPE_INT64",
        ),
        (google_request(events={}), "events", "(list)"),
        (google_request(events=[None]), "events[0]", "Event"),
        (event(userData=[]), "events[0].user_data", "UserData"),
        (google_request(validateOnly="yes"), "validate_only", "TYPE_BOOL"),
    ],
)
async def test_json_that_is_not_the_message_is_refused_by_the_front_end(client, request_, path, words):
    answer = await ingest(client, request_)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert words in error["message"]
    [bad_request] = details(answer, "BadRequest")
    assert bad_request["fieldViolations"][0]["field"] == path
    assert details(answer, "ErrorInfo") == []


async def test_null_is_an_unset_field(client):
    request = google_request()
    request["events"][0]["cartData"] = None
    assert (await ingest(client, request)).status_code == 200


async def test_one_bad_event_fails_the_whole_request(client):
    answer = await ingest(
        client, google_request(google_event(), google_event(currency="XXX", transactionId="b"))
    )
    [bad_request] = details(answer, "BadRequest")
    assert [item["field"] for item in bad_request["fieldViolations"]] == ["events.events[1].currency"]
    assert (await book(client, "google_ads"))["conversions"] == 0


async def test_validating_only_proves_the_request_and_counts_nothing(client):
    answer = await ingest(client, google_request(google_event(transactionId="42"), validateOnly=True))
    assert answer.status_code == 200
    status = await client.get("/google_ads/v1/requestStatus:retrieve", params=answer.json(), headers=BEARER)
    assert details(status, "BadRequest")[0]["fieldViolations"][0]["reason"] == "INVALID_REQUEST_ID"
    assert (await book(client, "google_ads"))["conversions"] == 0


FORM = {
    "grant_type": "refresh_token",
    "client_id": "any",
    "client_secret": "any",
    "refresh_token": "sandbox-refresh-token",
}


class TestTokens:
    async def test_a_refresh_token_gives_an_access_token_that_works_until_it_expires(self, client, clock):
        answer = await client.post("/google_ads/token", data=FORM)
        assert answer.status_code == 200
        token = answer.json()
        assert token["token_type"] == "Bearer"
        bearer = f"Bearer {token['access_token']}"
        assert (await ingest(client, google_request(), authorization=bearer)).status_code == 200
        clock.advance(seconds=token["expires_in"] - 1)
        assert (await ingest(client, google_request(), authorization=bearer)).status_code == 200
        clock.advance(seconds=1)
        assert (await ingest(client, google_request(), authorization=bearer)).status_code == 401

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"refresh_token": "revoked"}, 400, "invalid_grant"),
            ({"refresh_token": ""}, 400, "invalid_request"),
            ({"client_id": None}, 400, "invalid_request"),
            ({"client_secret": None}, 400, "invalid_request"),
            ({"grant_type": None}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    async def test_anything_else_is_refused_in_the_words_of_oauth(self, client, changes, status, code):
        form = {name: item for name, item in {**FORM, **changes}.items() if item is not None}
        answer = await client.post("/google_ads/token", data=form)
        assert answer.status_code == status
        assert answer.json()["error"] == code
        assert answer.json()["error_description"]

    async def test_json_is_not_what_a_token_endpoint_takes(self, client):
        assert (await client.post("/google_ads/token", json=FORM)).json()["error"] == "invalid_request"

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({}, "CREDENTIALS_MISSING"),
            ({"authorization": "Basic sandbox-x"}, "CREDENTIALS_MISSING"),
            ({"authorization": "Bearer"}, "CREDENTIALS_MISSING"),
            ({"authorization": "Bearer ya29.real"}, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            ({"authorization": "Bearer sandbox-until-1-x"}, "ACCESS_TOKEN_EXPIRED"),
        ],
    )
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/v1/events:ingest"), ("GET", "/v1/requestStatus:retrieve")]
    )
    async def test_a_call_without_a_token_in_force_is_unauthenticated(
        self, client, headers, reason, method, path
    ):
        answer = await client.request(method, f"/google_ads{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
        assert details(answer, "ErrorInfo")[0]["reason"] == reason


class TestVerdicts:
    async def test_a_verdict_is_ripe_after_half_an_hour(self, client, clock):
        request_id = (await ingest(client, google_request())).json()["requestId"]
        expected = {"destination": DESTINATION, "eventsIngestionStatus": {"recordCount": "1"}}
        clock.advance(minutes=29, seconds=59)
        assert await self.statuses(client, request_id) == [{**expected, "requestStatus": "PROCESSING"}]
        clock.advance(seconds=1)
        assert await self.statuses(client, request_id) == [{**expected, "requestStatus": "SUCCESS"}]

    async def test_verdicts_can_be_told_to_come_sooner(self, client):
        await client.post("/google_ads/script", json={"verdictAfterS": 0})
        request_id = (await ingest(client, google_request())).json()["requestId"]
        assert (await self.statuses(client, request_id))[0]["requestStatus"] == "SUCCESS"
        await client.post("/google_ads/script", json={"reset": True})
        assert (await self.statuses(client, request_id))[0]["requestStatus"] == "PROCESSING"

    async def test_a_scripted_verdict_comes_at_once_and_stays(self, client, clock):
        request_id = (await ingest(client, google_request())).json()["requestId"]
        await client.post("/google_ads/script", json={"fail": "INVALID_GCLID"})
        for _ in range(2):
            [status] = await self.statuses(client, request_id)
            assert status["requestStatus"] == "FAILED"
            assert status["errorInfo"] == {
                "errorCounts": [{"recordCount": "1", "reason": "PROCESSING_ERROR_REASON_INVALID_GCLID"}]
            }
            clock.advance(days=1)

    async def test_each_destination_has_a_status_with_the_number_of_its_events(self, client):
        other = {**DESTINATION, "reference": "b", "productDestinationId": "5"}
        request = google_request(
            google_event(), google_event(destinationReferences=["b"]), destinations=[DESTINATION, other]
        )
        request_id = (await ingest(client, request)).json()["requestId"]
        statuses = await self.statuses(client, request_id)
        assert [item["eventsIngestionStatus"]["recordCount"] for item in statuses] == ["1", "2"]
        assert [item["destination"] for item in statuses] == [DESTINATION, other]

    @pytest.mark.parametrize("params", [{}, {"requestId": "unknown"}])
    async def test_an_unknown_request_has_no_status(self, client, params):
        answer = await client.get("/google_ads/v1/requestStatus:retrieve", params=params, headers=BEARER)
        assert answer.status_code == 400
        [violation] = details(answer, "BadRequest")[0]["fieldViolations"]
        assert (violation["field"], violation["reason"]) == ("request_id", "INVALID_REQUEST_ID")

    async def test_a_status_is_kept_for_50_days(self, client, clock):
        request_id = (await ingest(client, google_request())).json()["requestId"]
        clock.advance(days=50, seconds=1)
        answer = await client.get(
            "/google_ads/v1/requestStatus:retrieve", params={"requestId": request_id}, headers=BEARER
        )
        assert details(answer, "BadRequest")[0]["fieldViolations"][0]["reason"] == "REQUEST_TOO_OLD"

    async def test_the_oldest_requests_are_forgotten_when_there_are_too_many(self, client, monkeypatch):
        monkeypatch.setattr("app.sandbox.google_ads.verdicts.REMEMBERED", 1)
        first, second = [(await ingest(client, google_request())).json()["requestId"] for _ in range(2)]
        assert await self.statuses(client, second)
        answer = await client.get(
            "/google_ads/v1/requestStatus:retrieve", params={"requestId": first}, headers=BEARER
        )
        assert answer.status_code == 400

    async def statuses(self, client, request_id):
        answer = await client.get(
            "/google_ads/v1/requestStatus:retrieve", params={"requestId": request_id}, headers=BEARER
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["requestStatusPerDestination"]
