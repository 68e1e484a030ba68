"""How GA4 can be told to fail. The protocol itself has no errors, so these are all around it."""

from app.sandbox.cases import Case, Refuse, catalogue
from app.sandbox.ga4.answers import ValidationMessage, validated
from app.sandbox.transport_cases import TRANSPORT_CASES

_FOUND = ValidationMessage("events", "VALUE_INVALID", "The validation server was told to find something.")

_VALIDATION = (
    Case(
        name="VALIDATION",
        says="The validation server finds a problem, whatever it was sent",
        behaviour=Refuse(lambda _call: validated([_FOUND])),
        endpoints=("debug",),
    ),
)

CASES = catalogue(_VALIDATION, TRANSPORT_CASES)
