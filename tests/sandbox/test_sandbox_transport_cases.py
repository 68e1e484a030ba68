"""The failures every platform can be told to have."""

import json
from email.utils import parsedate_to_datetime

import pytest

from app.sandbox.transport_cases import HUGE_BYTES, TRANSPORT_CASES
from tests.sandbox.stage import SENDERS, START, book, script

PLATFORMS = pytest.mark.parametrize("platform", SENDERS)
REFUSING = {
    "HTML": 502,
    "REDIRECT": 302,
    "HTTP_403": 403,
    "HTTP_404": 404,
    "HTTP_408": 408,
    "HTTP_413": 413,
    "HTTP_425": 425,
    "HTTP_429": 429,
    "HTTP_500": 500,
    "HTTP_503": 503,
    "HTTP_504": 504,
}
TAKING = {"HTML_OK", "TRUNCATED", "EMPTY", "HUGE"}


def test_every_transport_case_is_tried_here():
    assert {case.name for case in TRANSPORT_CASES} == TAKING | set(REFUSING)


@PLATFORMS
@pytest.mark.parametrize("case", REFUSING)
async def test_a_refusal_is_a_page_with_its_status_and_takes_nothing(client, platform, case):
    await script(client, platform, fail=case)
    answer = await SENDERS[platform](client)
    assert answer.status_code == REFUSING[case]
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text
    assert (await book(client, platform))["conversions"] == 0


@PLATFORMS
@pytest.mark.parametrize("case", sorted(TAKING))
async def test_a_distorted_answer_has_the_usual_status_and_the_request_was_taken(client, platform, case):
    usual = await SENDERS[platform](client)
    await client.delete(f"/{platform}/requests")
    await script(client, platform, fail=case)
    answer = await SENDERS[platform](client)
    assert answer.status_code == usual.status_code or (usual.status_code == 204 and answer.status_code == 200)
    assert answer.content != usual.content or platform == "ga4"
    assert (await book(client, platform))["conversions"] == 1


@PLATFORMS
async def test_a_truncated_answer_is_not_json(client, platform):
    await script(client, platform, fail="TRUNCATED")
    answer = await SENDERS[platform](client)
    assert answer.content.startswith(b"{")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@PLATFORMS
async def test_an_empty_answer_has_no_byte(client, platform):
    await script(client, platform, fail="EMPTY")
    assert (await SENDERS[platform](client)).content == b""


@PLATFORMS
async def test_a_huge_answer_has_20_megabytes_and_is_not_kept(client, platform):
    await script(client, platform, fail="HUGE")
    answer = await SENDERS[platform](client)
    assert len(answer.content) > HUGE_BYTES == 20 * 1024 * 1024
    assert (await book(client, platform))["requests"][0]["response"]["leftOut"] is True


@PLATFORMS
async def test_html_in_place_of_json_has_the_usual_status(client, platform):
    await script(client, platform, fail="HTML_OK")
    answer = await SENDERS[platform](client)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@PLATFORMS
async def test_a_redirect_leads_to_another_address_of_the_same_platform(client, platform):
    await script(client, platform, fail="REDIRECT")
    answer = await SENDERS[platform](client)
    assert answer.next_request is not None
    assert answer.next_request.url.path.startswith(f"/{platform}/")
    assert answer.next_request.url.host == "sandbox.example.com"


async def test_retry_after_comes_in_seconds_and_as_a_date(client):
    await script(client, "meta", fail="HTTP_429")
    assert (await SENDERS["meta"](client)).headers["retry-after"] == "7"
    await script(client, "meta", fail="HTTP_503")
    until = parsedate_to_datetime((await SENDERS["meta"](client)).headers["retry-after"])
    assert (until - START).total_seconds() == 7
