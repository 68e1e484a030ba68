"""The installation's settings, read from LEADWIRE_* environment variables."""

from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LEAST_DAYS: Final = 100
"""That leads and jobs are kept: longer than the time window of any platform, which is 90 days at most."""


class Settings(BaseSettings):
    """One installation. Every field is the environment variable LEADWIRE_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="LEADWIRE_", frozen=True, extra="ignore")

    database_url: str = "sqlite+aiosqlite:///leadwire.sqlite3"
    """sqlite+aiosqlite:///path or postgresql+asyncpg://user:password@host/name."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    """0: any free port."""
    secret_key: SecretStr | None = None
    """Encrypts stored credentials: url-safe base64 of 32 bytes; several, newest first, by commas."""
    worker: Literal["embedded", "off"] = "embedded"
    """Whether this web process also sends."""

    max_requests: int = Field(default=256, ge=1, le=100_000)
    """Requests answered at a time; what is beyond that is refused with 503."""
    request_timeout_s: float = Field(default=30, gt=0, le=600)
    """How long what a request asks for may take."""
    cors_origins: str = ""
    """Sites whose pages may call the API, by commas, such as https://crm.example.com; `*`: all of them."""
    introspection: bool = True
    """Whether the schema may be asked for."""
    trusted_documents: Path | None = None
    """A folder or a manifest of the only GraphQL documents that are run; None: any is."""
    rate_limit_per_minute: int = Field(default=60_000, ge=0, le=10_000_000)
    """Requests and changes with one API key, in each process; 0: any number."""
    public_rate_limit_per_minute: int = Field(default=60, ge=1, le=1_000_000)
    """Requests with a public key from one address, in each process; ten times as many with the key."""
    trusted_proxies: str = ""
    """Addresses and networks of proxies, by commas, that are believed when they say where a caller is."""
    database_connections: int = Field(default=10, ge=1, le=1_000)
    """Of this process: reads at a time on SQLite, transactions on PostgreSQL."""

    metrics: Literal["off", "token", "open"] = "off"
    """Whether there is a page /metrics, and whether a token opens it or anybody who reaches the port."""
    metrics_token: SecretStr | None = None
    """What `Authorization: Bearer` must carry there."""
    worker_port: int | None = Field(default=None, ge=0, le=65535)
    """Where `leadwire worker` answers /healthz, /readyz and /metrics; None: nowhere."""

    alert_webhook_url: str | None = None
    """Where the operator is told of what is held and what ended unsent; None: nobody is told."""
    alert_webhook_secret: SecretStr | None = None
    """Signs what is sent there: whsec_ and the base64 of 24 to 64 random bytes."""

    # Days after which the process that sends deletes, once a day; None: never.
    retention_leads_days: int | None = Field(default=None, ge=LEAST_DAYS)
    """Leads, after the last thing that happened to them, with all that was made of them."""
    retention_jobs_days: int | None = Field(default=None, ge=LEAST_DAYS)
    """Of leads that stay: jobs of which nothing arrived, and the attempt logs of the others."""
    retention_bodies_days: int | None = Field(default=None, ge=1)
    """What was sent and answered."""
    retention_audit_days: int | None = Field(default=None, ge=1)
    """Events of the audit log."""

    # Addresses and versions of the platforms; None: what the connector knows.
    google_ads_base_url: str | None = None
    google_ads_api_version: str | None = None
    google_ads_token_url: str | None = None
    """Where OAuth refresh tokens are exchanged."""
    meta_base_url: str | None = None
    meta_api_version: str | None = None
    ga4_base_url: str | None = None
    ga4_api_version: str | None = None
    microsoft_ads_base_url: str | None = None
    microsoft_ads_api_version: str | None = None
    microsoft_ads_token_url: str | None = None
    linkedin_base_url: str | None = None
    linkedin_api_version: str | None = None
    linkedin_token_url: str | None = None
    tiktok_base_url: str | None = None
    tiktok_api_version: str | None = None
    webhook_base_url: str | None = None
    """Replaces scheme, host and port of every webhook's address, so that all go through one relay."""
    webhook_api_version: str | None = None
    webhook_allow_private_addresses: bool = False
    """Whether a webhook may lie in a private network, where it could reach what is not meant for it."""

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        """Networks as they are written; ValueError for what is none."""
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(one)
            except ValueError:
                message = "must be addresses and networks such as 10.0.0.0/8, separated by commas"
                raise ValueError(message) from None
        return value.strip()


class SettingsError(Exception):
    """The settings cannot be used, or do not go together. The text says what to change."""


def read_settings() -> Settings:
    """The settings of the environment; SettingsError naming each variable that cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        # Never the values: one of them is a secret.
        problems = (
            f"LEADWIRE_{str(detail['loc'][0]).upper()}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError("; ".join(problems)) from None
