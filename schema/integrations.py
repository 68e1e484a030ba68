"""Integrations, as anybody with a key may see them: nothing secret."""

from typing import Self

import strawberry

from app.tables.integrations import IntegrationRow
from schema.enums import PauseReason, Platform
from schema.fields import described


@strawberry.type(description="A connection to an ad platform.")
class Integration:
    """An integration row, shown."""

    id: strawberry.ID = described("A UUID.")
    platform: Platform = described("Which platform.")
    name: str = described("What your project calls it.")
    enabled: bool = described("False: new status changes make no delivery for it.")
    paused: bool = described("True: its deliveries are held.")
    pause_reason: PauseReason | None = described("Why it is paused; null when it is not.")
    pause_message: str | None = described("Why it is paused, for people; null when it is not.")
    test_mode: bool = described("True: the platform is told that conversions are tests.")

    @classmethod
    def of(cls, row: IntegrationRow) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            platform=row.platform,
            name=row.name,
            enabled=row.enabled,
            paused=row.paused_at is not None,
            pause_reason=row.pause_reason,
            pause_message=row.pause_message,
            test_mode=row.test_mode,
        )
