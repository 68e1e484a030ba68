"""The audit log as it is asked for."""

from typing import Any

from tests.api import Api

LOG = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: AuditFilter) {
  auditLog(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node {
      id action subjectKind subjectId keyId keyName requestId createdAt
      changes { field before after }
      job { id label { name } price }
    } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
CREATE = """
mutation ($input: CreateLeadInput!) {
  createLead(input: $input) { __typename ... on CreateLeadSuccess { lead { id } } }
}
"""


async def page(api: Api, **asked: Any) -> Any:
    return (await api.ask(LOG, asked))["auditLog"]


async def events(api: Api, **which: Any) -> list[Any]:
    found = await page(api, filter=which)
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"] for edge in found["edges"]]


async def actions(api: Api, **which: Any) -> list[str]:
    return [event["action"] for event in await events(api, **which)]


def changed(event: Any) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["before"], one["after"]) for one in event["changes"]}
