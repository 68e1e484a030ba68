"""Every case of Microsoft's catalogue, with the answer its documentation has for it, and what a connector makes of it."""

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.microsoft_ads.outcomes import CATALOGUE as UNDERSTOOD
from app.sandbox.microsoft_ads.catalogue import CASES
from app.sandbox.microsoft_ads.codes import CODES, HTTP_STATUS, OF_THE_REQUEST
from app.sandbox.transport_cases import TRANSPORT_CASES
from app.values import DeliveryKind
from tests.connectors.cases import CASES as CONNECTORS
from tests.connectors.leads import NOW, lead
from tests.connectors.sandboxed import sandboxed
from tests.sandbox.stage import book, script
from tests.sandbox.stage import microsoft_conversion as conversion
from tests.sandbox.test_played_microsoft_ads import GRANT, adjust, adjustment, apply, call

[CONNECTOR] = [case for case in CONNECTORS if case.name == "microsoft_ads"]
OF_AN_ITEM = [code for code in CODES if code not in OF_THE_REQUEST]
OF_ADJUSTMENTS = range(5618, 5628)
TOKEN = {
    "INVALID_GRANT": 400,
    "INVALID_CLIENT": 401,
    "INTERACTION_REQUIRED": 400,
    "TEMPORARILY_UNAVAILABLE": 503,
}
MORE = {"RATE_LIMITED", "NEW_CODE"}


def test_every_case_is_tried_here():
    tried = {*map(str, CODES), *TOKEN, *MORE, *(case.name for case in TRANSPORT_CASES)}
    assert tried == set(CASES)


def test_all_that_a_connector_understands_can_be_played():
    assert set(CODES) == set(UNDERSTOOD)


@pytest.mark.parametrize("code", OF_THE_REQUEST)
async def test_a_case_of_the_request_refuses_all_of_it(client, code):
    await script(client, "microsoft_ads", fail=str(code))
    body = {"OfflineConversions": [conversion()]}
    answer = await call(client, "OfflineConversions/Apply", body)
    assert answer.status_code == HTTP_STATUS.get(code, 400)
    fault = answer.json()
    [error] = fault.get("Errors") or fault["OperationErrors"]
    assert (error["Code"], error["ErrorCode"], error["Message"]) == (code, *CODES[code])
    assert fault["Type"] in {"AdApiFaultDetail", "ApiFaultDetail"}
    assert (await book(client, "microsoft_ads"))["conversions"] == 0


@pytest.mark.parametrize("code", [code for code in OF_AN_ITEM if code not in OF_ADJUSTMENTS])
async def test_a_case_of_an_item_strikes_the_first_and_the_others_are_taken(client, code):
    await script(client, "microsoft_ads", fail=str(code))
    [error] = await apply(client, conversion(), conversion(ConversionTime="2026-11-23T10:00:00Z"))
    assert (error["Index"], error["Code"], error["ErrorCode"]) == (0, code, CODES[code][0])
    assert (await book(client, "microsoft_ads"))["conversions"] == 1


@pytest.mark.parametrize("code", OF_ADJUSTMENTS)
async def test_a_case_of_an_adjustment_strikes_the_first(client, code):
    await apply(client, conversion())
    await script(client, "microsoft_ads", fail=str(code))
    [error] = await adjust(client, adjustment())
    assert (error["Index"], error["Code"], error["ErrorCode"]) == (0, code, CODES[code][0])
    assert (await book(client, "microsoft_ads"))["counted"][0]["value"] == 10.5


async def test_a_number_nobody_knows_can_be_played(client):
    await script(client, "microsoft_ads", fail="NEW_CODE")
    [error] = await apply(client, conversion())
    assert error["Code"] == 9999


async def test_only_a_rate_limit_says_when_to_come_back(client):
    for case, seconds in (("RATE_LIMITED", "7"), ("117", None)):
        await script(client, "microsoft_ads", fail=case)
        answer = await call(client, "OfflineConversions/Apply", {"OfflineConversions": [conversion()]})
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, seconds)


@pytest.mark.parametrize("case", TOKEN)
async def test_the_token_endpoint_can_refuse(client, case):
    await script(client, "microsoft_ads", fail=case)
    answer = await client.post("/microsoft_ads/token", data=GRANT)
    assert (answer.status_code, answer.json()["error"]) == (TOKEN[case], case.lower())


@pytest.mark.parametrize("endpoint", ["adjust", "goals"])
async def test_a_case_of_the_request_strikes_elsewhere_when_told_to(client, endpoint):
    await script(client, "microsoft_ads", fail="106", endpoint=endpoint)
    operation = {"adjust": "OfflineConversionAdjustments/Apply", "goals": "ConversionGoals/QueryByIds"}[
        endpoint
    ]
    assert (await call(client, operation, {})).status_code == 403


@pytest.mark.parametrize("code", UNDERSTOOD)
async def test_the_connector_ends_each_case_as_its_catalogue_says(code):
    kind = DeliveryKind.RETRACT if code in OF_ADJUSTMENTS else DeliveryKind.SEND
    endpoint = "adjust" if kind is DeliveryKind.RETRACT else "apply"
    async with sandboxed(CONNECTOR) as stage:
        # An expired token is tried twice.
        await stage.order(fail=str(code), endpoint=endpoint, times=2)
        conversion_ = CONNECTOR.conversion(kind=kind)
        body = stage.connector.build(lead(), conversion_, stage.connection.settings, test_mode=False)
        outcome = await stage.connector.send(stage.connection, body)
    assert (outcome.kind, outcome.code, outcome.known) == (UNDERSTOOD[code].kind, str(code), True)
    assert outcome.message


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("INVALID_GRANT", OutcomeKind.AUTHENTICATION),
        ("INVALID_CLIENT", OutcomeKind.AUTHENTICATION),
        ("INTERACTION_REQUIRED", OutcomeKind.AUTHENTICATION),
        ("TEMPORARILY_UNAVAILABLE", OutcomeKind.RETRY),
        ("HTML_OK", OutcomeKind.RETRY),
        ("TRUNCATED", OutcomeKind.AMBIGUOUS),
        ("EMPTY", OutcomeKind.AMBIGUOUS),
        ("NEW_CODE", OutcomeKind.RETRY),
    ],
)
async def test_the_connector_ends_what_has_no_number_of_microsofts(case, kind):
    async with sandboxed(CONNECTOR) as stage:
        await stage.order(fail=case)
        body = stage.connector.build(
            lead(), CONNECTOR.conversion(), stage.connection.settings, test_mode=False
        )
        outcome = await stage.connector.send(stage.connection, body)
    assert outcome.kind is kind
    assert outcome.message


async def test_what_the_connector_sends_is_counted_once_restated_and_retracted():
    async with sandboxed(CONNECTOR) as stage:

        async def counted(kind: DeliveryKind, value_cents: int) -> tuple[int, float]:
            made = CONNECTOR.conversion(kind=kind, decided_at=NOW, value_cents=value_cents)
            body = stage.connector.build(lead(), made, stage.connection.settings, test_mode=False)
            outcome = await stage.connector.send(stage.connection, body)
            assert (outcome.kind, outcome.message) == (OutcomeKind.DELIVERED, None)
            told = await stage.book()
            for request in (*told["requests"], *told["otherCalls"]):
                assert "problems" not in request
            return told["conversions"], told["counted"][0]["value"]

        assert await counted(DeliveryKind.SEND, 125_050) == (1, 1250.5)
        assert await counted(DeliveryKind.SEND, 125_050) == (1, 1250.5)
        assert await counted(DeliveryKind.RESTATE, 99_900) == (1, 999.0)
        assert await counted(DeliveryKind.RETRACT, 0) == (0, 999.0)
