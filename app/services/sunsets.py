"""Which version of a platform's API this installation uses, and when that ends. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from app.connectors.base import Endpoint, PlatformFacts
from app.services.health_findings import HealthFinding, Severity

WARN_AHEAD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiVersion:
    """What is known of the version in use."""

    title: str
    """What people call the platform."""
    variable: str
    """The environment variable that sets it."""
    version: str
    """Empty when the API has none."""
    is_override: bool
    """Whether the installation set another one than the connector knows."""
    ends_on: date | None
    is_known: bool
    """Whether `ends_on` says something: None then means that no end has been announced."""

    def described(self) -> str:
        """In words, with what is known of its end."""
        if not self.version:
            return "the API has no versions"
        name = f"{self.version}, set by {self.variable}" if self.is_override else self.version
        if self.ends_on is not None:
            return f"{name}, ends on {self.ends_on}"
        return f"{name}, " + ("no end announced" if self.is_known else "its end is not known")


def api_version(facts: PlatformFacts, endpoint: Endpoint) -> ApiVersion:
    """The version that `endpoint` names; only of the connector's own it is known that no end is announced."""
    version = endpoint.api_version
    is_override = version != facts.api_version
    ends_on = facts.sunsets.get(version) if is_override else facts.sunset_on
    return ApiVersion(
        title=facts.title,
        variable=f"LEADWIRE_{facts.platform.value}_API_VERSION",
        version=version,
        is_override=is_override,
        ends_on=ends_on,
        is_known=ends_on is not None or not is_override,
    )


def sunset_finding(api: ApiVersion, today: date, integration_ids: tuple[UUID, ...]) -> HealthFinding | None:
    """What to do about the version's end; None: nothing for now. `integration_ids`: of those that use it."""
    if api.ends_on is None or api.ends_on - today > WARN_AHEAD:
        return None
    mend = (
        f"Remove {api.variable}, or set it to a newer version."
        if api.is_override
        else f"Set {api.variable} to a newer version, or install a newer Leadwire."
    )
    days = (api.ends_on - today).days
    if days <= 0:
        severity, when = Severity.ERROR, f"ended on {api.ends_on}"
    else:
        severity, when = (
            Severity.WARNING,
            f"ends on {api.ends_on}, in {days} {'day' if days == 1 else 'days'}",
        )
    return HealthFinding(
        code="API_SUNSET",
        severity=severity,
        text=f"Version {api.version} of {api.title}'s API {when}. {mend}",
        integration_ids=integration_ids,
    )
