"""Links in a mail's HTML: found, counted, and sent through the tracking address (R-058)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

from messaging.markup import escape, unescape

# In canonical HTML (markup.sanitise) no value holds a double quote, so that the pattern steps from attribute to
# attribute and cannot begin inside one.
ANCHOR = re.compile(r'<a((?: [^\s="<>]+="[^"]*")*?) href="([^"]*)"')
WEB = re.compile(r"https?://[^\s/\\?#]", re.IGNORECASE)
EDGES = "".join(map(chr, range(0x21)))
INSIDE = str.maketrans("", "", "\t\r\n")
ASCII_URL = re.compile(r"[!-~]*")


@dataclass(frozen=True)
class Tracked:
    """``links``: the original URLs, each once, in the order in which they first stand; ``html`` names them by
    their place in it."""

    html: str
    links: tuple[str, ...]


def track(html: str, address: Callable[[int, str], str]) -> Tracked:
    """Replaces each http(s) link of sanitised HTML by ``address(n, url)``, ``n`` being its place among the links.

    The URL kept is the one that the recipient's program would have opened: entities resolved, blanks at its
    edges and line ends inside dropped (as browsers do), else letter by letter as the author wrote it. Everything
    else (mailto, tel, anchors, relative ones) stays untouched.
    """
    places: dict[str, int] = {}

    def replaced(match: re.Match[str]) -> str:
        url = unescape(match.group(2)).strip(EDGES).translate(INSIDE)
        if not WEB.match(url):
            return match.group()
        place = places.setdefault(url, len(places))
        return f'<a{match.group(1)} href="{escape(address(place, url))}"'

    return Tracked(ANCHOR.sub(replaced, html), tuple(places))


def location(url: str) -> str | None:
    """A kept URL as the value of a ``Location`` header: itself where it is plain ASCII.

    A header is ASCII: other letters become percent-encoded UTF-8, in the host A-labels. None where it is no URL
    that may be answered with (not http(s), a control character, a host that is none).
    """
    if not WEB.match(url):
        return None
    if ASCII_URL.fullmatch(url):
        return url
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in url):
        return None
    try:
        parts = urlsplit(url)
        userinfo, at, host_port = parts.netloc.rpartition("@")
        host, colon, port = host_port.partition(":")
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        return None
    rest = url[len(parts.scheme) + 3 + len(parts.netloc) :]
    return f"{parts.scheme}://{_quoted(userinfo)}{at}{host}{colon}{_quoted(port)}{_quoted(rest)}"


def _quoted(text: str) -> str:
    return quote(text, safe="".join(map(chr, range(0x21, 0x7F))), errors="replace")
