"""Was it a person? Scanners and proxies open every mail and follow every link (complaint 14). Pure.

Simple rules with a source each; in doubt it was a person. Gmail's and Yahoo's image proxies fetch when the mail is
opened, so what comes through them counts (support.google.com/mail/answer/145919).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|trendmicro|symantec|messagelabs|fireeye|cisco-?ironport|forcepoint|sophos"
    r"|bot\b|bot/|crawl|spider|scan|preview|prefetch|monitor|headless|phantomjs|selenium|puppeteer|playwright"
    r"|facebookexternalhit|slack-?img|whatsapp|telegram|skypeuri|bingpreview|google-safety|safe-?browsing"
    r"|curl/|wget/|python-|go-http-client|okhttp|java/|libwww|httpclient|axios|node-fetch|aiohttp|ruby|guzzle",
    re.IGNORECASE,
)
APPLE_PRIVACY = "Mozilla/5.0"
"""All that Apple Mail's privacy protection says of itself; it loads the images of every mail, read or not
(apple.com/legal/privacy/data/en/mail-privacy-protection)."""
PREFETCHES = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
"""Headers of a browser that loads what nobody has asked for yet (w3.org/TR/nav-speculation)."""


def why_machine(
    method: str, headers: Mapping[str, str], since_sent: timedelta | None, *, soon: timedelta, others: int
) -> str:
    """Why an open or click was a machine's: a word, or an empty text for a person's.

    ``since_sent``: how long after its message was handed over, None while that is not known. ``soon``: nobody reads a
    mail that fast. ``others``: how many other links of the message were followed within that time, since nobody clicks
    two links at once (R-070).
    """
    agent = headers.get("User-Agent", "").strip()
    if method != "GET":
        return "method"
    if any(re.search(r"prefetch|preview", headers.get(name, "")) for name in PREFETCHES):
        return "prefetch"
    if not agent or SCANNERS.search(agent):
        return "agent"
    if agent == APPLE_PRIVACY:
        return "apple_privacy"
    if soon and (since_sent is None or since_sent < soon):
        return "soon"
    return "burst" if others else ""
