"""Trying a mailbox's settings before anything relies on them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from messaging import egress
from messaging.smtp import Server, Transport
from messaging.verdicts import Verdict

PATIENCE = 20.0
"""Seconds for an answer: somebody sits before the page."""
PLACES = {"connect": "smtp_host", "tls": "smtp_security", "auth": "password"}
WORDS = {
    "auth": "The server refuses to sign in",
    "tls": "No safe connection to the server",
}


@dataclass(frozen=True)
class Trouble:
    """Why a mailbox does not work. ``field`` of the form to mend (empty: none), ``words`` fit for a person, with what
    the server said; ``lasting``: waiting will not help."""

    field: str
    words: str
    lasting: bool


def probe(server: Server) -> Trouble | None:
    """Connects, encrypts and signs in, sends nothing; None where all is well. Talks to a network for a minute at most.

    Networks that EGRESS_ALLOW does not name are refused with the words for a server that is not there (R-076).
    """
    allowed = egress.networks(settings.EGRESS_ALLOW)
    patience = min(PATIENCE, settings.SMTP_TIMEOUT_SECONDS)
    with Transport(server, allowed=allowed, timeout=patience, connect_timeout=patience / 2) as transport:
        verdict = transport.probe()
    return None if verdict is None else _trouble(verdict)


def _trouble(verdict: Verdict) -> Trouble:
    said = " ".join(part for part in (str(verdict.code or ""), verdict.text) if part)
    if verdict.code is None and verdict.reason == "connect":
        words = said
    else:
        words = f"{WORDS.get(verdict.reason, 'The server refuses')}: {said}"
    return Trouble(PLACES.get(verdict.reason, ""), words, verdict.lasting)
