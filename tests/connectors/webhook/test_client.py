from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.connectors.base import Connection, Outcome, OutcomeKind
from app.connectors.http import Wire
from app.connectors.webhook.connector import WebhookConnector
from tests.connectors.cases import CASES
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import NOW, lead

CASE = next(case for case in CASES if case.name == "webhook_personal")
ALLOWING = Wire(clock=lambda: NOW, allow_private_addresses=True)


def connected(
    server: HttpServer,
    http: httpx.AsyncClient,
    *,
    relay: str = "",
    wire: Wire | None = None,
    resolve: Any = None,
    **settings: Any,
) -> tuple[WebhookConnector, Connection]:
    wire = wire or Wire(clock=lambda: NOW)
    connector = WebhookConnector(wire, resolve=resolve) if resolve else WebhookConnector(wire)
    connection = CASE.connection(connector, server, http)
    return connector, replace(
        connection,
        settings=connector.settings_model.model_validate({**CASE.settings, **settings}),
        endpoint=replace(connection.endpoint, base_url=relay),
    )


async def sent(connector: WebhookConnector, connection: Connection) -> Outcome:
    body = connector.build(lead(), CASE.conversion(), connection.settings, test_mode=False)
    return await connector.send(connection, body)


async def test_a_message_goes_straight_to_its_address(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(204))
    connector, connection = connected(server, http, wire=ALLOWING, url=f"{server.url}/hooks/%C3%BC?a=b%20c")
    assert (await sent(connector, connection)).kind is OutcomeKind.DELIVERED
    [request] = server.received
    assert request.target == "/hooks/%C3%BC?a=b%20c"
    assert request.json["id"] == request.headers["webhook-id"]
    assert "leadwire-destination" not in request.headers


@pytest.mark.parametrize(
    ("path", "relayed"), [("", "/in?key=1"), ("/", "/in?key=1"), ("/relay/", "/relay/in?key=1")]
)
async def test_a_relay_takes_the_place_of_every_host_and_is_told_which_it_was(
    path: str, relayed: str, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", answer(204))
    url = "https://hooks.example.com:8443/in?key=1"
    connector, connection = connected(server, http, relay=server.url + path, url=url)
    assert (await sent(connector, connection)).kind is OutcomeKind.DELIVERED
    [request] = server.received
    assert request.target == relayed
    assert request.headers["leadwire-destination"] == url
    assert request.headers["host"] == server.url.removeprefix("http://")


async def test_a_relay_that_is_no_address_is_the_installations_mistake(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector, connection = connected(server, http, relay="relay.internal:8080")
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "ADDRESS_REFUSED")
    assert (outcome.message or "").startswith("LEADWIRE_WEBHOOK_BASE_URL must ")


async def test_a_private_address_holds_the_mapping_and_names_the_setting(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector, connection = connected(server, http, url=server.url.replace("http:", "https:"))
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "ADDRESS_REFUSED")
    assert "LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES" in (outcome.message or "")
    assert server.received == []


async def test_a_name_that_does_not_resolve_is_tried_again(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    connector, connection = connected(server, http, resolve=unknown)
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.code) == (OutcomeKind.RETRY, "NAME_NOT_RESOLVED")
    assert outcome.message == "The name in the webhook's address cannot be resolved."


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_a_yes_whatever_it_says(
    status: int, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", answer(status, b"" if status == 204 else b"<html>Thanks</html>"))
    connector, connection = connected(server, http, relay=server.url)
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.code, outcome.message) == (OutcomeKind.DELIVERED, None, None)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (300, OutcomeKind.CONFIGURATION, "redirect"),
        (308, OutcomeKind.CONFIGURATION, "redirect"),
        (401, OutcomeKind.AUTHENTICATION, "same signing secret"),
        (403, OutcomeKind.CONFIGURATION, "does not allow"),
        (404, OutcomeKind.CONFIGURATION, "nothing at the webhook's address"),
        (410, OutcomeKind.CONFIGURATION, "no more messages"),
        (402, OutcomeKind.RETRY, "tried again"),
        (405, OutcomeKind.RETRY, "tried again"),
        (409, OutcomeKind.RETRY, "tried again"),
        (499, OutcomeKind.RETRY, "tried again"),
        (507, OutcomeKind.RETRY, "not available"),
    ],
)
async def test_a_refusal_is_never_for_good(
    status: int, kind: OutcomeKind, says: str, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", answer(status, "<html>Sorry</html>", Content_Type="text/html"))
    connector, connection = connected(server, http, relay=server.url)
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.code, outcome.known) == (kind, f"HTTP_{status}", True)
    assert says in (outcome.message or "")


async def test_a_status_out_of_this_world_is_tried_a_few_times(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", answer(677))
    connector, connection = connected(server, http, relay=server.url)
    outcome = await sent(connector, connection)
    assert (outcome.kind, outcome.known) == (OutcomeKind.RETRY, False)


@pytest.mark.parametrize("name", ["message", "error"])
async def test_the_receivers_own_words_are_shown_without_the_person(
    name: str, server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", answer(422, {name: "no lead Zeta in London, whsec_x", "echo": {"city": "London"}}))
    connector, connection = connected(server, http, relay=server.url)
    outcome = await sent(connector, connection)
    assert "Webhook says: no lead [redacted] in [redacted]" in (outcome.message or "")
    assert "Zeta" not in repr(outcome)
    assert "London" not in repr(outcome)


async def test_a_secret_is_masked_with_and_without_its_prefix(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    [secret] = CASE.secrets
    bare = secret.removeprefix("whsec_")
    server.tell("", answer(401, {"error": f"expected {secret}", "key": bare}))
    connector, connection = connected(server, http, relay=server.url)
    assert bare not in repr(await sent(connector, connection))


async def test_every_trial_is_a_new_message_about_nobody(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(200))
    connector, connection = connected(server, http, relay=server.url)
    for target in (None, "lead.won"):
        outcome = await connector.probe(connection, target)
        assert outcome.kind is OutcomeKind.DELIVERED
        assert "leadwire.test" in (outcome.message or "")
    first, second = (request.json for request in server.received)
    assert first["id"] != second["id"]
    assert (first["type"], first["data"], first["test"]) == ("leadwire.test", {}, True)


async def test_a_trial_says_what_is_wrong_with_the_address(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector, connection = connected(server, http, url="https://127.0.0.1/")
    assert (await connector.probe(connection, None)).kind is OutcomeKind.CONFIGURATION
