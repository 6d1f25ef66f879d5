"""Signed tokens for the links in a mail: which message, what for, and that we made it (R-057, R-059).

``tenant.message.purpose[.n].signature``: the tenant stands in the token because nobody is signed in where it
is used; the signature (144 bits of HMAC-SHA256) keeps anyone from counting up. Tokens do not expire: an
unsubscribe link must work for as long as the mail exists (RFC 8058, CAN-SPAM). So it also has the address, encrypted:
who was deleted here has the mail still, and may come back with the next import. And a link has its target, encrypted,
if that is not too long: it leads there when nothing here knows the mail any more.
"""

import base64
import contextlib
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

CLICK, OPEN, UNSUBSCRIBE = "c", "o", "u"
LONGEST_URL = 500
"""Bytes. A longer target is not carried: addresses of more than 2,000 characters do not get through everywhere."""

SIGNATURE_BYTES = 18  # 24 letters without padding
FORM = re.compile(
    r"([1-9][0-9]{0,18})\.([1-9][0-9]{0,18})\.([cou])"
    r"(?:\.(0|[1-9][0-9]{0,4})(?:\.l([A-Za-z0-9_-]{22,1400}))?|\.a([A-Za-z0-9_-]{22,1400}))?"
    r"\.([A-Za-z0-9_-]{24})",
    re.ASCII,
)


@dataclass(frozen=True)
class Ticket:
    """What a token says. ``n`` is the place of a link among the links of its message, from 0.

    ``address``: of an unsubscribe link, to whom the mail went; "" in those made before they had it.
    ``url``: of a link, where it leads; "" where that is too long, and in those made before they had it.
    """

    tenant: int
    message: int
    purpose: str
    n: int | None = None
    address: str = ""
    url: str = ""


class Signer:
    """Makes and reads tokens. The first key signs; all of them are believed, so that keys can be changed.

    ``keys`` are secrets of any length, such as Django's ``[SECRET_KEY, *SECRET_KEY_FALLBACKS]``; what is used
    is derived from them for this purpose alone.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("A signer needs at least one key, and none that is empty.")
        self._keys = [hmac.digest(key.encode(), b"stepwise.messaging.tokens", hashlib.sha256) for key in keys]
        secrets = (hmac.digest(key.encode(), b"stepwise.messaging.addresses", hashlib.sha512) for key in keys)
        self._ciphers = [AESSIV(secret) for secret in secrets]

    def token(
        self,
        tenant: int,
        message: int,
        purpose: str,
        n: int | None = None,
        address: str = "",
        url: str = "",
    ) -> str:
        """The token for one use of one message."""
        said = f"{tenant}.{message}.{purpose}" if n is None else f"{tenant}.{message}.{purpose}.{n}"
        if address:
            said += f".a{self._veiled(address.encode(), f'{tenant}.{message}')}"
        if url and n is not None and len(data := url.encode("utf-8", "replace")) <= LONGEST_URL:
            said += f".l{self._veiled(data, f'{tenant}.{message}.{n}')}"
        return f"{said}.{_signature(self._keys[0], said)}"

    def read(self, token: str, *purposes: str) -> Ticket | None:
        """What a token says; None where it is not ours, was changed, or is for something else.

        All keys are tried, whichever fits, and compared in constant time.
        """
        form = FORM.fullmatch(token)
        if form is None:
            return None
        tenant, message, purpose, n, link, veiled, signature = form.groups()
        said = token[: -len(signature) - 1]
        genuine = False
        for key in self._keys:
            genuine |= hmac.compare_digest(_signature(key, said), signature)
        if not genuine or purpose not in purposes or (purpose == CLICK) != (n is not None):
            return None
        address = self._unveiled(veiled, f"{tenant}.{message}") if veiled else ""
        url = self._unveiled(link, f"{tenant}.{message}.{n}") if link else ""
        return Ticket(int(tenant), int(message), purpose, None if n is None else int(n), address, url)

    def _veiled(self, data: bytes, about: str) -> str:
        veiled = self._ciphers[0].encrypt(data, [about.encode()])
        return base64.urlsafe_b64encode(veiled).decode().rstrip("=")

    def _unveiled(self, veiled: str, about: str) -> str:
        data = base64.urlsafe_b64decode(veiled + "=" * (-len(veiled) % 4))
        for cipher in self._ciphers:
            with contextlib.suppress(InvalidTag):
                return cipher.decrypt(data, [about.encode()]).decode()
        return ""


@dataclass(frozen=True)
class Links:
    """The addresses of one message's tracked links. ``tracking`` and ``public`` are base URLs.

    ``recipient`` is where the mail goes.
    """

    signer: Signer
    tracking: str
    public: str
    tenant: int
    message: int
    recipient: str = ""

    def click(self, n: int, url: str = "") -> str:
        return f"{self.tracking}/t/{self.signer.token(self.tenant, self.message, CLICK, n, url=url)}"

    def open(self) -> str:
        return f"{self.tracking}/t/{self.signer.token(self.tenant, self.message, OPEN)}"

    def unsubscribe(self) -> str:
        token = self.signer.token(self.tenant, self.message, UNSUBSCRIBE, address=self.recipient)
        return f"{self.public}/u/{token}"


def _signature(key: bytes, said: str) -> str:
    digest = hmac.digest(key, said.encode(), hashlib.sha256)[:SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(digest).decode()
