"""What an installation allows those who call it: read from its settings, and applied where it is built."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.http.websocket_origin import normalize_allowed_origins

from app.rest import PATH as REST_PATH
from app.services.gatekeeper import RateLimits
from app.settings import Settings, SettingsError
from resolvers.root import schema
from schema.execution import core_schema
from schema.time_limit import EXECUTE_WITHIN_S
from schema.trusted import NOT_TRUSTED, TrustedDocuments, TrustedDocumentsError, read_trusted

GRAPHQL_PATH: Final = "/graphql"
_WHAT_ORIGINS_ARE: Final = (
    "LEADWIRE_CORS_ORIGINS: by commas, each like https://crm.example.com, without a path or an asterisk; or *"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """As it is without any settings."""

    within_s: float = EXECUTE_WITHIN_S
    """How long what a request asks for may take."""
    origins: frozenset[str] = frozenset()
    """Other sites whose pages may call the API, as browsers name them; with `*` among them: any."""
    introspection: bool = True
    trusted: TrustedDocuments | None = None
    """None: any document may run."""

    @property
    def notice(self) -> str:
        """What whoever uses the explorer must know; empty: nothing."""
        if self.trusted is not None:
            return f"{NOT_TRUSTED}: what is typed here is refused, and the schema is not shown."
        return "" if self.introspection else "The schema is not shown here: introspection is switched off."


def read_policy(settings: Settings) -> Policy:
    """The policy of an installation; SettingsError."""
    trusted = None
    try:
        if settings.trusted_documents is not None:
            trusted = read_trusted(
                settings.trusted_documents, core_schema(schema), introspection=settings.introspection
            )
    except TrustedDocumentsError as error:
        raise SettingsError(f"LEADWIRE_TRUSTED_DOCUMENTS: {error}") from None
    return Policy(
        within_s=settings.request_timeout_s,
        origins=_origins(settings.cors_origins),
        introspection=settings.introspection,
        trusted=trusted,
    )


def read_limits(settings: Settings) -> RateLimits:
    """How much is answered in a minute, as it is set."""
    return RateLimits(
        per_key=settings.rate_limit_per_minute, per_address=settings.public_rate_limit_per_minute
    )


def _origins(text: str) -> frozenset[str]:
    given = [origin for part in text.split(",") if (origin := part.strip())]
    try:
        origins = normalize_allowed_origins(given)
    except ValueError:
        raise SettingsError(_WHAT_ORIGINS_ARE) from None
    if any("*" in origin for origin in origins - {"*"}):
        # It would be taken by its letters, and never be met.
        raise SettingsError(_WHAT_ORIGINS_ARE)
    return origins


class CrossOrigin:
    """ASGI middleware: lets browsers show the API's answers to pages of other sites.

    Keys come in a header, which a browser sends for a page only after it has asked here, so a page can do no
    more than whoever made it could do with the same key. Nothing is sent along by itself: there is no cookie.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._answering = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Content-Type", "Idempotency-Key", "X-API-Key"),
            expose_headers=(
                "Idempotent-Replayed",
                "RateLimit",
                "RateLimit-Policy",
                "Retry-After",
                "X-Request-Id",
            ),
            # Two hours are what Chromium remembers at the most.
            max_age=7_200,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; asked by a browser whether a page may call, answer."""
        is_api = scope["type"] == "http" and scope["path"] in {GRAPHQL_PATH, REST_PATH}
        await (self._answering if is_api else self._app)(scope, receive, send)
