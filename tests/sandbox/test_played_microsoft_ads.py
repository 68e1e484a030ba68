"""Offline conversions at Microsoft, played: what is taken, what is refused, what adjustments change."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.sandbox.microsoft_ads import goals as played_goals
from app.sandbox.microsoft_ads.goals import FROM_THE_BEGINNING, PAUSED, Goals
from tests.sandbox.stage import MICROSOFT, SHA, START, book, send_to_microsoft
from tests.sandbox.stage import MICROSOFT_API as API
from tests.sandbox.stage import microsoft_conversion as conversion

CLICK = conversion()["MicrosoftClickId"]
GRANT = {
    "grant_type": "refresh_token",
    "client_id": "app",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
    "scope": "https://ads.microsoft.com/msads.manage offline_access",
}


def changed(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in {**value, **changes}.items() if item is not None}


def adjustment(**changes: Any) -> dict[str, Any]:
    """A restatement that is taken, with changes; None takes a field away."""
    complete = {
        "ConversionName": "Won lead",
        "ConversionTime": "2026-11-23T11:00:00Z",
        "MicrosoftClickId": CLICK,
        "AdjustmentType": "Restate",
        "AdjustmentTime": "2026-11-23T11:30:00Z",
        "AdjustmentValue": 99.0,
        "AdjustmentCurrencyCode": "USD",
    }
    return changed(complete, changes)


def retraction(**changes: Any) -> dict[str, Any]:
    return adjustment(AdjustmentType="Retract", AdjustmentValue=None, AdjustmentCurrencyCode=None, **changes)


async def call(client: httpx.AsyncClient, operation: str, body: Any, **headers: Any) -> httpx.Response:
    return await client.post(f"{API}/{operation}", json=body, headers=changed(MICROSOFT, headers))


async def apply(client: httpx.AsyncClient, *items: Any) -> Any:
    """The partial errors."""
    answer = await send_to_microsoft(client, *items)
    assert answer.status_code == 200, answer.text
    return answer.json()["PartialErrors"]


async def adjust(client: httpx.AsyncClient, *items: Any) -> Any:
    """The partial errors."""
    body = {"OfflineConversionAdjustments": list(items)}
    answer = await call(client, "OfflineConversionAdjustments/Apply", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["PartialErrors"]


def at(**span: float) -> str:
    return (START + timedelta(**span)).isoformat()


TAKEN = [
    conversion(),
    conversion(HashedEmailAddress=None),
    conversion(MicrosoftClickId=None),
    conversion(MicrosoftClickId=None, HashedEmailAddress=None, HashedPhoneNumber=SHA),
    conversion(ConversionValue=None, ConversionCurrencyCode=None),
    conversion(ConversionValue=0),
    conversion(ConversionName="Anything people call a goal"),
    conversion(ConversionTime=at()),
    conversion(ConversionTime=at(days=-90)),
    conversion(ConversionTime="2026-11-23T10:59:59.1234567Z"),
    conversion(MicrosoftClickId=CLICK.upper()),
]


@pytest.mark.parametrize("item", TAKEN)
async def test_a_conversion_as_documented_is_taken(client, item):
    assert await apply(client, item) == []
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 1
    assert "problems" not in received["requests"][0]


REFUSED = [
    ("conversion", 5602, None),
    (conversion(ConversionName=None), 5605, "ConversionName"),
    (conversion(ConversionName=" "), 5605, "ConversionName"),
    (conversion(ConversionName="Goal 404"), 5606, "ConversionName"),
    (conversion(MicrosoftClickId=None, HashedEmailAddress=None), 5603, "MicrosoftClickId"),
    (conversion(MicrosoftClickId="_uet" + CLICK), 5604, "MicrosoftClickId"),
    (conversion(MicrosoftClickId=5), 5604, "MicrosoftClickId"),
    (conversion(HashedEmailAddress="alexz@example.com"), 201, "HashedEmailAddress"),
    (conversion(HashedEmailAddress=SHA.upper()), 201, "HashedEmailAddress"),
    (conversion(HashedPhoneNumber="+442079460018"), 201, "HashedPhoneNumber"),
    (conversion(ConversionTime=None), 5608, "ConversionTime"),
    (conversion(ConversionTime="23-11-2026"), 5607, "ConversionTime"),
    (conversion(ConversionTime="2026-13-23T11:00:00Z"), 5607, "ConversionTime"),
    (conversion(ConversionTime="2026-11-23T11:00:00"), 5607, "ConversionTime"),
    (conversion(ConversionTime="2026-11-23T12:00:00+01:00"), 5607, "ConversionTime"),
    (conversion(ConversionTime=1795395600), 5607, "ConversionTime"),
    (conversion(ConversionTime=at(seconds=1)), 5614, "ConversionTime"),
    (conversion(ConversionTime=at(days=-90, seconds=-1)), 5609, "ConversionTime"),
    (conversion(ConversionValue=-1), 5610, "ConversionValue"),
    (conversion(ConversionValue="10.50"), 5610, "ConversionValue"),
    (conversion(ConversionCurrencyCode="euro"), 5611, "ConversionCurrencyCode"),
]


@pytest.mark.parametrize(("item", "code", "field"), REFUSED)
async def test_a_bad_conversion_is_named_by_index_and_the_others_are_taken(client, item, code, field):
    [error] = await apply(client, conversion(), item, conversion(ConversionTime="2026-11-23T10:00:00Z"))
    assert (error["Index"], error["Code"], error["FieldPath"]) == (1, code, field)
    assert error["Type"] == "BatchError"
    assert error["ErrorCode"]
    assert error["Message"]
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 2
    assert received["requests"][0]["problems"][0].startswith("[1]")


REFUSED_ADJUSTMENTS = [
    ("adjustment", 5602, None),
    (adjustment(ConversionName="Goal 404"), 5606, "ConversionName"),
    (adjustment(MicrosoftClickId=None), 5603, "MicrosoftClickId"),
    (adjustment(ConversionTime=None), 5608, "ConversionTime"),
    (adjustment(AdjustmentType=None), 5618, "AdjustmentType"),
    (adjustment(AdjustmentType="retract"), 5618, "AdjustmentType"),
    (adjustment(AdjustmentTime=None), 5619, "AdjustmentTime"),
    (adjustment(AdjustmentTime="2026-11-23T10:59:59Z"), 5620, "AdjustmentTime"),
    (adjustment(AdjustmentTime="later"), 5621, "AdjustmentTime"),
    (adjustment(AdjustmentTime=at(seconds=1)), 5622, "AdjustmentTime"),
    (adjustment(ConversionTime="x", AdjustmentTime=at(days=-91)), 5607, "ConversionTime"),
    (adjustment(AdjustmentType="Retract"), 5624, "AdjustmentValue"),
    (adjustment(AdjustmentValue=None), 5625, "AdjustmentValue"),
    (adjustment(AdjustmentValue=-5), 5610, "AdjustmentValue"),
    (adjustment(AdjustmentCurrencyCode=None), 5626, "AdjustmentCurrencyCode"),
    (adjustment(AdjustmentCurrencyCode="euro"), 5611, "AdjustmentCurrencyCode"),
]


@pytest.mark.parametrize(("item", "code", "field"), REFUSED_ADJUSTMENTS)
async def test_a_bad_adjustment_is_named_by_index(client, item, code, field):
    [error] = await adjust(client, adjustment(), item)
    assert (error["Index"], error["Code"], error["FieldPath"]) == (1, code, field)


async def test_an_adjustment_out_of_the_window_has_a_number_of_its_own(client):
    item = adjustment(ConversionTime=at(days=-92), AdjustmentTime=at(days=-91))
    [error] = await adjust(client, item)
    assert error["Code"] == 5609
    problems = (await book(client, "microsoft_ads"))["otherCalls"][0]["problems"]
    assert problems[0].startswith("[0].ConversionTime: 5609")


async def test_a_second_copy_does_not_count_and_changes_nothing(client):
    await apply(client, conversion())
    await apply(client, conversion(ConversionTime="2026-11-23T11:00:00+00:00", ConversionValue=77.0))
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 1
    assert received["requests"][0]["duplicateOf"] == 1
    [counted] = received["counted"]
    assert (counted["copies"], counted["value"]) == (2, 10.5)


@pytest.mark.parametrize(
    "other",
    [
        conversion(ConversionTime="2026-11-23T11:00:01Z"),
        conversion(ConversionName="Lost lead"),
        conversion(MicrosoftClickId="0" * 32),
    ],
)
async def test_another_click_goal_or_time_is_another_conversion(client, other):
    await apply(client, conversion(), other)
    assert (await book(client, "microsoft_ads"))["conversions"] == 2


async def test_a_restatement_changes_the_value_of_what_was_counted(client):
    await apply(client, conversion())
    assert await adjust(client, adjustment()) == []
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 1
    [counted] = received["counted"]
    assert (counted["value"], counted["currency"], counted["copies"]) == (99.0, "USD", 1)


async def test_a_retraction_takes_it_out_of_the_count_for_good(client):
    await apply(client, conversion())
    await adjust(client, retraction())
    await adjust(client, retraction())
    await adjust(client, adjustment())
    await apply(client, conversion())
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 0
    [counted] = received["counted"]
    assert counted["retracted"] is True
    assert counted["value"] == 10.5


async def test_an_adjustment_of_nothing_is_taken_and_changes_nothing(client):
    await apply(client, conversion())
    assert await adjust(client, retraction(ConversionTime="2026-11-23T10:00:00Z")) == []
    assert (await book(client, "microsoft_ads"))["conversions"] == 1


async def test_what_is_known_by_personal_data_alone_is_adjusted_by_it(client):
    await apply(client, conversion(MicrosoftClickId=None))
    await adjust(client, retraction(MicrosoftClickId=None, HashedEmailAddress=SHA))
    assert (await book(client, "microsoft_ads"))["conversions"] == 0


async def test_what_the_service_ignores_in_silence_is_kept_as_a_problem(client):
    await apply(client, conversion(EventId="x"), conversion(ConversionName=PAUSED))
    received = await book(client, "microsoft_ads")
    assert received["conversions"] == 1
    ignored, paused = received["requests"][0]["problems"]
    assert ignored == "[0].EventId: the service does not know this element and ignores it"
    assert "not counted" in paused


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], 100),
        ({}, 5600),
        ({"OfflineConversions": None}, 5600),
        ({"OfflineConversions": []}, 5600),
        ({"OfflineConversions": {"ConversionName": "Won lead"}}, 5600),
        ({"OfflineConversions": [conversion()] * 1_001}, 5601),
    ],
)
async def test_a_list_of_1_to_1000_is_demanded(client, body, code):
    answer = await call(client, "OfflineConversions/Apply", body)
    assert answer.status_code == 400
    fault = answer.json()
    errors = fault.get("OperationErrors") or fault["Errors"]
    assert [error["Code"] for error in errors] == [code]
    assert fault["TrackingId"]


async def test_what_is_not_json_is_refused(client):
    answer = await client.post(f"{API}/OfflineConversions/Apply", content=b"{", headers=MICROSOFT)
    assert answer.json()["Errors"][0]["Code"] == 100


async def test_a_thousand_conversions_are_taken_at_once(client):
    items = [conversion(MicrosoftClickId=f"{number:032x}") for number in range(1_000)]
    assert await apply(client, *items) == []
    assert (await book(client, "microsoft_ads"))["conversions"] == 1_000


async def test_conversions_are_shown_by_click_and_time(client):
    await apply(client, conversion(), "conversion")
    [request] = (await book(client, "microsoft_ads"))["requests"]
    assert request["eventIds"] == [f"{CLICK} 2026-11-23T11:00:00Z"]


class TestAccess:
    @pytest.mark.parametrize(
        ("headers", "code", "status"),
        [
            ({"authorization": None}, 116, 400),
            ({"authorization": "Basic sandbox-access"}, 116, 400),
            ({"developertoken": None}, 116, 400),
            ({"customerid": None}, 116, 400),
            ({"customeraccountid": None}, 116, 400),
            ({"authorization": "Bearer other"}, 105, 401),
            ({"developertoken": "other"}, 105, 401),
            ({"authorization": f"Bearer sandbox-until-{int(START.timestamp())}-x"}, 109, 401),
            ({"customeraccountid": "X1234567"}, 201, 400),
            ({"customeraccountid": "180000404"}, 106, 403),
        ],
    )
    @pytest.mark.parametrize(
        "operation",
        ["OfflineConversions/Apply", "OfflineConversionAdjustments/Apply", "ConversionGoals/QueryByIds"],
    )
    async def test_wrong_headers_are_refused_by_number(self, client, operation, headers, code, status):
        answer = await call(client, operation, {}, **headers)
        fault = answer.json()
        assert answer.status_code == status
        [error] = fault.get("Errors") or fault["OperationErrors"]
        assert error["Code"] == code
        assert (await book(client, "microsoft_ads"))["conversions"] == 0

    async def test_a_token_of_the_endpoint_works_until_it_ends(self, client, clock):
        granted = (await client.post("/microsoft_ads/token", data=GRANT)).json()
        bearer = {"authorization": f"Bearer {granted['access_token']}"}
        body = {"OfflineConversions": [conversion()]}
        assert (await call(client, "OfflineConversions/Apply", body, **bearer)).status_code == 200
        clock.advance(seconds=granted["expires_in"])
        assert (await call(client, "OfflineConversions/Apply", body, **bearer)).status_code == 401

    @pytest.mark.parametrize("version", ["v12", "v14"])
    async def test_another_version_does_not_answer(self, client, version):
        path = f"/microsoft_ads/CampaignManagement/{version}/OfflineConversions/Apply"
        assert (await client.post(path, json={}, headers=MICROSOFT)).status_code == 404


class TestTokens:
    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"grant_type": None}, 400, "invalid_request"),
            ({"client_id": None}, 400, "invalid_request"),
            ({"refresh_token": None}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"scope": None}, 400, "invalid_scope"),
            ({"scope": "https://ads.microsoft.com/ads.manage"}, 400, "invalid_scope"),
            ({"refresh_token": "old"}, 400, "invalid_grant"),
            ({"client_secret": None}, 401, "invalid_client"),
            ({"refresh_token": "sandbox-public-1"}, 401, "invalid_client"),
        ],
    )
    async def test_a_grant_that_is_not_as_documented_is_refused(self, client, changes, status, code):
        answer = await client.post("/microsoft_ads/token", data=changed(GRANT, changes))
        assert (answer.status_code, answer.json()["error"]) == (status, code)
        assert answer.json()["error_description"].startswith("AADSTS")

    async def test_json_is_not_a_form(self, client):
        answer = await client.post("/microsoft_ads/token", json=GRANT)
        assert answer.json()["error"] == "invalid_request"

    @pytest.mark.parametrize(
        "changes", [{}, {"refresh_token": "sandbox-public-1", "client_secret": None}], ids=["web", "public"]
    )
    async def test_each_answer_brings_a_new_refresh_token_that_works(self, client, changes):
        first = (await client.post("/microsoft_ads/token", data=changed(GRANT, changes))).json()
        assert first["token_type"] == "Bearer"
        again = changed(GRANT, {**changes, "refresh_token": first["refresh_token"]})
        assert (await client.post("/microsoft_ads/token", data=again)).status_code == 200

    async def test_no_secret_is_kept(self, client):
        await client.post("/microsoft_ads/token", data=GRANT)
        kept = str((await book(client, "microsoft_ads"))["otherCalls"])
        assert "sandbox-secret" not in kept
        assert "sandbox-refresh" not in kept


class TestGoals:
    async def listed(self, client: httpx.AsyncClient) -> dict[str, str]:
        body = {"ConversionGoalIds": None, "ConversionGoalTypes": "Event,OfflineConversion"}
        goals = (await call(client, "ConversionGoals/QueryByIds", body)).json()["ConversionGoals"]
        return {goal["Name"]: goal["Status"] for goal in goals}

    async def test_the_account_has_some_from_the_beginning_and_one_is_paused(self, client):
        assert await self.listed(client) == {**dict.fromkeys(FROM_THE_BEGINNING, "Active"), PAUSED: "Paused"}

    async def test_a_name_that_was_used_is_listed_and_one_that_does_not_exist_is_not(self, client):
        await apply(client, conversion(ConversionName="Signed"), conversion(ConversionName="Goal 404"))
        names = await self.listed(client)
        assert "Signed" in names
        assert "Goal 404" not in names

    @pytest.mark.parametrize("body", [{}, {"ConversionGoalTypes": "Event"}, []])
    async def test_another_question_is_refused(self, client, body):
        answer = await call(client, "ConversionGoals/QueryByIds", body)
        assert answer.json()["OperationErrors"][0]["Code"] == 201

    def test_only_the_last_names_are_remembered(self, monkeypatch):
        monkeypatch.setattr(played_goals, "REMEMBERED", 2)
        goals = Goals()
        assert all(goals.has(name) for name in ("a", "b", "c"))
        names = [goal["Name"] for goal in goals.shown()]
        assert names[-2:] == ["b", "c"]
        assert "a" not in names
