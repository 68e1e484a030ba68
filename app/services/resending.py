"""How long a conversion may be sent once more though an earlier attempt may have arrived."""

from datetime import UTC, datetime, timedelta

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def safe_until(uncertain_since: datetime | None, resend_safe_for: timedelta) -> datetime:
    """Until when another copy cannot count twice: for ever while no earlier one may have been taken."""
    if uncertain_since is None or resend_safe_for >= FOR_EVER - uncertain_since:
        return FOR_EVER
    return uncertain_since + resend_safe_for
