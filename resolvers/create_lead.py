"""Creating leads."""

from typing import Annotated

import strawberry

from app.errors import InvalidInputError
from schema.context import Info
from schema.inputs import CreateLeadInput
from schema.results import CreateLeadResult, show_created
from schema.user_errors import show_invalid_input


@strawberry.type
class CreateLead:
    """Mutation.createLead."""

    @strawberry.mutation(
        description=(
            "Stores a lead. A lead with the same `uniqueEventId` is completed: what is given replaces,"
            " what is left out or null stays. With a public key nothing is replaced: for half an hour after"
            " the lead's creation, empty attribution is filled in."
        )
    )
    async def create_lead(
        self,
        info: Info,
        lead: Annotated[CreateLeadInput, strawberry.argument(name="input", description="The lead.")],
    ) -> CreateLeadResult:
        """Create or complete a lead."""
        context = info.context
        try:
            created = await context.services.leads.create(context.viewer, lead.to_values())
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return show_created(created)
