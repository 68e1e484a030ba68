"""Who may read /metrics."""

import hmac
from dataclasses import dataclass

from app.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller has to bring."""

    token: str | None
    """None: nothing."""

    def allows(self, authorization: str | None) -> bool:
        """Whether this Authorization header opens it."""
        if self.token is None:
            return True
        expected = f"Bearer {self.token}".encode()
        return hmac.compare_digest((authorization or "").encode("latin-1", "replace"), expected)


def read_access(settings: Settings) -> Access | None:
    """None: there is no /metrics. SettingsError: a token is demanded and there is none."""
    if settings.metrics == "off":
        return None
    if settings.metrics == "open":
        return Access(token=None)
    token = settings.metrics_token.get_secret_value().strip() if settings.metrics_token else ""
    if not token or not token.isascii():
        raise SettingsError("LEADWIRE_METRICS is token, which needs LEADWIRE_METRICS_TOKEN, in ASCII.")
    return Access(token=token)
