"""Refusals as part of the answer: each says what is wrong in fields of its own."""

from uuid import UUID

import strawberry

from app import errors
from schema.context import Info
from schema.conversions import ConversionJob
from schema.enums import ErrorCode, LeadIdentifierKind
from schema.fields import described

_CODE = "Which refusal it is, for programs."
_MESSAGE = "What is wrong, for people."


@strawberry.interface(
    description="Every refusal. More kinds may be added: handle the ones you do not know by this."
)
class UserError:
    """What all refusals have."""

    code: ErrorCode = described(_CODE)
    message: str = described(_MESSAGE)


@strawberry.type(description="The lead has an active job; nothing was changed.")
class DuplicateJobError(UserError):
    """Shows errors.DuplicateJobError."""

    job_id: strawberry.Private[UUID]
    lead_id: strawberry.ID = described("The lead.")
    unique_identifier: str | None = described("The lead's id in your own system.")

    @strawberry.field(description="The job that is in the way.")
    async def job(self, info: Info) -> ConversionJob:
        """Load the job."""
        row = await info.context.loaders.job.load(self.job_id)
        assert row is not None
        return ConversionJob.of(row)


@strawberry.type(description="The identifier that was used finds no lead.")
class LeadNotFoundError(UserError):
    """Shows errors.LeadNotFoundError."""

    identified_by: LeadIdentifierKind = described("Which identifier was used.")


@strawberry.type(description="No conversion label in use has the id.")
class ConversionLabelNotFoundError(UserError):
    """Shows errors.LabelNotFoundError."""

    conversion_id: strawberry.ID = described("The id that was given.")


@strawberry.type(description="No integration that is connected has the id.")
class IntegrationNotFoundError(UserError):
    """Shows errors.IntegrationNotFoundError."""


@strawberry.type(description="No API key of the project has the id.")
class ApiKeyNotFoundError(UserError):
    """Shows errors.ApiKeyNotFoundError."""


@strawberry.type(description="One thing that is wrong with the input.")
class InputProblem:
    """Shows errors.Problem."""

    path: list[str] = described("Where, from the top of the input.")
    message: str = described("What is wrong.")


@strawberry.type(description="The input breaks a rule; nothing was changed.")
class InvalidInputError(UserError):
    """Shows errors.InvalidInputError."""

    problems: list[InputProblem] = described("Everything that is wrong.")


def show_invalid_input(error: errors.InvalidInputError) -> InvalidInputError:
    """Show what is wrong with the input."""
    problems = [InputProblem(path=list(p.path), message=p.message) for p in error.problems]
    return InvalidInputError(code=ErrorCode.INVALID_INPUT, message=error.message, problems=problems)


def show_lead_not_found(error: errors.LeadNotFoundError) -> LeadNotFoundError:
    """Show which identifier finds no lead."""
    return LeadNotFoundError(
        code=ErrorCode.LEAD_NOT_FOUND, message=error.message, identified_by=error.identified_by
    )


def show_label_not_found(error: errors.LabelNotFoundError) -> ConversionLabelNotFoundError:
    """Show which id names no label."""
    return ConversionLabelNotFoundError(
        code=ErrorCode.CONVERSION_LABEL_NOT_FOUND,
        message=error.message,
        conversion_id=strawberry.ID(error.conversion_id),
    )


def show_integration_not_found(error: errors.IntegrationNotFoundError) -> IntegrationNotFoundError:
    """Show that an id names no integration."""
    return IntegrationNotFoundError(code=ErrorCode.INTEGRATION_NOT_FOUND, message=error.message)


def show_api_key_not_found(error: errors.ApiKeyNotFoundError) -> ApiKeyNotFoundError:
    """Show that an id names no API key."""
    return ApiKeyNotFoundError(code=ErrorCode.API_KEY_NOT_FOUND, message=error.message)


AnyUserError = DuplicateJobError | LeadNotFoundError | ConversionLabelNotFoundError | InvalidInputError


def show_error(error: errors.DomainError) -> AnyUserError:
    """The one place where a refusal of the domain becomes one of the schema. Any other is raised again."""
    match error:
        case errors.DuplicateJobError():
            return DuplicateJobError(
                code=ErrorCode.DUPLICATE_JOB,
                message=error.message,
                lead_id=strawberry.ID(str(error.lead_id)),
                unique_identifier=error.unique_identifier,
                job_id=error.job_id,
            )
        case errors.LeadNotFoundError():
            return show_lead_not_found(error)
        case errors.LabelNotFoundError():
            return show_label_not_found(error)
        case errors.InvalidInputError():
            return show_invalid_input(error)
        case _:
            raise error
