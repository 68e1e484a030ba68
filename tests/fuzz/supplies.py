"""Keeps something there to be found: random ids would find nothing, and random mutations take away what there is."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpx

_LOOK: Final = """{
  leads(first: 50) { edges { node { id uniqueIdentifier } } }
  deliveries(first: 50) { edges { node { id job { id } } } }
  conversionLabels { id }
  integrations { id platform paused }
}"""
_ADD: Final = """mutation ($label: CreateConversionLabelInput!, $meta: ConnectIntegrationInput!) {
  a: createLead(input: {email: "ada-1@example.com", attribution: {fbclid: "IwAR-1"}}) { ... on CreateLeadSuccess { lead { id } } }
  b: createLead(input: {uniqueIdentifier: "crm-1"}) { __typename }
  connectIntegration(input: $meta) @include(if: %s) { __typename }
  createConversionLabel(input: $label) { __typename }
}"""
_META: Final = {
    "platform": "META",
    "name": "Meta",
    "settings": {"datasetId": "1234567890123456", "mode": "crm", "crmName": "Fuzz"},
    "credentials": {"accessToken": "sandbox-access-token"},
}
_FEW: Final = 3


async def supply(http: httpx.AsyncClient, key: str) -> dict[str, Sequence[str]]:
    """What is there after it was topped up: ids, by the names of the inputs they are for."""
    found = await _ask(http, key, _LOOK)
    meta = [one["id"] for one in found["integrations"] if one["platform"] == "META"]
    label = {
        "name": "Qualified",
        "mappings": [{"integrationId": one, "target": "Qualified"} for one in meta[:1]],
    }
    await _ask(http, key, _ADD % str(len(meta) < _FEW).lower(), {"label": label, "meta": _META})
    leads, deliveries = ([edge["node"] for edge in found[name]["edges"]] for name in ("leads", "deliveries"))
    jobs = _ids(delivery["job"] for delivery in deliveries)
    labels, integrations = _ids(found["conversionLabels"]), _ids(found["integrations"])
    return {
        "leadId": _ids(leads),
        "uniqueIdentifier": [lead["uniqueIdentifier"] for lead in leads if lead["uniqueIdentifier"]],
        "conversionId": [*labels, "open", "lost"],
        "labelId": labels,
        "integrationId": integrations,
        "jobId": jobs,
        "ids": _ids(deliveries),
        "id": [*labels, *integrations, *jobs],
    }


async def _ask(http: httpx.AsyncClient, key: str, query: str, variables: dict[str, Any] | None = None) -> Any:
    body = {"query": query, "variables": variables}
    response = await http.post("/graphql", json=body, headers={"x-api-key": key})
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


def _ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]
