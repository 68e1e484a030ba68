"""Clients that go on calling whatever happens, and remember every answer."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.torture.installation import KEY, Installation

PERSISTENCE_S = 60.0
"""How long a caller with an idempotency key repeats a call that nobody answers."""
_SERVER_ERROR = 500
_FIRST_PRICE_CENTS = 100_000
_CLICKED = timedelta(days=2)
_AGO = timedelta(hours=20)

UPDATE = """
mutation ($input: UpdateLeadStatusInput!) {
  updateLeadStatus(input: $input) {
    __typename
    ... on QueuedResult { replayed job { id } }
    ... on OpenResult { replayed }
    ... on DuplicateJobError { job { id price } }
    ... on UserError { code message }
  }
}
"""
CREATE = """
mutation ($input: CreateLeadInput!) {
  createLead(input: $input) { __typename ... on CreateLeadSuccess { lead { id } } ... on UserError { code message } }
}
"""


@dataclass(slots=True)
class Call:
    """One status change that somebody asked for, perhaps many times."""

    price_cents: int
    """No other call has the same: its jobs are found by it."""
    variables: dict[str, Any]
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """What all callers together know."""

    calls: list[Call] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    """Tries without an answer, by what was there instead."""
    complaints: list[str] = field(default_factory=list)
    """Answers that must not be."""
    leads_created: int = 0
    begun_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def new_call(self, lead: Mapping[str, Any], conversion_id: UUID | str, **more: Any) -> Call:
        """A call with a price of its own."""
        price = _FIRST_PRICE_CENTS + len(self.calls)
        given = {"lead": dict(lead), "conversionId": str(conversion_id), "price": price, **more}
        self.calls.append(Call(price, given))
        return self.calls[-1]

    def new_dated_call(self, lead: Mapping[str, Any], conversion_id: UUID | str, **more: Any) -> Call:
        """The same, at a second of its own: by that Microsoft tells one click's conversions of a goal apart."""
        occurred_at = self.begun_at - _AGO + timedelta(seconds=len(self.calls))
        return self.new_call(lead, conversion_id, occurredAt=occurred_at.isoformat(), **more)


class Caller:
    """A client of the public face."""

    def __init__(
        self, installation: Installation, record: Record, dice: random.Random, *, pause_s: float
    ) -> None:
        """`pause_s`: between two calls, on average."""
        self._installation = installation
        self._record = record
        self._dice = dice
        self._pause_s = pause_s

    async def go_on(self, enough: asyncio.Event) -> None:
        """Call until there is enough, then finish the call under way."""
        async with _client() as http:
            while not enough.is_set():
                [way] = self._dice.choices(
                    [self.new_lead, self._shared_lead, self._twice, self._once], [4, 4, 1, 1]
                )
                await way(http)
                await asyncio.sleep(self._dice.uniform(0, 2 * self._pause_s))

    async def new_lead(self, http: httpx.AsyncClient) -> None:
        """A lead of its own, to its end."""
        lead = await self._created(http)
        if lead is not None:
            call = self._record.new_call(lead, self._label(), idempotencyKey=str(uuid4()))
            await self._insist(http, call)
            if self._dice.random() < 0.3:
                await self._insist(http, call)

    async def _twice(self, http: httpx.AsyncClient) -> None:
        """The same call in the same moment, as a double click or an impatient proxy makes it."""
        lead = await self._created(http)
        if lead is not None:
            call = self._record.new_call(lead, self._label(), idempotencyKey=str(uuid4()))
            await asyncio.gather(self._insist(http, call), self._insist(http, call))

    async def _shared_lead(self, http: httpx.AsyncClient) -> None:
        """A lead that others change as well."""
        await self._insist(http, self._record.new_dated_call(**self._change(), idempotencyKey=str(uuid4())))

    async def _once(self, http: httpx.AsyncClient) -> None:
        """A client that knows nothing of keys and does not try again."""
        call = self._record.new_dated_call(**self._change())
        answer = await self._post(http, UPDATE, call.variables)
        if answer is not None:
            self._note(call, answer["updateLeadStatus"])

    def _change(self) -> dict[str, Any]:
        conversion_id = self._dice.choice([*self._installation.label_ids, self._label(), "open", "lost"])
        return {
            "lead": {"leadId": str(self._dice.choice(self._installation.lead_ids))},
            "conversion_id": conversion_id,
            "onConflict": self._dice.choice(["REJECT", "SUPERSEDE"]),
        }

    def _label(self) -> UUID:
        return self._dice.choice(self._installation.label_ids)

    async def _created(self, http: httpx.AsyncClient) -> dict[str, Any] | None:
        """How a new lead is named; None: nobody confirmed it."""
        form = complete_form(uuid4().hex)
        answer = await self._insisted(http, CREATE, form)
        if answer is None:
            return None
        result = answer["createLead"]
        if result["__typename"] != "CreateLeadSuccess":
            self._record.complaints.append(f"createLead: {result}")
            return None
        self._record.leads_created += 1
        return {"uniqueIdentifier": form["uniqueIdentifier"]}

    async def _insist(self, http: httpx.AsyncClient, call: Call) -> None:
        answer = await self._insisted(http, UPDATE, call.variables)
        if answer is not None:
            self._note(call, answer["updateLeadStatus"])

    async def _insisted(
        self, http: httpx.AsyncClient, query: str, given: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Ask until somebody answers; None: nobody did, for too long."""
        until = asyncio.get_running_loop().time() + PERSISTENCE_S
        while asyncio.get_running_loop().time() < until:
            answer = await self._post(http, query, given)
            if answer is not None:
                return answer
            await asyncio.sleep(self._dice.uniform(0.02, 0.3))
        self._record.failures["gave up"] += 1
        return None

    async def _post(
        self, http: httpx.AsyncClient, query: str, given: dict[str, Any]
    ) -> dict[str, Any] | None:
        """What was answered; None: nothing that says how it ended."""
        origin = self._dice.choice(self._installation.webs)
        try:
            response = await http.post(
                f"{origin}/graphql", json={"query": query, "variables": {"input": given}}
            )
        except httpx.TransportError as error:
            self._record.failures[type(error).__name__] += 1
            return None
        if response.status_code >= _SERVER_ERROR:
            self._record.failures[f"HTTP {response.status_code}"] += 1
            return None
        answer = response.json()
        if "errors" in answer:
            self._record.failures[str(answer["errors"][0].get("extensions", {}).get("code"))] += 1
            return None
        data: dict[str, Any] = answer["data"]
        return data

    def _note(self, call: Call, result: dict[str, Any]) -> None:
        call.answers.append(result)
        kind = result["__typename"]
        if kind not in {"QueuedResult", "OpenResult", "DuplicateJobError"}:
            self._record.complaints.append(f"updateLeadStatus: {result}")
        elif kind == "DuplicateJobError" and result["job"]["price"] == call.price_cents:
            self._record.complaints.append(f"a retry met the job it had made itself: {result}")


async def queue(installation: Installation, record: Record, number: int) -> None:
    """So many new leads at once, each with a status change; returns when all are answered."""
    async with _client() as http, asyncio.TaskGroup() as tasks:
        for seed in range(number):
            caller = Caller(installation, record, random.Random(seed), pause_s=0)
            tasks.create_task(caller.new_lead(http))


async def refused(record: Record, *, tries: int) -> None:
    """Wait until so many tries came to nothing."""
    async with asyncio.timeout(PERSISTENCE_S):
        while record.failures.total() < tries:
            await asyncio.sleep(0.05)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(headers={"X-API-Key": KEY}, timeout=15.0)


def complete_form(name: str) -> dict[str, Any]:
    """CreateLeadInput of a person that every platform takes, by a name nobody else has."""
    clicked_at = datetime.now(UTC) - _CLICKED
    granted = ("adStorage", "analyticsStorage", "adUserData", "adPersonalization")
    number = int(name[:12], 16)
    return {
        "uniqueIdentifier": f"crm-{name}",
        "uniqueEventId": f"form-{name}",
        "firstName": "Ada",
        "lastName": "Example",
        "email": f"{name}@example.com",
        "phone": "+44 7700 900123",
        "countryCode": "GB",
        "postalCode": "SW1A 1AA",
        "attribution": {
            "gclid": f"Cj0KCQiA-{name}",
            "fbclid": f"IwAR-{name}",
            "metaLeadId": str(10**14 + number),
            "msclkid": name,
            "ttclid": f"E.C.P.{name}",
            "liFatId": str(UUID(name)),
            "gaClientId": f"{number}.{int(clicked_at.timestamp())}",
            "gaSessionId": str(int(clicked_at.timestamp())),
            "landingPageUrl": "https://www.example.com/offer",
            "clickedAt": clicked_at.isoformat(),
        },
        "consent": dict.fromkeys(granted, "GRANTED"),
        "device": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64)"},
    }


def kinds(calls: Sequence[Call]) -> Counter[str]:
    """How many calls were answered how."""
    return Counter(call.answers[0]["__typename"] if call.answers else "no answer" for call in calls)
