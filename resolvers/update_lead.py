"""Changing leads."""

from typing import Annotated

import strawberry

from app.errors import InvalidInputError, LeadNotFoundError
from schema.context import Info
from schema.inputs import LeadIdentifierInput, UpdateLeadInput
from schema.results import UpdateLeadResult, show_updated
from schema.user_errors import show_invalid_input, show_lead_not_found


@strawberry.type
class UpdateLead:
    """Mutation.updateLead."""

    @strawberry.mutation(
        description=(
            "Changes what is known of a lead; what is left out stays, null clears. What waits to be sent is"
            " sent with what is known then. Click ids of one platform are replaced together, as in"
            " `createLead`."
        )
    )
    async def update_lead(
        self,
        info: Info,
        by: Annotated[LeadIdentifierInput, strawberry.argument(description="Which lead.")],
        change: Annotated[UpdateLeadInput, strawberry.argument(name="input", description="What changes.")],
    ) -> UpdateLeadResult:
        """Change a lead."""
        context = info.context
        try:
            lead = await context.services.leads.update(context.viewer, by.to_identifier(), change.to_values())
        except LeadNotFoundError as error:
            return show_lead_not_found(error)
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return show_updated(lead)
