"""Which scope each field needs. Checked on the document, before anything of it is executed."""

from collections.abc import Iterable
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from app.services.viewer import Viewer
from app.values import Scope

Requirement = frozenset[Scope]
"""Any one of these scopes will do."""

_WRITE_LEADS: Final = frozenset({Scope.LEADS_WRITE})
_READ_LEADS: Final = frozenset({Scope.LEADS_READ})
_WRITE_STATUS: Final = frozenset({Scope.STATUS_WRITE})
_ADMINISTER: Final = frozenset({Scope.ADMIN})
_READ_STATUS: Final = frozenset({Scope.LEADS_READ, Scope.STATUS_WRITE})

_ROOT_FIELDS: Final = {
    "Mutation.updateLeadStatus": _WRITE_STATUS,
    "Mutation.updateLeadStatuses": _WRITE_STATUS,
    "Mutation.createLead": _WRITE_LEADS,
    "Mutation.updateLead": _WRITE_LEADS,
    # There is no way back, and keys that write leads lie in form backends.
    "Mutation.eraseLead": _ADMINISTER,
    "Mutation.createConversionLabel": _ADMINISTER,
    "Mutation.updateConversionLabel": _ADMINISTER,
    "Mutation.connectIntegration": _ADMINISTER,
    "Mutation.updateIntegration": _ADMINISTER,
    "Mutation.testIntegration": _ADMINISTER,
    "Mutation.pauseIntegration": _ADMINISTER,
    "Mutation.resumeIntegration": _ADMINISTER,
    "Mutation.disconnectIntegration": _ADMINISTER,
    # A change of the status cancels what was queued before; this does no more.
    "Mutation.cancelJob": _WRITE_STATUS,
    # It may send thousands of conversions once more, and some of them twice.
    "Mutation.retryDeliveries": _ADMINISTER,
    "Query.lead": _READ_STATUS,
    # What filters and orders could tell of people is held back in resolvers/lists.py: they may be variables.
    "Query.leads": _READ_STATUS,
    "Query.deliveries": _READ_STATUS,
    "Query.previewLeadStatus": _READ_STATUS,
    "Query.job": _READ_STATUS,
    "Query.conversionLabels": _READ_STATUS,
    "Query.integrations": _READ_STATUS,
    "Subscription.jobUpdated": _READ_STATUS,
}
_FREE_FIELDS: Final = frozenset({"__typename", "id"})
"""What even a key that may only write sees of what it wrote."""
_STATUS_FIELDS: Final = frozenset(
    {"uniqueIdentifier", "status", "label", "price", "currency", "currentJob", "jobs"}
)
"""What a key that may change the status sees of a lead."""
_GUARDED_FIELDS: Final = {
    # What was sent tells of the person, hashed or not.
    "Delivery.request": _READ_LEADS,
    "Delivery.response": _READ_LEADS,
    "DeliveryPreview.request": _READ_LEADS,
    "Integration.settings": _ADMINISTER,
}


def requirements_of(schema: GraphQLSchema, document: DocumentNode) -> frozenset[Requirement]:
    """What a viewer must be allowed for this (valid) document, whichever of its operations is run."""
    type_info = TypeInfo(schema)
    collector = _Collector(type_info)
    visit(document, TypeInfoVisitor(type_info, collector))
    return frozenset(collector.found)


def missing_scopes(viewer: Viewer, requirements: Iterable[Requirement]) -> list[str]:
    """The scopes that are needed and that the viewer lacks, as texts for people."""
    return sorted(
        " or ".join(sorted(requirement))
        for requirement in requirements
        if not any(viewer.may(scope) for scope in requirement)
    )


class _Collector(Visitor):
    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self._type_info = type_info
        self.found: set[Requirement] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = get_named_type(self._type_info.get_parent_type())
        if isinstance(parent, GraphQLObjectType):
            requirement = _requirement(parent.name, node.name.value)
            if requirement is not None:
                self.found.add(requirement)


def _requirement(type_name: str, field_name: str) -> Requirement | None:
    if type_name in {"Query", "Mutation", "Subscription"}:
        # A root field without a scope is a mistake of ours; asking for admin keeps it shut.
        free = field_name.startswith("__")
        return None if free else _ROOT_FIELDS.get(f"{type_name}.{field_name}", _ADMINISTER)
    guarded = _GUARDED_FIELDS.get(f"{type_name}.{field_name}")
    if guarded is not None:
        return guarded
    if type_name not in {"Lead", "ConversionJob", "Delivery"} or field_name in _FREE_FIELDS:
        return None
    if type_name == "Lead" and field_name not in _STATUS_FIELDS:
        return _READ_LEADS
    return _READ_STATUS
