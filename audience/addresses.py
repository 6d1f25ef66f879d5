"""E-mail addresses as they are compared and written to everywhere (semantics 2.11)."""

import re
import unicodedata

import idna

# What people paste around an address without seeing it: blanks, also those of no width.
BLANKS = " \t\r\n\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff\u3000"
PLAIN = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
NOT_LOCAL = re.compile(r"[\s\x00-\x1f\x7f-\xa0()<>\[\],;:\\\"@\u2028\u2029\ufeff]|^\.|\.\.|\.$")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST, LONGEST_LOCAL, LONGEST_DOMAIN = 254, 64, 253  # octets, RFC 5321 §4.5.3.1


def normalise_address(text: str) -> str | None:
    """``text`` as an address that can be compared, or None where it is none.

    Trimmed, NFC, lowered, the domain in its IDNA form (A-labels): ``" Ann@BÜCHER.example"`` and
    ``"ann@xn--bcher-kva.example"`` are one address. The local part may be of any letters; whether mail can
    be sent to it is another question (messaging.headers). Quoted local parts, comments, names with angle
    brackets and address literals are not taken: nobody has them, and they are how headers are smuggled.
    """
    lowered = text.strip(BLANKS).lower()
    if PLAIN.fullmatch(lowered) and "xn--" not in lowered:
        return lowered if _fits(lowered) else None
    local, at, domain = unicodedata.normalize("NFC", lowered).rpartition("@")
    if not at or not local or NOT_LOCAL.search(local):
        return None
    ascii_domain = domain_to_ascii(domain)
    if ascii_domain is None:
        return None
    address = f"{local}@{ascii_domain}"
    return address if _fits(address) else None


def domain_to_ascii(domain: str) -> str | None:
    """A domain of at least two labels in A-labels, lowered; None where it is none."""
    try:
        ascii_domain = idna.encode(domain.removesuffix("."), uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > LONGEST_DOMAIN or not all(map(LABEL.fullmatch, labels)):
        return None
    return ascii_domain


def _fits(address: str) -> bool:
    try:
        octets = address.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return len(octets) <= LONGEST and octets.rindex(b"@") <= LONGEST_LOCAL
