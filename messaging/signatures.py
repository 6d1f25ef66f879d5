"""Signatures of members: what may stand in them, and how they look (tenants.signatures)."""

from __future__ import annotations

import nh3

from audience.catalogue import catalogue
from audience.fields import RECORDS
from messaging import markup
from messaging.liquid import TemplateFault, analyse_text, prepare
from tenants.signatures import Fields, Reader

YOU = [("sender.name", "Your name"), ("sender.email", "Your address")]
WORDS = {"contact": "Contact", "account": "Company", "opportunity": "Opportunity"}

# The page's own rules (CSP) let neither styles nor images of others in.
_ON_A_PAGE = nh3.Cleaner(
    tags=markup.TAGS - {"img"},
    attributes={tag: names - {"style"} for tag, names in markup.ATTRIBUTES.items() if tag != "img"},
    url_schemes=markup.SCHEMES,
)


def faults(text: str) -> list[str]:
    """Why a signature cannot be saved, with the line of each reason."""
    known = frozenset(field.name for field in catalogue())
    found = analyse_text(text, known, place="signature", html=True).faults
    return [f"Line {fault.line}: {fault.reason}" for fault in found]


def preview(text: str, name: str, email: str) -> str:
    """Clean HTML for a page; a placeholder whose value a contact gives stands there by its name."""
    if not text or faults(text):
        return ""
    used = analyse_text(text, (), html=True).used
    values: dict[str, object] = {path: f"[{path}]" for path in used}
    values |= {"sender.name": name, "sender.email": email}
    try:
        return _ON_A_PAGE.clean(prepare(text, html=True).render(values))
    except TemplateFault as fault:
        return _ON_A_PAGE.clean(markup.escape(str(fault)))


def fields() -> Fields:
    """What may be inserted: first what every mail has."""
    known = catalogue()
    records = [
        (
            WORDS[record],
            [(field.name, field.label[:1].upper() + field.label[1:]) for field in known.of(record)],
        )
        for record in RECORDS
    ]
    return [("You", YOU), *records]


READER = Reader(faults=faults, preview=preview, fields=fields)
