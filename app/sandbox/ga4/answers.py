"""What the Measurement Protocol answers: nothing at all, or what its validation server says.

From "Validate events" (developers.google.com/analytics/devguides/collection/protocol/ga4/validating-events,
read 2026-11-23).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.calls import Answer, json_answer


@dataclass(frozen=True, slots=True)
class ValidationMessage:
    """One thing the validation server finds."""

    field_path: str
    code: str
    """A name of the vendor's ValidationCode enum: VALUE_INVALID, VALUE_REQUIRED, NAME_RESERVED, ..."""
    description: str

    def __str__(self) -> str:
        """The message for a person."""
        return f"{self.field_path}: {self.code}: {self.description}"


def collected() -> Answer:
    """Whatever was sent: the protocol never says that something is wrong with it."""
    return Answer(status=204)


def validated(messages: Sequence[ValidationMessage]) -> Answer:
    """The validation server's findings; none: the request is valid."""
    shown = [
        {"fieldPath": item.field_path, "description": item.description, "validationCode": item.code}
        for item in messages
    ]
    return json_answer(200, {"validationMessages": shown})
