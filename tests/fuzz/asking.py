"""Random requests: documents by every way in, mutated ones, and bytes that are nothing."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from app.rest import PATH
from tests.fuzz.documents import Document, Documents
from tests.fuzz.values import Values

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
_ACCEPTS: Final = (
    JSON,
    "application/graphql-response+json",
    "*/*",
    f"application/graphql-response+json, {JSON};q=0.9",
)
_METHODS: Final = ("PUT", "PATCH", "DELETE", "OPTIONS", "GET", "TRACE")
_TYPES: Final = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "application/json; charset=latin-1",
)
_TOKENS: Final = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "...",
    "@",
    '"',
    '"""',
    "#",
    "\x00",
    "\ufeff",
    "on",
    "query",
    "fragment",
    "null",
    "1e999",
    "\\ud800",
    "😀",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    kind: str
    """For the table."""
    method: str = "POST"
    path: str = "/graphql"
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_stream(self) -> bool:
        """The answer may stay open: its beginning is enough."""
        return EVENTS in self.headers.get("accept", "")


class Requests:
    """Makes requests."""

    def __init__(self, documents: Documents, key: str) -> None:
        self._documents, self._values, self.key = documents, documents.values, key
        self._seen: list[Document] = []

    def make(self) -> Asked:
        """One of any kind."""
        makers = {
            self._document: 55,
            self._mutated: 15,
            self._persisted: 5,
            self._get: 6,
            self._events: 4,
            self._plain: 5,
            self._nonsense: 4,
            self._broken_json: 4,
            self._wrong_way: 2,
        }
        [make] = self._values.random.choices(list(makers), list(makers.values()))
        return make()

    def _headers(self, **more: str) -> dict[str, str]:
        accept = self._values.random.choice(_ACCEPTS)
        return {"x-api-key": self.key, "content-type": JSON, "accept": accept} | more

    def _post(self, kind: str, body: Any, **headers: str) -> Asked:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Asked(kind, content=content, headers=self._headers(**headers))

    def _fresh(self) -> Document:
        if self._seen and self._values.chance(0.2):
            return self._values.random.choice(self._seen)
        document = self._documents.make()
        self._seen = [*self._seen[-99:], document]
        return document

    def _document(self) -> Asked:
        document = self._fresh()
        return self._post(document.kind, _body(document))

    def _mutated(self) -> Asked:
        document = self._fresh()
        body = _body(document) | {"query": _mutate(document.query, self._values)}
        return self._post("mutated document", body)

    def _persisted(self) -> Asked:
        document = self._fresh()
        digest = hashlib.sha256(document.query.encode()).hexdigest()
        body = _body(document)
        if self._values.chance(0.5):
            body |= {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
        else:
            body |= {
                "documentId": self._values.random.choice((f"sha256:{digest}", digest, self._values.text()))
            }
        if self._values.chance(0.6):
            del body["query"]
        return self._post("persisted", body)

    def _get(self) -> Asked:
        document = self._fresh()
        given = {"query": document.query, "variables": json.dumps(document.variables)}
        address = urlencode({name: value for name, value in given.items() if value != "null"})
        if self._values.chance(0.2):
            address = _mutate(address, self._values).encode("ascii", "ignore").decode()
        address = "".join(letter for letter in address if letter.isprintable() and letter not in " #")
        return Asked("GET", "GET", f"/graphql?{address[:15_000]}", headers=self._headers())

    def _events(self) -> Asked:
        return self._post("events", _body(self._fresh()), accept=EVENTS)

    def _plain(self) -> Asked:
        kind = self._documents.schema.type_map["UpdateLeadStatusInput"]
        self._values.sane = self._values.random.choice((1.0, 0.9))
        given = self._values.of(kind)  # type: ignore[arg-type]
        if isinstance(given, dict) and isinstance(given.get("lead"), dict):
            given |= given.pop("lead")
        content = json.dumps(given).encode()
        return Asked("plain request", path=PATH, content=content, headers=self._headers())

    def _nonsense(self) -> Asked:
        random = self._values.random
        return self._post("random bytes", random.randbytes(random.choice((0, 1, 20, 500, 70_000))))

    def _broken_json(self) -> Asked:
        text = bytearray(json.dumps(_body(self._fresh())).encode())
        for _ in range(self._values.random.randrange(1, 5)):
            at = self._values.random.randrange(len(text))
            text[at : at + self._values.random.randrange(3)] = self._values.random.randbytes(
                self._values.random.randrange(3)
            )
        return self._post("broken JSON", bytes(text))

    def _wrong_way(self) -> Asked:
        random, values = self._values.random, self._values
        body = json.dumps(_body(self._fresh())).encode()
        headers = self._headers()
        if values.chance(0.5):
            return Asked("wrong way", random.choice(_METHODS), "/graphql", body, headers)
        if values.chance(0.5):
            return Asked(
                "wrong way", "POST", "/graphql", body, headers | {"content-type": random.choice(_TYPES)}
            )
        return Asked(
            "wrong way",
            "POST",
            "/graphql",
            body,
            headers | {"x-api-key": random.choice(("", "x", "x" * 5_000))},
        )


def _body(document: Document) -> dict[str, Any]:
    body: dict[str, Any] = {"query": document.query}
    if document.variables is not None:
        body["variables"] = document.variables
    if document.operation_name is not None:
        body["operationName"] = document.operation_name
    return body


def _mutate(text: str, values: Values) -> str:
    """Without some words, with some doubled or moved, and with signs that do not belong."""
    words = text.split(" ")
    for _ in range(values.random.randrange(1, 6)):
        at = values.random.randrange(len(words))
        match values.random.randrange(4):
            case 0:
                del words[at : at + values.random.randrange(1, 3)]
            case 1:
                words.insert(at, values.random.choice(_TOKENS))
            case 2:
                words[at:at] = words[at : at + values.random.randrange(1, 30)]
            case _:
                other = values.random.randrange(len(words))
                words[at], words[other] = words[other], words[at]
        words = words or [""]
    return " ".join(words)
