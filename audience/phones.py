"""Telephone numbers in the one form that can be compared and dialled: E.164."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber

LONGEST = 60  # characters of a number with its extension and all decoration
SHORTEST = len("+1234567")  # the library thinks two digits possible in some countries
INTERNATIONAL = re.compile(r"\+([1-9][\d ]+)", re.ASCII)
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
    if (digits := INTERNATIONAL.fullmatch(text)) and (plain := _plain(digits[1].replace(" ", ""))):
        return plain
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


def _plain(digits: str) -> str | None:
    """The number of which ``digits`` follow the plus, where nothing in it is to be read; None: look more closely.

    What the library does with such a number, in a tenth of the time: files have hundreds of thousands.
    """
    for length in (1, 2, 3):
        if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE:
            national = digits[length:]
            prefix = _prefix(int(digits[:length]))
            if not national or national[0] == "0" or prefix is None or prefix.match(national):
                return None
            is_good = _is_possible(int(digits[:length]), len(national)) and len(digits) >= SHORTEST - 1
            return f"+{digits}" if is_good else None
    return None


@lru_cache(maxsize=256)
def _prefix(code: int) -> re.Pattern[str] | None:
    """What may stand before a national number and is no part of it, as the country's region has it."""
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        return None
    return re.compile(metadata.national_prefix_for_parsing or r"(?!)")


@lru_cache(maxsize=4096)
def _is_possible(code: int, length: int) -> bool:
    """Whether numbers of a country may have so many digits: of the others nothing depends on more."""
    return phonenumbers.is_possible_number(PhoneNumber(country_code=code, national_number=int("2" * length)))
