"""Connecting, changing and testing integrations: asked for and answered."""

from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.services.connections import ConnectionChange, NewConnection
from app.services.probe_report import Report
from schema.enums import Platform
from schema.fields import described, optional
from schema.inputs import given
from schema.integrations import Integration
from schema.user_errors import IntegrationNotFoundError, InvalidInputError


@strawberry.input(description="A connection to an ad platform. Its credentials can never be read again.")
class ConnectIntegrationInput:
    """Becomes a NewConnection."""

    platform: Platform = strawberry.field(description="Which platform.")
    name: str = strawberry.field(description="What people call it.")
    settings: JSON = strawberry.field(description="A JSON object; what is in it depends on the platform.")
    credentials: JSON = strawberry.field(
        description="A JSON object; what is in it depends on the platform. Stored encrypted."
    )
    test_mode: bool = strawberry.field(
        description="Tell the platform that conversions are tests.", default=False
    )

    def to_connection(self) -> NewConnection:
        """What services take."""
        return NewConnection(
            platform=self.platform,
            name=self.name,
            settings=self.settings,
            credentials=self.credentials,
            test_mode=self.test_mode,
        )


@strawberry.input(description="What is to change of an integration. What is left out or null stays as it is.")
class UpdateIntegrationInput:
    """Becomes a ConnectionChange."""

    name: str | None = optional("What people call it.")
    settings: JSON | None = optional(
        "A JSON object that replaces all settings: what is not in it gets its default."
    )
    credentials: JSON | None = optional(
        "A JSON object that replaces all credentials. An integration that was paused because the old ones did"
        " not work is tried with them at once."
    )
    enabled: bool | None = optional(
        "False: new status changes make no delivery for it, and what waits is held until it is true again."
    )
    test_mode: bool | None = optional("Tell the platform that conversions are tests.")

    def to_change(self) -> ConnectionChange:
        """What services take."""
        return ConnectionChange(
            name=given(self.name),
            settings=given(self.settings),
            credentials=given(self.credentials),
            enabled=given(self.enabled),
            test_mode=given(self.test_mode),
        )


@strawberry.type(description="The integration is stored.")
class IntegrationSuccess:
    """Shows an IntegrationRow."""

    integration: Integration = described("The integration.")


@strawberry.type(description="What came of testing an integration. No conversion was sent.")
class IntegrationTestReport:
    """Shows a Report."""

    ok: bool = described("True: `problems` is empty, so nothing that can be checked is refused.")
    message: str = described("What was checked, and what the platform does not let one check; for people.")
    problems: list[str] = described("Everything that does not work, with what would mend it; for people.")
    notes: list[str] = described(
        "What is odd though the platform takes it, such as two labels with one target; for people."
    )

    @classmethod
    def of(cls, report: Report) -> Self:
        """Show a report."""
        return cls(
            ok=report.ok, message=report.message, problems=list(report.problems), notes=list(report.notes)
        )


IntegrationResult = Annotated[
    IntegrationSuccess | IntegrationNotFoundError | InvalidInputError,
    strawberry.union(
        "IntegrationResult",
        description="How a change of an integration ended. More members may be added: keep a default branch.",
    ),
]
IntegrationTestResult = Annotated[
    IntegrationTestReport | IntegrationNotFoundError,
    strawberry.union(
        "IntegrationTestResult",
        description="How a test of an integration ended. More members may be added: keep a default branch.",
    ),
]
