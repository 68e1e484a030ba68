"""Stored credentials: readable with any key that was given, by nobody else."""

import pytest

from app.encryption import Cipher, CredentialsUnreadableError, new_secret_key

SECRET = {"access_token": "sandbox-token"}


def test_what_is_stored_shows_nothing_and_differs_each_time() -> None:
    cipher = Cipher(new_secret_key())

    first, second = cipher.encrypt(SECRET), cipher.encrypt(SECRET)

    assert "sandbox-token" not in first
    assert first != second
    assert cipher.decrypt(first) == cipher.decrypt(second) == SECRET


def test_a_rotated_key_still_opens_what_the_older_one_closed() -> None:
    old, new = new_secret_key(), new_secret_key()
    stored = Cipher(old).encrypt(SECRET)

    assert Cipher(f"{new}, {old}").decrypt(stored) == SECRET
    assert Cipher(new).decrypt(Cipher(f"{new},{old}").encrypt(SECRET)) == SECRET


def test_another_key_opens_nothing() -> None:
    stored = Cipher(new_secret_key()).encrypt(SECRET)

    with pytest.raises(CredentialsUnreadableError, match="LEADWIRE_SECRET_KEY"):
        Cipher(new_secret_key()).decrypt(stored)


def test_whether_the_newest_key_suffices_can_be_asked() -> None:
    old, new = new_secret_key(), new_secret_key()
    both, stored = Cipher(f"{new},{old}"), Cipher(old).encrypt(SECRET)

    assert (both.is_current(stored), both.is_current(both.encrypt(SECRET))) == (False, True)
    assert (both.older_keys, Cipher(new).older_keys) == (1, 0)


@pytest.mark.parametrize("keys", ["", ",", "short", "not base64!" * 4])
def test_what_is_no_key_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cipher(keys)
