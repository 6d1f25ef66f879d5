"""Was it a person? Scanners and proxies open every mail and follow every link (complaint 14). Pure.

Rules in order, each with where it comes from; in doubt it was a person. Both are counted, only people's move anything.
There is no hidden link as a trap: hidden content is what spam filters look for. The page behind the unsubscribe link
does as well: whoever follows a link and that one within seconds follows them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

PREFETCHES = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
"""Headers of a browser that loads what nobody has asked for yet."""


@dataclass(frozen=True)
class Glimpse:
    """One request for the pixel or a link, and what is known of its message.

    ``since_sent``: how long after its message was handed over, None while that is not known. ``soon``: nobody reads a
    mail that fast. ``others``: how many other links of the message were followed within that time, the one for
    unsubscribing among them.
    """

    is_click: bool
    method: str
    headers: Mapping[str, str]
    since_sent: timedelta | None
    soon: timedelta
    others: int = 0

    @property
    def agent(self) -> str:
        return self.headers.get("User-Agent", "").strip()


@dataclass(frozen=True)
class Rule:
    """``name`` is the word kept with the fact, ``said`` what a person reads, ``source`` where the rule comes from."""

    name: str
    said: str
    source: str
    applies: Callable[[Glimpse], bool]


SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|trend ?micro|\btmes\b|symantec|messagelabs|fireeye|cisco-?ironport|ciscosecure"
    r"|forcepoint|sophos|fortinet|fortimail|f-secure|checkpoint|zscaler|cloudmark|vadesecure|hornetsecurity",
    re.IGNORECASE,
)
PREVIEWS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scan|preview|facebookexternalhit|slack-?img|whatsapp|telegram|skypeuri|bingpreview"
    r"|google-safety|safe-?browsing|google-read-aloud|linkexpanding",
    re.IGNORECASE,
)
LIBRARIES = re.compile(
    r"curl/|wget/|python-|go-http-client|okhttp|java/|libwww|httpclient|axios|node-fetch|aiohttp|ruby|guzzle|urllib"
    r"|headless|phantomjs|selenium|puppeteer|playwright|monitor|prefetch",
    re.IGNORECASE,
)
OFFICE = re.compile(r"Microsoft Office (?:Existence|Protocol) Discovery|Microsoft-WebDAV", re.IGNORECASE)
IMAGE_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
APPLE_PRIVACY = "Mozilla/5.0"

RULES = (
    Rule(
        "method",
        "asked for headers only",
        "RFC 9110 §9.3.2: HEAD fetches no content; gateways check links so (Barracuda, Safe Links)",
        lambda seen: seen.method != "GET",
    ),
    Rule(
        "prefetch",
        "loaded ahead by a browser",
        "w3.org/TR/resource-hints and WICG nav-speculation: Sec-Purpose: prefetch; X-Moz and X-Purpose before it",
        lambda seen: any(re.search(r"prefetch|preview", seen.headers.get(name, "")) for name in PREFETCHES),
    ),
    Rule(
        "no_agent",
        "a program without a name",
        "RFC 9110 §10.1.5: browsers name themselves; Safe Links' checks come without a User-Agent",
        lambda seen: not seen.agent,
    ),
    Rule(
        "scanner",
        "a security scanner",
        "vendors' names in their User-Agents: Barracuda Link Protection, Proofpoint URL Defense, Mimecast and others",
        lambda seen: bool(SCANNERS.search(seen.agent)),
    ),
    Rule(
        "preview",
        "a crawler or link preview",
        "api.slack.com/robots, developers.facebook.com/docs/sharing/webmasters/web-crawlers, Google's and Bing's lists",
        lambda seen: bool(PREVIEWS.search(seen.agent)),
    ),
    Rule(
        "library",
        "a program, no browser",
        "default User-Agents of HTTP libraries and of browsers that are driven by programs",
        lambda seen: bool(LIBRARIES.search(seen.agent)),
    ),
    Rule(
        "office",
        "Office looking before it opens",
        "learn.microsoft.com, Office protocol discovery: Word and Outlook ask for a link before the browser does",
        lambda seen: seen.is_click and bool(OFFICE.search(seen.agent)),
    ),
    Rule(
        "apple_privacy",
        "Apple Mail’s privacy protection",
        "apple.com/legal/privacy/data/en/mail-privacy-protection: loads the images of every mail, read or not, and says"
        " no more of itself than Mozilla/5.0 (help.socketlabs.com, identifying Apple MPP opens)",
        lambda seen: seen.agent == APPLE_PRIVACY,
    ),
    Rule(
        "image_proxy",
        "a mail provider’s image proxy",
        "support.google.com/mail/answer/145919: Gmail's and Yahoo's proxies fetch pictures when a mail is opened, so an"
        " open through them is a person's; a link they never follow for one",
        lambda seen: seen.is_click and bool(IMAGE_PROXIES.search(seen.agent)),
    ),
    Rule(
        "soon",
        "too fast for a person",
        "gophish/gophish#1390: Gmail fetches pictures within seconds of delivery; R-070: scanners follow links as fast",
        lambda seen: bool(seen.soon) and (seen.since_sent is None or seen.since_sent < seen.soon),
    ),
    Rule(
        "burst",
        "several links at once",
        "mautic/mautic#16263, resend/resend-node#901: gateways follow every link; nobody clicks two within seconds",
        lambda seen: seen.is_click and seen.others > 0,
    ),
)
"""The first that applies says why."""

SAID = {rule.name: rule.said for rule in RULES}


def why_machine(seen: Glimpse) -> str:
    """Why an open or click was a machine's: the name of a rule, or an empty text for a person's."""
    return next((rule.name for rule in RULES if rule.applies(seen)), "")
