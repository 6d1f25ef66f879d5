"""Header fields of a mail: cleaned, encoded, folded (RFC 5322, 2047), and safe from what names contain (R-063).

Two rules. Words for people (names, subjects) are *cleaned*: what could end a line becomes a blank. Addresses
and ids are *checked*: one that could do harm is refused, since a cleaned address is another address.
"""

import base64
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence

from audience.addresses import domain_to_ascii

WIDTH = 76  # of a line that holds encoded words, RFC 2047 §2
LONGEST_LINE = 998
LONGEST_NAME = 200
LONGEST_SUBJECT = 400
LONGEST_ID = 250
LONGEST_CHAIN = 20  # ids in References

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")
BLANKS = re.compile(r"\s+")
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
URL = re.compile(r"https?://[!-;=?-~]+")
REPLY = re.compile(r"(?:\s*re(?:\[\d+\]|\(\d+\))?\s*:)+\s*", re.IGNORECASE)
Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class Unsendable(Exception):
    """A mail that can never be built as it is. ``reason`` is a word for the row, the message is for a person."""

    reason = "unsendable"


class HeaderInjection(Unsendable):
    """An address or id that holds what would end its line."""

    reason = "header_injection"


class InvalidAddress(Unsendable):
    """Text where an address belongs."""

    reason = "invalid_address"


class UnsupportedAddress(Unsendable):
    """A local part of other letters than ASCII: it would need SMTPUTF8 all the way (python/cpython#122476)."""

    reason = "unsupported_address"


def cleaned(text: str, longest: int) -> str:
    """``text`` as one line: control characters and line ends become blanks, runs of blanks one; cut to length.

    Half surrogate pairs become U+FFFD; whole ones written as two become their character.
    """
    if LONE_SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = BLANKS.sub(" ", CONTROLS.sub(" ", text)).strip()
    if len(text) <= longest:
        return text
    end = longest - 1
    while end and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    return f"{text[:end].rstrip()}…"


def sendable(address: str) -> str:
    """An address as it may stand in a header and an envelope: ASCII, the domain in A-labels.

    HeaderInjection, UnsupportedAddress or InvalidAddress where it may not.
    """
    if CONTROLS.search(address):
        raise HeaderInjection("An address contains a line end or control character.")
    address = address.strip(" ")
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidAddress(f"“{address[:80]}” is no email address.")
    if not local.isascii():
        raise UnsupportedAddress(f"“{address[:80]}” has letters before the @ that mail servers do not take.")
    ascii_domain = domain if DOMAIN.fullmatch(domain) and len(domain) < 254 else domain_to_ascii(domain)
    if ascii_domain is None or not LOCAL.fullmatch(local) or len(local) > 64:
        raise InvalidAddress(f"“{address[:80]}” is no email address.")
    return f"{local}@{ascii_domain}"


def named(name: str, address: str) -> list[str]:
    """``Ann Example <ann@acme.example>`` as words to be folded; the address alone where there is no name."""
    name = cleaned(name, LONGEST_NAME)
    address = sendable(address)
    if not name:
        return [address]
    if not name.isascii() or "=?" in name:
        return [*encoded_words(name, first_room=WIDTH - 20), f"<{address}>"]
    if not PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return [*name.split(" "), f"<{address}>"]


def listed(groups: Iterable[list[str]]) -> list[str]:
    """Several mailboxes in one field."""
    words: list[str] = []
    for group in groups:
        if words:
            words[-1] += ","
        words += group
    return words


def unstructured(text: str, longest: int = LONGEST_SUBJECT, *, name: str = "Subject") -> list[str]:
    """A subject as words to be folded."""
    text = cleaned(text, longest)
    words = text.split(" ")
    if text.isascii() and "=?" not in text and max(map(len, words)) < 200:
        return words
    return encoded_words(text, first_room=WIDTH - len(name) - 2)


def encoded_words(text: str, first_room: int) -> list[str]:
    """RFC 2047, in UTF-8; each word a whole number of characters and at most 75 long, the first ``first_room``."""
    octets = text.encode()
    plain = sum(byte in Q_SAFE or byte == 0x20 for byte in octets)
    quoted = len(octets) - plain < len(octets) / 6
    words: list[str] = []
    chunk, size = b"", 0
    room = first_room - 12
    for letter in text:
        added = letter.encode()
        length = sum(1 if byte in Q_SAFE or byte == 0x20 else 3 for byte in added) if quoted else 0
        bigger = size + length if quoted else (len(chunk) + len(added) + 2) // 3 * 4
        if chunk and bigger > room:
            words.append(_encoded_word(chunk, quoted=quoted))
            chunk, size, room = b"", 0, 75 - 12
        chunk += added
        size += length
    words.append(_encoded_word(chunk, quoted=quoted))
    return words


def _encoded_word(octets: bytes, *, quoted: bool) -> str:
    if not quoted:
        return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="
    letters = ("_" if byte == 0x20 else chr(byte) if byte in Q_SAFE else f"={byte:02X}" for byte in octets)
    return f"=?utf-8?q?{''.join(letters)}?="


def field(name: str, words: Sequence[str]) -> str:
    """``Name: words`` folded at blanks, ending in CRLF. Whatever the words, it is one field."""
    line = f"{name}:"
    lines: list[str] = []
    for word in words:
        if len(line) + 1 + len(word) > WIDTH and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    text = "\r\n".join(lines)
    if len(lines) + text.count("\r") + text.count("\n") != 3 * len(lines) - 2 or not text.isascii():
        raise HeaderInjection(f"The field {name} would become several.")
    if max(map(len, lines)) > LONGEST_LINE:
        raise Unsendable(f"The field {name} has a line that is too long.")
    return f"{text}\r\n"


# --- ids and threads --------------------------------------------------------------------------------------


def new_message_id(address: str, random: bytes | None = None) -> str:
    """A Message-ID in the domain of the sending ``address``: 192 random bits, nothing about the machine.

    Made once for a message, together with its bytes, and used by every attempt (reliability §3.1).
    """
    token = base64.b32encode(random or secrets.token_bytes(24)).decode().rstrip("=").lower()
    return f"<{token}@{sendable(address).rpartition('@')[2]}>"


def usable_ids(ids: Iterable[str]) -> list[str]:
    """Ids that may be repeated in a header; others (they came from outside) are left out."""
    return [id for id in ids if len(id) <= LONGEST_ID and MESSAGE_ID.fullmatch(id)]


def chain(references: Sequence[str], answered: str) -> list[str]:
    """``References`` of an answer to ``answered``, whose own were ``references``: the first kept, 20 at most."""
    ids = [id for id in usable_ids(references) if id != answered] + usable_ids([answered])
    return ids if len(ids) <= LONGEST_CHAIN else [ids[0], *ids[-LONGEST_CHAIN + 1 :]]


def reply_subject(subject: str) -> str:
    """The subject of an answer: the same with one ``Re:``."""
    plain = cleaned(subject, LONGEST_SUBJECT)
    begun = REPLY.match(plain)
    return f"Re: {plain[begun.end() :] if begun else plain}"
