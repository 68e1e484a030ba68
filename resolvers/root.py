"""The schema: every operation there is. Built once in a process: Strawberry keeps state on the types."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from resolvers.create_lead import CreateLead
from resolvers.reading import Reading
from resolvers.setup import Setup
from resolvers.update_lead_status import UpdateLeadStatus
from schema.documents import Documents
from schema.masking import CodedErrors
from schema.scalars import CENTS, DATE_TIME, JSON_SCALAR, Cents


@strawberry.type(description="Everything that can be looked at.")
class Query(Reading):
    """All queries."""


@strawberry.type(description="Everything that can be changed.")
class Mutation(UpdateLeadStatus, CreateLead, Setup):
    """All mutations."""


class Schema(strawberry.Schema):
    """A schema that leaves the logging of errors to CodedErrors, which knows what may be written down."""

    def process_errors(self, errors: object, execution_context: object = None) -> None:
        """Log nothing here: Strawberry would write out the caller's document."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    extensions=[CodedErrors, Documents],
    config=StrawberryConfig(scalar_map={datetime: DATE_TIME, Cents: CENTS, JSON: JSON_SCALAR}),
)
