"""`leadwire rotate-secret-key`: what is stored opens with the newest key alone afterwards."""

from collections.abc import Callable

from app.database.errors import DatabaseLockedError
from app.database.migrating import upgrade
from app.database.opening import open_database
from app.runtime import read_cipher
from app.services.rotating import Rotation, rotate
from app.settings import Settings, SettingsError


async def run_rotation(settings: Settings, say: Callable[[str], None]) -> None:
    """Encrypt anew, and `say` what came of it.

    Raises:
        SettingsError: there is no usable key, or something does not open with the newest one at the end.
        DatabaseLockedError: another process owns the SQLite file.
    """
    cipher = read_cipher(settings)
    try:
        await upgrade(settings.database_url)
        database = await open_database(settings.database_url)
    except DatabaseLockedError as error:
        raise DatabaseLockedError(f"{error} Then run this, and start it again with the same keys.") from None
    try:
        rotation = await rotate(database, cipher)
    finally:
        await database.close()
    say(f"{rotation.renewed} of {_credentials(rotation.stored)} encrypted with the newest key just now.")
    _refuse_remains(rotation)
    say(f"The newest key opens {'it' if rotation.stored == 1 else 'all of them'}.")
    if cipher.older_keys:
        say("Once no process has an older key alone, leave only the newest one in LEADWIRE_SECRET_KEY.")


def _credentials(count: int) -> str:
    return "1 integration's credentials were" if count == 1 else f"{count} integrations' credentials were"


def _refuse_remains(rotation: Rotation) -> None:
    if rotation.closed:
        names = ", ".join(rotation.closed)
        raise SettingsError(
            f"no key in LEADWIRE_SECRET_KEY opens the credentials of {names}. Give the key they were stored"
            " with, after the new one, or enter the credentials again. Take no key out before."
        )
    if rotation.behind:
        names = ", ".join(rotation.behind)
        raise SettingsError(
            f"some process stores the credentials of {names} with an older key again and again: give every"
            " process the new one, first in LEADWIRE_SECRET_KEY, and run this again."
        )
