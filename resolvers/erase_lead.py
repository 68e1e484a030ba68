"""Erasing leads."""

from typing import Annotated

import strawberry

from app.errors import InvalidInputError, LeadNotFoundError
from schema.context import Info
from schema.inputs import LeadIdentifierInput
from schema.results import EraseLeadResult, show_erased
from schema.user_errors import show_invalid_input, show_lead_not_found


@strawberry.type
class EraseLead:
    """Mutation.eraseLead."""

    @strawberry.mutation(
        description=(
            "Erases who a lead was, for good: everything personal in it, in what was sent and answered, and"
            " in what is remembered. What waits is canceled. Its jobs and deliveries stay, with their states,"
            " values and times, and its id still finds it to look at; it cannot be changed any more. What a"
            " platform has, it keeps. Of several leads with one e-mail address the most recently created is"
            " erased: call again until there is none. After an error the same call goes on."
        )
    )
    async def erase_lead(
        self,
        info: Info,
        by: Annotated[LeadIdentifierInput, strawberry.argument(description="Which lead.")],
    ) -> EraseLeadResult:
        """Erase a lead."""
        context = info.context
        try:
            erased = await context.services.erasing.erase(context.viewer, by.to_identifier())
        except LeadNotFoundError as error:
            return show_lead_not_found(error)
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return show_erased(erased)
