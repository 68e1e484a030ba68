"""One request with an access token; when that is refused, once more with a new one. Knows no platform."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import SecretStr

from app.connectors.base import Connection, Outcome
from app.connectors.catalogue import unanswered
from app.connectors.http import Answer, Unanswered
from app.connectors.oauth import Grant, TokenCache
from app.connectors.redaction import Redaction

Ask = Callable[[SecretStr], Awaitable[Answer | Unanswered]]
"""One request with this access token."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what must not be repeated of it."""

    answer: Answer
    redaction: Redaction


def is_unauthorized(answer: Answer) -> bool:
    """Whether the answer refuses the access token (RFC 9110, 15.5.2)."""
    return answer.status == HTTPStatus.UNAUTHORIZED


async def ask_with_token(
    ask: Ask,
    tokens: TokenCache,
    connection: Connection,
    grant: Grant,
    *,
    secrets: tuple[SecretStr, ...] = (),
    refuses: Callable[[Answer], bool] = is_unauthorized,
    renew: bool = False,
) -> Told | Outcome:
    """What the platform says, or the outcome that says why it was not asked or did not answer.

    `secrets`: beside the token and the grant's own, what must not be repeated of the answer. `refuses`:
    whether an answer is about the token. `renew`: with a new access token from the beginning.
    """
    token = await tokens.of(connection, grant, renew=renew)
    if isinstance(token, Outcome):
        return token
    answer = await ask(token)
    if isinstance(answer, Answer) and refuses(answer) and not renew:
        token = await tokens.of(connection, grant, refused=token)
        if isinstance(token, Outcome):
            return token
        answer = await ask(token)
    return told(answer, token, *secrets, hidden=grant.secrets, title=tokens.title)


def told(
    answer: Answer | Unanswered, *secrets: SecretStr, title: str, hidden: tuple[str, ...] = ()
) -> Told | Outcome:
    """The answer with what must not be repeated of it; the outcome when there is none."""
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=title)
    return Told(answer, Redaction(*(secret.get_secret_value() for secret in secrets), *hidden))
