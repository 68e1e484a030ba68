"""The star mutation, many at a time."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import strawberry

from app.database.errors import DatabaseBusyError
from app.errors import DomainError, invalid
from schema.context import Context, Info
from schema.inputs import UpdateLeadStatusInput
from schema.results import UpdateLeadStatusResult, show_answer
from schema.user_errors import show_error

MOST_AT_ONCE: Final = 100


@strawberry.type
class UpdateLeadStatuses:
    """Mutation.updateLeadStatuses."""

    @strawberry.mutation(
        description=(
            "`updateLeadStatus` for up to 100 inputs, one after the other in their order, each as if it were"
            " called alone: what one of them ends with changes nothing about the others. The answers come in"
            " the same order; null stands where something went wrong on our side, with an error at its place"
            " in `errors`. Give each an `idempotencyKey`: then the whole call can be repeated."
        )
    )
    async def update_lead_statuses(
        self,
        info: Info,
        changes: Annotated[
            list[UpdateLeadStatusInput],
            strawberry.argument(name="inputs", description="What changes; at most 100."),
        ],
    ) -> list[UpdateLeadStatusResult | None]:
        """Change the statuses."""
        if len(changes) > MOST_AT_ONCE:
            raise invalid("inputs", message=f"must be at most {MOST_AT_ONCE}")
        context = info.context
        try:
            return await _answers(context, changes)
        finally:
            context.forget(len(changes))


async def _answers(context: Context, changes: Sequence[UpdateLeadStatusInput]) -> list[Any]:
    """The answer to each; an exception among them becomes null and an error of its place alone."""
    answers: list[Any] = []
    for change in changes:
        try:
            answers.append(await _answer(context, change))
        except DatabaseBusyError as busy:
            if not answers:
                raise
            # Those after it would wait as long, and be as late.
            return answers + [busy] * (len(changes) - len(answers))
        except Exception as error:  # noqa: BLE001 - what the others did is committed, and must be told
            answers.append(error)
    return answers


async def _answer(context: Context, change: UpdateLeadStatusInput) -> Any:
    try:
        return show_answer(await context.services.status.update(context.viewer, change.to_change()))
    except DomainError as error:
        return show_error(error)
