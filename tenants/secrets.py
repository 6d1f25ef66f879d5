"""Secrets at rest: passwords of mailboxes and the like, encrypted with keys of their own.

``FIELD_ENCRYPTION_KEYS`` are Fernet keys (AES-128-CBC with HMAC-SHA256): the first encrypts, all of them decrypt, so
that keys can be changed without a gap: put the new one first, run ``rotate_field_keys``, take the old one away. They
have nothing to do with SECRET_KEY, whose change must not lock anybody out of their mailbox.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """A stored secret fits none of the keys. The message is fit for a person."""


def encrypt(secret: str) -> str:
    """Ciphertext of a secret; of an empty one an empty text."""
    return _keys().encrypt(secret.encode()).decode() if secret else ""


def decrypt(stored: str) -> str:
    """The secret. Raises Unreadable where none of the keys fits."""
    if not stored:
        return ""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            "The stored password cannot be read with the keys of this installation; enter it again."
        ) from error


def rotate(stored: str) -> str:
    """The same secret, encrypted with the first key. Raises Unreadable."""
    if not stored:
        return ""
    try:
        return _keys().rotate(stored.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("None of FIELD_ENCRYPTION_KEYS fits it.") from error


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
