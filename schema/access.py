"""Which scope each field needs, and what public keys may ask for.

Checked on the document, before anything of it is executed.
"""

from dataclasses import dataclass
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
from schema.transports import Transport

Requirement = frozenset[Scope]
"""Any one of these scopes will do."""

_ROOTS: Final = frozenset({"Query", "Mutation", "Subscription"})

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
    "Mutation.createApiKey": _ADMINISTER,
    "Mutation.revokeApiKey": _ADMINISTER,
    "Query.lead": _READ_STATUS,
    # What filters and orders could tell of people is held back in resolvers/lists.py: they may be variables.
    "Query.leads": _READ_STATUS,
    "Query.deliveries": _READ_STATUS,
    # It says what others do, and what they call their keys.
    "Query.auditLog": _ADMINISTER,
    "Query.previewLeadStatus": _READ_STATUS,
    "Query.job": _READ_STATUS,
    "Query.conversionLabels": _READ_STATUS,
    "Query.integrations": _READ_STATUS,
    "Query.apiKeys": _ADMINISTER,
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


_PUBLIC_FIELD: Final = "Mutation.createLead"
_PUBLIC_FIELDS: Final = frozenset(
    {
        *("CreateLeadSuccess.created", "CreateLeadSuccess.lead", "Lead.id"),
        *("UserError.code", "UserError.message"),
        *("InvalidInputError.code", "InvalidInputError.message", "InvalidInputError.problems"),
        *("InputProblem.path", "InputProblem.message"),
    }
)
"""What a public key sees of what it created, and of why it could not."""
NOT_FOR_PUBLIC_KEYS: Final = (
    "A public key may do no more than one createLead a request, by POST, and see `created` and `lead { id }`"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What a viewer must be for a (valid) document, whichever of its operations is run."""

    requirements: frozenset[Requirement]
    """All of them must be met."""
    public: bool
    """Whether it is open to public keys."""


SHUT: Final = Access(frozenset({frozenset()}), public=False)
"""Open to nobody: no scope meets a requirement that names none."""


def access_of(schema: GraphQLSchema, document: DocumentNode) -> Access:
    """What this (valid) document needs."""
    type_info = TypeInfo(schema)
    collector = _Collector(type_info)
    visit(document, TypeInfoVisitor(type_info, collector))
    return Access(frozenset(collector.requirements), _is_public(collector.fields))


def refusal_of(viewer: Viewer, access: Access, transport: Transport) -> str | None:
    """Why the viewer may not run the document, for people; None: it may."""
    if viewer.is_public:
        return None if access.public and transport is Transport.POST else NOT_FOR_PUBLIC_KEYS
    missing = sorted(
        " or ".join(sorted(requirement))
        for requirement in access.requirements
        if not any(viewer.may(scope) for scope in requirement)
    )
    return f"The API key lacks a scope this needs: {', '.join(missing)}" if missing else None


def _is_public(fields: list[str]) -> bool:
    """Whether it is one createLead and what may be seen of it: no query, no introspection, no second lead."""
    others = [field for field in fields if field != _PUBLIC_FIELD]
    return len(fields) - len(others) == 1 and all(_is_shown_to_public(field) for field in others)


def _is_shown_to_public(field: str) -> bool:
    type_name, _, name = field.partition(".")
    return field in _PUBLIC_FIELDS or (name == "__typename" and type_name not in _ROOTS - {"Mutation"})


class _Collector(Visitor):
    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self._type_info = type_info
        self.requirements: set[Requirement] = set()
        self.fields: list[str] = []
        """Each that is written, as Type.field."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, name = get_named_type(self._type_info.get_parent_type()), node.name.value
        # Without a parent nothing is known of it, so that it is open to nobody.
        self.fields.append(f"{parent.name if parent else ''}.{name}")
        if isinstance(parent, GraphQLObjectType):
            requirement = _requirement(parent.name, name)
            if requirement is not None:
                self.requirements.add(requirement)


def _requirement(type_name: str, field_name: str) -> Requirement | None:
    if type_name in _ROOTS:
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
