"""A lead's jobs are listed."""

from typing import Any

from tests.api import Api, process
from tests.resolvers.lists import JOBS


async def test_a_leads_jobs_are_listed_newest_first_both_ways(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label(convert_once=False)
    made = []
    for _ in range(3):
        made.append((await api.update({"leadId": str(lead.id)}, label.id))["job"]["id"])
        await process(api)
    by = {"leadId": str(lead.id)}

    async def page(**asked: Any) -> Any:
        return (await api.ask(JOBS, {"by": by, **asked}))["lead"]["jobs"]

    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    back = await page(last=1, before=second["edges"][0]["cursor"])

    def ids(shown: Any) -> list[str]:
        return [edge["node"]["id"] for edge in shown["edges"]]

    assert (ids(first), ids(second), ids(back)) == ([made[2], made[1]], [made[0]], [made[1]])
    assert first["pageInfo"]["hasNextPage"] is True
    assert second["pageInfo"]["hasNextPage"] is False
    assert back["pageInfo"]["hasPreviousPage"] is True


async def test_jobs_of_several_leads_stay_apart(api: Api) -> None:
    label, made = await api.world.label(), {}
    for name in ("x", "y", "z"):
        lead = await api.world.complete_lead(unique_identifier=name)
        made[name] = (await api.update({"leadId": str(lead.id)}, label.id))["job"]["id"]

    data = await api.ask(
        "{ leads { edges { node { uniqueIdentifier jobs(first: 1) { edges { node { id } } } } } } }"
    )

    shown = {
        edge["node"]["uniqueIdentifier"]: [job["node"]["id"] for job in edge["node"]["jobs"]["edges"]]
        for edge in data["leads"]["edges"]
    }
    assert shown == {name: [job] for name, job in made.items()}
