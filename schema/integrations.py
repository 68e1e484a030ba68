"""Integrations, as anybody with a key may see them: nothing secret. Settings are for administrators."""

from datetime import date, datetime
from typing import Self, cast

import strawberry
from strawberry.scalars import JSON

from app.services.lead_fields import camel
from app.tables.integrations import IntegrationRow
from schema.context import Info
from schema.enums import PauseReason, Platform
from schema.fields import described


@strawberry.type(description="A connection to an ad platform.")
class Integration:
    """An integration row, shown."""

    id: strawberry.ID = described("A UUID.")
    platform: Platform = described("Which platform.")
    name: str = described("What your project calls it.")
    enabled: bool = described("False: new status changes make no delivery for it, and what waits is held.")
    paused: bool = described("True: its deliveries are held.")
    pause_reason: PauseReason | None = described("Why it is paused; null when it is not.")
    pause_message: str | None = described(
        "Why it is paused, for people; null when it is not, and when somebody paused it."
    )
    paused_since: datetime | None = described("Since when it is paused; null when it is not.")
    next_probe_at: datetime | None = described(
        "When it is tried next without being asked to; null when it is not."
    )
    test_mode: bool = described("True: the platform is told that conversions are tests.")
    settings: JSON = described("How it is set up; nothing secret. Needs the scope `admin`.")
    disconnected_at: datetime | None = described(
        "When it was disconnected: deliveries still show it, `integrations` does not. Null: it is connected."
    )

    @strawberry.field(description="The version of the platform's API that is called; null: it has none.")
    def api_version(self, info: Info) -> str | None:
        """Look it up."""
        api = info.context.services.probing.api_version(self.platform)
        return (api.version or None) if api else None

    @strawberry.field(description="The day that version stops answering; null: none is known.")
    def api_ends_on(self, info: Info) -> date | None:
        """Look it up."""
        api = info.context.services.probing.api_version(self.platform)
        return api.ends_on if api else None

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
            paused_since=row.paused_at,
            next_probe_at=row.probe_at,
            test_mode=row.test_mode,
            # As `settings` of the mutations wants them back.
            settings=cast("JSON", {camel(name): value for name, value in row.settings.items()}),
            disconnected_at=row.disconnected_at,
        )
