"""What a person may be asked to do on LinkedIn, and how; the product itself never goes there (D-12). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

SEARCH = "https://www.linkedin.com/search/results/people/"


@dataclass(frozen=True)
class Action:
    """One thing to do. ``guide`` tells how, ``text`` what the step's text is for; empty: it has none."""

    name: str
    label: str
    guide: str
    text: str = ""


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "research", "Research", "Open their profile. Note what they do and one thing worth mentioning."
        ),
        Action(
            "introduce",
            "Get introduced",
            "Look at whom you both know, and ask one of them to introduce you.",
            "What to write to whom you both know",
        ),
        Action(
            "connect",
            "Connect",
            "Send an invitation to connect. LinkedIn cuts a note off after 300 characters.",
            "Note with the invitation",
        ),
        Action(
            "inmail",
            "Send InMail",
            "Send an InMail. It costs a credit of your LinkedIn plan.",
            "Text of the InMail",
        ),
    )
}


def search_link(name: str, company: str = "") -> str:
    """Where a person finds another on LinkedIn; empty without a name."""
    words = " ".join(part for part in (name.strip(), company.strip()) if part)
    return f"{SEARCH}?{urlencode({'keywords': words})}" if name.strip() else ""
