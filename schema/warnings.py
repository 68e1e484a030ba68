"""Warnings: which integration will not get a conversion, or not now, and why."""

from datetime import datetime
from typing import Any

import strawberry

from schema.enums import Platform, WarningCode
from schema.fields import described


@strawberry.type(description="Why an integration will be skipped, held or cannot be undone.")
class IntegrationWarning:
    """A warning as it was given."""

    integration: Platform = described("The platform it is about.")
    integration_id: strawberry.ID = described("The integration it is about.")
    code: WarningCode = described("What is wrong, for programs.")
    field: str | None = described(
        "What is missing, in the words of this schema (`gclid`, `gaClientId`, `user_data`, ...)."
    )
    reason: str = described("What is wrong, for people, and what would mend it.")
    will_skip: bool = described(
        "True: nothing is sent there. False: it is sent, later or with less to match on."
    )
    timestamp: datetime = described("When the warning was given.")


def warning_of(kept: dict[str, Any]) -> IntegrationWarning:
    """A warning from the form in which it is kept (app.services.warnings)."""
    return IntegrationWarning(
        integration=Platform(kept["integration"]),
        integration_id=strawberry.ID(kept["integrationId"]),
        code=WarningCode(kept["code"]),
        field=kept["field"],
        reason=kept["reason"],
        will_skip=kept["willSkip"],
        timestamp=datetime.fromisoformat(kept["timestamp"]),
    )
