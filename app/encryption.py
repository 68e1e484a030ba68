"""Encryption of stored credentials, with keys that can be rotated."""

import json
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CredentialsUnreadableError(Exception):
    """Stored credentials were encrypted with a key this installation was not given."""


class Cipher:
    """Encrypts with the newest key, decrypts with any."""

    def __init__(self, keys: str) -> None:
        """Take `keys` by commas, newest first, each url-safe base64 of 32 bytes; ValueError otherwise."""
        every = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
        self._fernet = MultiFernet(every)
        self._newest = every[0]
        self.older_keys: Final = len(every) - 1
        """How many keys there are that only decrypt."""

    def encrypt(self, plain: dict[str, Any]) -> str:
        """JSON, encrypted; another text each time."""
        return self._fernet.encrypt(json.dumps(plain).encode()).decode()

    def decrypt(self, encrypted: str) -> dict[str, Any]:
        """What was encrypted; CredentialsUnreadableError when no key fits."""
        try:
            plain: dict[str, Any] = json.loads(self._fernet.decrypt(encrypted))
        except InvalidToken as error:
            raise CredentialsUnreadableError(
                "LEADWIRE_SECRET_KEY does not fit the stored credentials"
            ) from error
        return plain

    def is_current(self, encrypted: str) -> bool:
        """Whether the newest key opens it, so that no other is needed."""
        try:
            self._newest.decrypt(encrypted)
        except InvalidToken:
            return False
        return True


def new_secret_key() -> str:
    """A key for LEADWIRE_SECRET_KEY."""
    return Fernet.generate_key().decode()
