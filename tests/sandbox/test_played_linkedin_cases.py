"""LinkedIn, played: its rules, its tokens, and each way to fail."""

import pytest

from app.sandbox.linkedin.catalogue import CASES
from app.sandbox.linkedin.tokens import LIFE_S
from app.sandbox.transport_cases import TRANSPORT_CASES
from tests.sandbox.stage import LINKEDIN, book, linkedin_event, script, send_to_linkedin

ACCOUNT = "urn:li:sponsoredAccount:512345678"
GRANT = {
    "grant_type": "refresh_token",
    "client_id": "86abc",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


async def rules(client, path="", headers=LINKEDIN, **query):
    return await client.get(f"/linkedin/rest/conversions{path}", params=query, headers=headers)


class TestRules:
    async def test_an_account_has_rules(self, client):
        answer = await rules(client, q="account", account=ACCOUNT)
        assert answer.status_code == 200
        assert {item["account"] for item in answer.json()["elements"]} == {ACCOUNT}

    @pytest.mark.parametrize(
        ("number", "enabled", "method"),
        [
            ("104012", True, "CONVERSIONS_API"),
            ("1405", True, "INSIGHT_TAG"),
            ("1406", False, "CONVERSIONS_API"),
        ],
    )
    async def test_a_rule_is_read_by_its_number(self, client, number, enabled, method):
        rule = (await rules(client, f"/{number}", account=ACCOUNT)).json()
        assert (rule["id"], rule["enabled"], rule["conversionMethod"]) == (int(number), enabled, method)

    @pytest.mark.parametrize("number", ["1404", "x", "\u0664"])
    async def test_a_rule_that_does_not_exist_is_not_found(self, client, number):
        assert (await rules(client, f"/{number}", account=ACCOUNT)).status_code == 404

    @pytest.mark.parametrize("path", ["", "/104012"])
    @pytest.mark.parametrize(
        ("account", "status"), [("", 400), ("512345678", 400), ("urn:li:sponsoredAccount:1404", 404)]
    )
    async def test_an_account_must_be_named_and_exist(self, client, path, account, status):
        answer = await rules(client, path, q="account", account=account)
        assert (answer.status_code, answer.json()["status"]) == (status, status)

    async def test_rules_are_found_by_account_only(self, client):
        assert (await rules(client, q="campaign", account=ACCOUNT)).status_code == 400

    @pytest.mark.parametrize("path", ["", "/104012"])
    async def test_they_need_the_same_headers_as_events(self, client, path):
        assert (await rules(client, path, headers={}, account=ACCOUNT)).json()["code"] == "VERSION_MISSING"

    async def test_elsewhere_there_is_nothing(self, client):
        answer = await client.get("/linkedin/rest/elsewhere", headers=LINKEDIN)
        assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND")


class TestTokens:
    async def test_a_refresh_token_buys_an_access_token_of_60_days(self, client, clock):
        answer = (await client.post("/linkedin/token", data=GRANT)).json()
        assert answer["expires_in"] == LIFE_S == 5_184_000
        headers = {"authorization": f"Bearer {answer['access_token']}"}
        clock.advance(seconds=LIFE_S - 1)
        fresh = linkedin_event(conversionHappenedAt=int(clock().timestamp()) * 1000)
        assert (await send_to_linkedin(client, fresh, **headers)).status_code == 200
        clock.advance(seconds=1)
        assert (await send_to_linkedin(client, fresh, **headers)).json()["code"] == "EXPIRED_ACCESS_TOKEN"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"grant_type": "password"}, "invalid_request"),
            ({"client_id": ""}, "invalid_request"),
            ({"client_secret": ""}, "invalid_request"),
            ({"refresh_token": ""}, "invalid_request"),
            ({"refresh_token": "AQY-real"}, "invalid_grant"),
        ],
    )
    async def test_anything_else_buys_nothing(self, client, changes, code):
        answer = await client.post("/linkedin/token", data={**GRANT, **changes})
        assert (answer.status_code, answer.json()["error"]) == (400, code)

    async def test_json_is_no_form(self, client):
        assert (await client.post("/linkedin/token", json=GRANT)).json()["error"] == "invalid_request"

    async def test_no_secret_is_kept(self, client):
        await client.post("/linkedin/token", data=GRANT)
        [call] = (await book(client, "linkedin"))["otherCalls"]
        assert "sandbox-" not in str(call)


WITH_CODE = {
    "INVALID_ACCESS_TOKEN": 401,
    "REVOKED_ACCESS_TOKEN": 401,
    "EXPIRED_ACCESS_TOKEN": 401,
    "EMPTY_ACCESS_TOKEN": 401,
    "ACCESS_DENIED": 403,
    "VERSION_MISSING": 400,
    "NONEXISTENT_VERSION": 426,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
    "GATEWAY_TIMEOUT": 504,
    "TOO_MANY_REQUESTS": 429,
}
WITHOUT_CODE = {
    "NO_AD_ACCOUNTS": (403, "No ad accounts found"),
    "INVALID_TIME": (400, "indices [0]"),
    "WRONG_CONVERSION_METHOD": (400, "indices [0]"),
    "INVALID_CONVERSION": (422, "Index: 0, ERROR :: /conversion :: "),
    "UNPROCESSABLE": (422, "Index: 0, ERROR :: /conversionValue/amount :: "),
}
TOKEN = {"INVALID_GRANT": 400, "INVALID_CLIENT": 401, "INVALID_REQUEST": 400}


def test_every_case_is_tried_here():
    tried = {*WITH_CODE, *WITHOUT_CODE, *TOKEN, "RATE_LIMITED", "ELEMENTS_REFUSED"}
    assert tried | {case.name for case in TRANSPORT_CASES} == set(CASES)


@pytest.mark.parametrize(("case", "status"), WITH_CODE.items())
async def test_a_case_answers_with_its_code(client, case, status):
    await script(client, "linkedin", fail=case)
    answer = await send_to_linkedin(client, linkedin_event())
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, case)
    assert answer.json()["message"]
    assert (await book(client, "linkedin"))["conversions"] == 0


@pytest.mark.parametrize(("case", "status"), WITH_CODE.items())
async def test_the_look_up_of_rules_can_fail_in_the_same_ways(client, case, status):
    await script(client, "linkedin", fail=case, endpoint="rules")
    answer = await rules(client, q="account", account=ACCOUNT)
    assert (answer.status_code, answer.json()["code"]) == (status, case)


@pytest.mark.parametrize(("case", "expected"), WITHOUT_CODE.items())
async def test_what_has_no_code_is_told_by_its_text(client, case, expected):
    await script(client, "linkedin", fail=case)
    answer = await send_to_linkedin(client, linkedin_event())
    status, text = expected
    assert answer.status_code == status
    assert text in answer.json()["message"]
    assert "code" not in answer.json()


@pytest.mark.parametrize(("case", "status"), TOKEN.items())
async def test_the_token_endpoint_can_refuse(client, case, status):
    await script(client, "linkedin", fail=case)
    answer = await client.post("/linkedin/token", data=GRANT)
    assert (answer.status_code, answer.json()["error"]) == (status, case.lower())


async def test_a_rate_limit_says_when_to_come_back(client):
    await script(client, "linkedin", fail="RATE_LIMITED")
    answer = await send_to_linkedin(client, linkedin_event())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("body", "count"), [({"elements": [linkedin_event()] * 3}, 3), (linkedin_event(), 1), ([], 1)]
)
async def test_each_element_can_be_refused_by_itself(client, body, count):
    await script(client, "linkedin", fail="ELEMENTS_REFUSED")
    answer = await client.post("/linkedin/rest/conversionEvents", json=body, headers=LINKEDIN)
    assert answer.status_code == 200
    assert [item["status"] for item in answer.json()["elements"]] == [422] * count
    assert (await book(client, "linkedin"))["conversions"] == 0


async def test_elements_are_refused_even_of_what_is_no_json(client):
    await script(client, "linkedin", fail="ELEMENTS_REFUSED")
    answer = await client.post("/linkedin/rest/conversionEvents", content=b"{", headers=LINKEDIN)
    assert len(answer.json()["elements"]) == 1
