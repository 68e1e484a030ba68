"""LinkedIn's Conversions API, played: what is taken and what is refused."""

import pytest

from app.sandbox.linkedin.platform import VERSIONS
from tests.sandbox.stage import LINKEDIN, SHA, START, book, linkedin_event, send_to_linkedin

NOW_MS = int(START.timestamp()) * 1000
DAY_MS = 86_400_000
URL = "/linkedin/rest/conversionEvents"
RULE = "urn:lla:llaPartnerConversion:"
REQUIRED = "field is required but not found and has no default value"
UNKNOWN = "unrecognized field found but not allowed"
INFO = {"firstName": "Alex", "lastName": "Zeta"}
EMAIL = {"idType": "SHA256_EMAIL", "idValue": SHA}


def user(*user_ids, **more):
    return linkedin_event(user={"userIds": list(user_ids), **more})


def user_info(**changes):
    return user(userInfo={name: item for name, item in {**INFO, **changes}.items() if item is not None})


def value(**conversion_value):
    return linkedin_event(conversionValue=conversion_value)


@pytest.mark.parametrize(
    "event",
    [
        linkedin_event(),
        linkedin_event(eventId=None),
        linkedin_event(conversionValue=None),
        linkedin_event(conversionHappenedAt=NOW_MS),
        linkedin_event(conversionHappenedAt=NOW_MS - 90 * DAY_MS),
        user(EMAIL),
        user({"idType": "ACXIOM_ID", "idValue": "x"}),
        user_info(),
        user_info(title="CEO", companyName="Example", countryCode="NL"),
        user(externalIds=["crm-1"]),
        user(lead="urn:li:leadGenFormResponse:1"),
        value(currencyCode="JPY", amount="1999"),
    ],
)
async def test_an_event_as_documented_is_taken(client, event):
    answer = await send_to_linkedin(client, event)
    assert (answer.status_code, answer.json()) == (200, {"elements": [{"status": 201}]})
    received = await book(client, "linkedin")
    assert received["conversions"] == 1
    assert "problems" not in received["requests"][0]


async def test_a_single_event_without_a_batch_is_created_without_a_body(client):
    answer = await client.post(URL, json=linkedin_event(), headers=LINKEDIN)
    assert (answer.status_code, answer.content) == (201, b"")
    received = await book(client, "linkedin")
    assert (received["conversions"], received["requests"][0]["eventIds"]) == (1, ["lead-42-won"])


@pytest.mark.parametrize(
    ("event", "faults"),
    [
        (linkedin_event(conversion=None), [f"/conversion :: {REQUIRED}"]),
        (
            linkedin_event(conversion="urn:lla:llaConversionRule:1"),
            ["/conversion :: Invalid Urn format. Invalid prefix."],
        ),
        (linkedin_event(conversion=f"{RULE}x"), ["/conversion :: Invalid Urn format."]),
        (linkedin_event(conversion=5), ["/conversion :: Invalid Urn format. Invalid prefix."]),
        (linkedin_event(conversionHappenedAt=None), [f"/conversionHappenedAt :: {REQUIRED}"]),
        (
            linkedin_event(conversionHappenedAt="2026-11-23"),
            ["/conversionHappenedAt :: 2026-11-23 cannot be coerced to Long"],
        ),
        (
            linkedin_event(conversionHappenedAt=1.5),
            ["/conversionHappenedAt :: 1.5 cannot be coerced to Long"],
        ),
        (linkedin_event(eventId=42), ["/eventId :: 42 cannot be coerced to String"]),
        (linkedin_event(event_id="a"), [f"/event_id :: {UNKNOWN}"]),
        (
            value(currencyCode="EUR", amount=10.5),
            ["/conversionValue/amount :: 10.5 cannot be coerced to String"],
        ),
        (
            value(),
            [f"/conversionValue/currencyCode :: {REQUIRED}", f"/conversionValue/amount :: {REQUIRED}"],
        ),
        (linkedin_event(user=None), [f"/user :: {REQUIRED}"]),
        (linkedin_event(user=[]), ["/user :: [] is not backed by a DataMap"]),
        (linkedin_event(user={"userInfo": INFO}), [f"/user/userIds :: {REQUIRED}"]),
        (linkedin_event(user={"userIds": {}}), ["/user/userIds :: {} is not backed by a DataList"]),
        (
            user({"idType": "SHA256_PHONE", "idValue": SHA}),
            ['/user/userIds/0/idType :: "SHA256_PHONE" is not an enum symbol'],
        ),
        (user({"idType": 5, "idValue": SHA}), ['/user/userIds/0/idType :: "5" is not an enum symbol']),
        (user(EMAIL, {"idType": "ACXIOM_ID"}), [f"/user/userIds/1/idValue :: {REQUIRED}"]),
        (user_info(lastName=None), [f"/user/userInfo/lastName :: {REQUIRED}"]),
        (user_info(email="x"), [f"/user/userInfo/email :: {UNKNOWN}"]),
        (user(externalIds=["a", "b"]), ["/user/externalIds :: has more than 1 items"]),
        ("event", ["/ :: event is not backed by a DataMap"]),
    ],
)
async def test_a_field_that_is_wrong_refuses_the_request_and_is_named(client, event, faults):
    answer = await send_to_linkedin(client, event)
    lines = "\n".join(f"ERROR :: {fault}" for fault in faults)
    assert (answer.status_code, answer.json()) == (422, {"message": f"Index: 0, {lines}\n", "status": 422})
    received = await book(client, "linkedin")
    assert received["conversions"] == 0
    assert received["requests"][0]["problems"] == [f"elements[0]{fault}" for fault in faults]


async def test_every_fault_of_every_event_is_named_at_once_and_nothing_is_taken(client):
    bad = linkedin_event(conversion=None, eventId=5)
    answer = await send_to_linkedin(client, linkedin_event(), bad, linkedin_event(user=None))
    assert answer.json()["message"] == (
        f"Index: 1, ERROR :: /conversion :: {REQUIRED}\nERROR :: /eventId :: 5 cannot be coerced to String\n"
        f"Index: 2, ERROR :: /user :: {REQUIRED}\n"
    )
    assert (await book(client, "linkedin"))["conversions"] == 0


async def test_without_a_batch_no_index_is_named(client):
    answer = await client.post(URL, json={"elements": []}, headers=LINKEDIN)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("ERROR :: /conversion :: ")
    assert f"ERROR :: /elements :: {UNKNOWN}" in answer.json()["message"]


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (
            linkedin_event(conversionHappenedAt=NOW_MS + 1),
            "Conversion time should be within 90 days and not exceed current time",
        ),
        (
            linkedin_event(conversionHappenedAt=NOW_MS - 90 * DAY_MS - 1),
            "Conversion time should be within 90 days and not exceed current time",
        ),
        (
            linkedin_event(conversionHappenedAt=NOW_MS // 1000),
            "Conversion time should be within 90 days and not exceed current time",
        ),
        (
            linkedin_event(conversion=f"{RULE}1405"),
            "Incorrect conversions information provided. Conversion's method should be CONVERSIONS_API",
        ),
        (user(), "User information is not sufficient to match a member"),
    ],
)
async def test_what_is_wrong_with_single_events_names_their_indices(client, bad, text):
    answer = await send_to_linkedin(client, bad, linkedin_event(), bad)
    expected = {"message": f"{text}, indices [0, 2] (0-indexed).", "status": 400}
    assert (answer.status_code, answer.json()) == (400, expected)
    assert (await book(client, "linkedin"))["conversions"] == 0


async def test_an_unknown_rule_refuses_all_without_naming_it(client):
    answer = await send_to_linkedin(client, linkedin_event(), linkedin_event(conversion=f"{RULE}1404"))
    assert (answer.status_code, answer.json()) == (403, {"message": "No ad accounts found", "status": 403})


@pytest.mark.parametrize("events", [[], [linkedin_event()] * 5001])
async def test_a_batch_has_1_to_5000_events(client, events):
    answer = await send_to_linkedin(client, *events)
    assert answer.status_code == 400


async def test_each_event_of_a_batch_is_answered(client):
    events = [linkedin_event(eventId=f"e-{number}") for number in range(1000)]
    assert (await send_to_linkedin(client, *events)).json()["elements"] == [{"status": 201}] * 1000
    assert (await book(client, "linkedin"))["conversions"] == 1000


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (value(currencyCode="XXY", amount="1"), "elements[0]: XXY is no currency"),
        (
            user({"idType": "SHA256_EMAIL", "idValue": "alex@example.com"}),
            "elements[0]: an e-mail address is not SHA-256",
        ),
        (linkedin_event(conversion=f"{RULE}1406"), "elements[0]: the rule is switched off"),
    ],
)
async def test_what_linkedin_takes_without_a_word_is_kept_as_a_problem(client, event, problem):
    assert (await send_to_linkedin(client, event)).status_code == 200
    received = await book(client, "linkedin")
    assert received["requests"][0]["problems"][0].startswith(problem)


async def test_a_rule_that_is_switched_off_counts_nothing(client):
    await send_to_linkedin(client, linkedin_event(conversion=f"{RULE}1406"))
    assert (await book(client, "linkedin"))["conversions"] == 0


@pytest.mark.parametrize("amount", ["ten", "1e999", "nan", ""])
async def test_an_amount_that_is_no_number_is_taken_and_counted_without_a_value(client, amount):
    await send_to_linkedin(client, value(currencyCode="EUR", amount=amount))
    [counted] = (await book(client, "linkedin"))["counted"]
    assert counted["value"] is None


async def test_a_copy_is_recognised_by_event_id_and_rule(client):
    await send_to_linkedin(client, linkedin_event())
    await send_to_linkedin(client, linkedin_event(), linkedin_event(conversion=f"{RULE}7"))
    received = await book(client, "linkedin")
    assert received["conversions"] == 2
    assert received["requests"][0]["duplicateOf"] == 1
    assert [item["value"] for item in received["counted"]] == [10.5, 10.5]


async def test_events_without_an_id_are_never_copies(client):
    for _ in range(2):
        await send_to_linkedin(client, linkedin_event(eventId=None))
    assert (await book(client, "linkedin"))["conversions"] == 2


class TestHeaders:
    @pytest.mark.parametrize("version", sorted(VERSIONS))
    async def test_every_version_in_force_answers(self, client, version):
        answer = await send_to_linkedin(client, linkedin_event(), **{"linkedin-version": version})
        assert answer.status_code == 200

    @pytest.mark.parametrize("version", ["202511", "2026", "202612", "latest"])
    async def test_another_version_is_not_active(self, client, version):
        answer = await send_to_linkedin(client, linkedin_event(), **{"linkedin-version": version})
        assert answer.status_code == 426
        assert answer.json() == {
            "status": 426,
            "code": "NONEXISTENT_VERSION",
            "message": f"Requested version {version}01 is not active",
        }

    async def test_a_version_must_be_named(self, client):
        answer = await send_to_linkedin(client, linkedin_event(), **{"linkedin-version": ""})
        assert (answer.status_code, answer.json()["code"]) == (400, "VERSION_MISSING")

    @pytest.mark.parametrize("protocol", ["1.0.0", ""])
    async def test_the_protocol_must_be_the_second(self, client, protocol):
        answer = await send_to_linkedin(client, linkedin_event(), **{"x-restli-protocol-version": protocol})
        assert answer.status_code == 400

    @pytest.mark.parametrize(
        ("authorization", "number", "code"),
        [
            ("", 65604, "EMPTY_ACCESS_TOKEN"),
            ("Basic sandbox-x", 65604, "EMPTY_ACCESS_TOKEN"),
            ("Bearer AQX-real", 65600, "INVALID_ACCESS_TOKEN"),
            (f"Bearer sandbox-until-{NOW_MS // 1000}-x", 65602, "EXPIRED_ACCESS_TOKEN"),
        ],
    )
    async def test_a_token_that_is_not_in_force_is_refused(self, client, authorization, number, code):
        answer = await send_to_linkedin(client, linkedin_event(), authorization=authorization)
        assert answer.status_code == 401
        body = answer.json()
        assert (body["status"], body["serviceErrorCode"], body["code"]) == (401, number, code)
        assert body["message"]
