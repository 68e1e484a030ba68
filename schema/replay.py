"""What came of trying deliveries again."""

from typing import Self

import strawberry

from app.services.replaying import Replay
from schema.enums import WarningCode
from schema.fields import described


@strawberry.type(description="Why deliveries stay as they are.")
class RetrySkip:
    """A count of one reason."""

    code: WarningCode = described("The reason.")
    count: int = described("How many stay for it.")


@strawberry.type(description="What came of a retry by hand, or would come of it.")
class RetryDeliveriesResult:
    """Shows a Replay."""

    matched: int = described("Deliveries that the filter leaves and that may be tried again at all.")
    retried: int = described("Those that wait for an attempt again, or would.")
    skipped: int = described("Those that stay as they are, because something still speaks against them.")
    skipped_because: list[RetrySkip] = described("What that is, the most frequent first.")

    @classmethod
    def of(cls, replay: Replay) -> Self:
        """Show what came of it."""
        return cls(
            matched=replay.matched,
            retried=replay.retried,
            skipped=replay.skipped.total(),
            skipped_because=[
                RetrySkip(code=code, count=count) for code, count in replay.skipped.most_common()
            ],
        )
