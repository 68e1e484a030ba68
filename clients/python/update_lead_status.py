"""One status change with the generated client, and what each way it can end means."""

from typing import Any, assert_never

from leadwire_client import LeadwireClient, UpdateLeadStatus, UpdateLeadStatusInput
from pydantic import ValidationError


def update_lead_status(client: LeadwireClient, change: UpdateLeadStatusInput) -> str:
    """Say what became of a lead; its conversion is queued. Returns what came of that, for people."""
    try:
        answer = client.update_lead_status(change)
    except ValidationError as error:
        return _describe_later(_unknown_member(error))
    return f"{answer.update_lead_status.typename__}: {_describe(answer)}"


def _describe(answer: UpdateLeadStatus) -> str:
    outcome = answer.update_lead_status
    match outcome.typename__:
        case "QueuedResult":
            warnings = [f"{warning.integration.value}: {warning.reason}" for warning in outcome.warnings]
            return "\n  ".join([f"Queued as job {outcome.job.id}.", *warnings])
        case "OpenResult":
            return f"The lead is {outcome.lead.status.value} again."
        case "DuplicateJobError":
            return f"Still busy with job {outcome.job.id} of {outcome.job.created_at}: {outcome.message}"
        case "InvalidInputError":
            return "\n  ".join(f"{'.'.join(found.path)}: {found.message}" for found in outcome.problems)
        case "LeadNotFoundError" | "ConversionLabelNotFoundError":
            return outcome.message
        case _:
            # The type checker refuses this line as soon as the schema has a member without a case.
            assert_never(outcome)


def _unknown_member(error: ValidationError) -> dict[str, Any]:
    """The answer, when all that is wrong with it is a member that this client was generated without."""
    for problem in error.errors():
        if problem["type"] == "union_tag_invalid" and problem["loc"] == ("updateLeadStatus",):
            return dict(problem["input"])
    raise error


def _describe_later(member: dict[str, Any]) -> str:
    """The default branch. pydantic refuses an unknown member before any `match` could see it."""
    name = member["__typename"]
    if "message" in member:
        return f"{name}: Refused ({member.get('code')}): {member['message']}"
    return f"{name}: Done, in a way this client does not know."
