"""What an Accept header asks for."""

import pytest

from schema.media import takes_events, takes_json


@pytest.mark.parametrize(
    ("accept", "events", "json"),
    [
        (None, False, False),
        ("", False, False),
        ("*/*", False, True),
        ("text/*", False, False),
        ("text/event-stream", True, False),
        ("TEXT/Event-Stream; charset=utf-8", True, False),
        ("text/event-stream;q=0", False, False),
        ("text/event-stream;q=0.1, application/json", True, True),
        ("application/graphql-response+json, text/event-stream, multipart/mixed", True, True),
        ("text/event-stream, application/json;q=0", True, False),
        ("text/event-stream, application/*", True, True),
    ],
)
def test_events_must_be_named_and_json_need_not_be(accept: str | None, events: bool, json: bool) -> None:
    assert (takes_events(accept), takes_json(accept)) == (events, json)
