"""Guarded requests over real TLS: to an address, in the name of a host."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from standardwebhooks import Webhook

from app.connectors import transport
from app.connectors.http import Answer, Unanswered, Wire
from app.connectors.webhook.addresses import NOT_ENCRYPTED, PRIVATE, Destination
from app.connectors.webhook.posting import post_signed, post_to_first
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import NOW
from tests.connectors.webhook.stage import SECRET

NAME = "hooks.example.com"
WIRE = Wire(clock=lambda: NOW)
OPEN = Wire(clock=lambda: NOW, allow_private_addresses=True)


@dataclass
class TlsServer:
    """A server with a certificate for NAME and for 127.0.0.1, whose issuer is trusted."""

    port: int = 0
    names: list[str | None] = field(default_factory=list)
    """What was asked for in the handshake."""
    heads: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    def destination(self, name: str | None = NAME) -> Destination:
        return Destination(
            url=httpx.URL(f"https://127.0.0.1:{self.port}/hooks?a=b"),
            host=f"{name or '127.0.0.1'}:{self.port}",
            server_name=name,
        )


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of its own issue."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept, secret = folder / "certificate.pem", folder / "key.pem"
    kept.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return kept, secret


@pytest.fixture
async def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TlsServer]:
    told = TlsServer()
    kept, secret = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(kept))
    transport.trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept, secret)
    context.sni_callback = lambda _socket, name, _context: told.names.append(name)
    server = await asyncio.start_server(told.serve, "127.0.0.1", 0, ssl=context)
    told.port = server.sockets[0].getsockname()[1]
    yield told
    server.close()
    await server.wait_closed()
    transport.trusted.cache_clear()


async def test_the_request_goes_to_the_address_in_the_name_of_the_host(tls: TlsServer) -> None:
    found = await post_to_first([tls.destination()], b"{}", {"webhook-id": "msg_1"}, WIRE)
    assert isinstance(found, Answer)
    assert found.status == 200
    assert tls.names == [NAME]
    [head] = tls.heads
    assert head.startswith("post /hooks?a=b http/1.1\r\n")
    assert f"\r\nhost: {NAME}:{tls.port}\r\n" in head
    assert "\r\nwebhook-id: msg_1\r\n" in head


async def test_an_address_without_a_name_is_verified_as_it_stands(tls: TlsServer) -> None:
    found = await post_to_first([tls.destination(None)], b"{}", {}, WIRE)
    assert isinstance(found, Answer)


async def test_a_certificate_for_another_name_gets_nothing(tls: TlsServer) -> None:
    found = await post_to_first([tls.destination("other.example.com")], b"{}", {}, WIRE)
    assert found == Unanswered(written=False, code="CONNECTION")
    assert tls.heads == []


async def test_a_connection_that_was_verified_for_one_name_is_not_used_for_another(tls: TlsServer) -> None:
    await post_to_first([tls.destination()], b"{}", {}, WIRE)
    found = await post_to_first([tls.destination("other.example.com")], b"{}", {}, WIRE)
    assert isinstance(found, Unanswered)
    assert len(tls.heads) == 1


async def test_an_issuer_nobody_trusts_gets_nothing(tls: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    transport.trusted.cache_clear()
    assert isinstance(await post_to_first([tls.destination()], b"{}", {}, WIRE), Unanswered)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_is_passed_by(
    variable: str, tls: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    assert isinstance(await post_to_first([tls.destination()], b"{}", {}, WIRE), Answer)


async def test_the_next_address_is_tried_when_nothing_was_written(tls: TlsServer) -> None:
    dead = Destination(url=httpx.URL("https://127.0.0.1:1/"), host=NAME, server_name=NAME)
    assert isinstance(await post_to_first([dead, tls.destination()], b"{}", {}, WIRE), Answer)
    assert await post_to_first([dead, dead], b"{}", {}, WIRE) == Unanswered(written=False, code="CONNECTION")


async def test_no_other_address_is_tried_once_something_was_written(
    tls: TlsServer, server: HttpServer
) -> None:
    async def cut(_: asyncio.StreamWriter) -> None:
        pass

    server.tell("", cut)
    cutting = Destination(url=httpx.URL(server.url), host=NAME, server_name=None)
    found = await post_to_first([cutting, tls.destination()], b"{}", {}, WIRE)
    assert found == Unanswered(written=True, code="CONNECTION")
    assert tls.heads == []


# ---- signed ----


async def test_every_attempt_is_signed_at_its_own_time(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(200))
    for wire in (OPEN, Wire(clock=lambda: NOW + timedelta(minutes=7), allow_private_addresses=True)):
        await post_signed(http, server.url, {"a": "é"}, message_id="msg_1", secret=SECRET, wire=wire)
    library = Webhook(SECRET.get_secret_value())
    for request, at in zip(server.received, (NOW, NOW + timedelta(minutes=7)), strict=True):
        assert request.headers["webhook-id"] == "msg_1"
        assert request.headers["webhook-timestamp"] == str(int(at.timestamp()))
        expected = library.sign("msg_1", at, request.body.decode())
        # The test's server lowers all it reads of a head.
        assert request.headers["webhook-signature"] == expected.lower()
        assert request.headers["content-type"] == "application/json"


async def test_where_private_addresses_are_allowed_names_are_left_to_the_client(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    async def never(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError

    server.tell("", answer(204))
    url = server.url.replace("127.0.0.1", "localhost")
    found = await post_signed(http, url, {}, message_id="msg_1", secret=SECRET, wire=OPEN, resolve=never)
    assert isinstance(found, Answer)


async def test_otherwise_a_private_address_gets_nothing(server: HttpServer, http: httpx.AsyncClient) -> None:
    secure = server.url.replace("http:", "https:")
    for url, refusal in ((server.url, NOT_ENCRYPTED), (secure, PRIVATE)):
        assert await post_signed(http, url, {}, message_id="m", secret=SECRET, wire=WIRE) == refusal
    assert server.received == []


async def test_a_name_is_resolved_for_every_attempt_and_checked_each_time(http: httpx.AsyncClient) -> None:
    answers = [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"]]

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    for _ in range(2):
        found = await post_signed(
            http, f"https://{NAME}/", {}, message_id="m", secret=SECRET, wire=WIRE, resolve=rebinding
        )
        assert found == PRIVATE
    assert answers == []


async def test_a_name_that_does_not_resolve_is_no_answer(http: httpx.AsyncClient) -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    found = await post_signed(
        http, f"https://{NAME}/", {}, message_id="m", secret=SECRET, wire=WIRE, resolve=unknown
    )
    assert found == Unanswered(written=False, code="NAME_NOT_RESOLVED")


@pytest.mark.parametrize(
    ("url", "secret"), [("nonsense", SECRET.get_secret_value()), ("https://example.com", "whsec_x")]
)
async def test_what_was_never_valid_is_a_mistake_of_the_caller(
    url: str, secret: str, http: httpx.AsyncClient
) -> None:
    with pytest.raises(ValueError, match="must be"):
        await post_signed(http, url, {}, message_id="m", secret=SecretStr(secret), wire=WIRE)
