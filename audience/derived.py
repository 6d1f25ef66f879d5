"""The columns of a contact that follow from others: one place, for a single save and for many rows. Pure."""

from __future__ import annotations

from collections.abc import Callable

from audience.addresses import normalise_address
from audience.countries import code_of
from audience.phones import normalise_phone

SOURCES = {
    "email_norm": frozenset({"email"}),
    "sms_number": frozenset({"mobile", "phone", "country"}),
}
"""Derived column → what it is made from."""

FEWEST_DIGITS = 5


def email_norm(email: str) -> str | None:
    """The address as it is compared and written to; None when there is none, or the text is no address."""
    return normalise_address(email) if email else None


def sms_number(mobile: str, phone: str, country: str, region: Callable[[], str]) -> str | None:
    """The number for SMS: the mobile one, else the phone (semantics 2.26), None without any.

    In E.164 where one of them can be read so, with the contact's country, else the region of the workspace. A number
    that cannot (an unknown country's without +) is kept as its digits: whoever sends to it is told, the contact is not
    taken for one without a number.
    """
    written = [text for text in (mobile, phone) if text]
    if not written:
        return None
    code = code_of(country) if country else None
    for text in written:
        is_international = text.lstrip().startswith(("+", "00"))
        found = normalise_phone(text, code if is_international else code or region() or None)
        if found:
            return found
    return next((digits for digits in map(_digits, written) if len(digits) >= FEWEST_DIGITS), None)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")
