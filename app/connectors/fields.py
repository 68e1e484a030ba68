"""What the settings and credentials models of all connectors are made of."""

import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr
from pydantic.alias_generators import to_camel

ModelT = TypeVar("ModelT", bound=BaseModel)


class ConnectionModel(BaseModel):
    """Strict, and silent about its input: an error message must not repeat a secret."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        # camelCase, as everything else a caller writes; what is stored has the fields' own names.
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


def _sendable(secret: SecretStr) -> SecretStr:
    """Anything else could not be written into a header or an address."""
    if not re.fullmatch(r"[\x21-\x7e]+", secret.get_secret_value()):
        raise ValueError("must not be empty and must not contain spaces or special letters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_sendable)]
"""A token or password: visible ASCII; spaces around it, which pasting brings, are dropped."""

UnknownConsent = Literal["send", "skip"]
"""What to do when nobody recorded the person's answer."""


def narrowed(value: BaseModel, model: type[ModelT]) -> ModelT:
    """The value as this connector's own model. Any other is a mistake of the caller: TypeError."""
    if not isinstance(value, model):
        raise TypeError(f"expected {model.__name__}, got {type(value).__name__}")
    return value
