"""Telephone numbers in the one form that can be compared and dialled: E.164."""

import re

import phonenumbers

LONGEST = 60  # characters of a number with its extension and all decoration
SHORTEST = len("+1234567")  # the library thinks two digits possible in some countries
EXTENSION = re.compile(r"(?i)[\s,;]*(?:x|ext\.?|durchwahl|poste)\s*\d{1,7}\s*$")


def normalise_phone(text: str, region: str | None = None) -> str | None:
    """``text`` as ``+4915112345678``, or None where it cannot be a number.

    ``region`` is a country's two letters (``"DE"``), used where the number does not begin with ``+`` or
    ``00``: the contact's country, else the workspace's. Numbers need only be *possible* (of a length that the
    country has), not assigned: plans change faster than the library. Extensions are left out.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    text = EXTENSION.sub("", text)
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return formatted if len(formatted) >= SHORTEST else None
