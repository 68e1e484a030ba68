"""The schema: every operation there is. Built once in a process: Strawberry keeps state on the types."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from resolvers.api_keys import ApiKeys, SetupApiKeys
from resolvers.audit_log import AuditLog
from resolvers.create_lead import CreateLead
from resolvers.erase_lead import EraseLead
from resolvers.job_updated import JobUpdated
from resolvers.lists import Lists
from resolvers.preview_lead_status import PreviewLeadStatus
from resolvers.reading import Reading
from resolvers.replay import ReplayDeliveries
from resolvers.setup_integrations import SetupIntegrations
from resolvers.setup_labels import SetupLabels
from resolvers.update_lead import UpdateLead
from resolvers.update_lead_status import UpdateLeadStatus
from resolvers.update_lead_statuses import UpdateLeadStatuses
from schema.calling import call_resolvers_directly, tell_members_directly
from schema.reading_inputs import read_inputs_quickly
from schema.scalars import CENTS, DATE, DATE_TIME, JSON_SCALAR, Cents


@strawberry.type(description="Everything that can be looked at.")
class Query(Reading, Lists, PreviewLeadStatus, ApiKeys, AuditLog):
    """All queries."""


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    UpdateLeadStatus,
    UpdateLeadStatuses,
    CreateLead,
    UpdateLead,
    EraseLead,
    SetupLabels,
    SetupIntegrations,
    SetupApiKeys,
    ReplayDeliveries,
):
    """All mutations."""


@strawberry.type(description="Everything that can be watched.")
class Subscription(JobUpdated):
    """All subscriptions."""


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map={datetime: DATE_TIME, date: DATE, Cents: CENTS, JSON: JSON_SCALAR}),
)
read_inputs_quickly(schema)
call_resolvers_directly(schema)
tell_members_directly(schema)
