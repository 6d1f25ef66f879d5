"""The reminders of a contact as they are shown: what is left to do, with its words filled in (semantics 2.31)."""

from __future__ import annotations

from collections.abc import Sequence as Listed
from dataclasses import dataclass

from activities.models import Reminder
from audience.models import Contact
from messaging import values
from messaging.liquid import Prepared, TemplateFault, prepare
from tenants.models import Member
from tenants.policy import can

MOST_CLOSED = 5
WORDS = {
    "call": "Call",
    "task": "Follow up",
    "email_reminder": "Write an email",
    "sms_reminder": "Write an SMS",
    "linkedin": "LinkedIn",
}
PREFIXES: values.Prefixes = {
    "contact": "contact__",
    "account": "contact__account__",
    "opportunity": "opportunity__",
    "owner": "contact__owner__",
    "sender": "assignee__",
}


@dataclass(frozen=True)
class Shown:
    """A reminder with its title and description as of now. ``may_work``: the member may complete and skip it."""

    reminder: Reminder
    title: str
    description: str
    may_work: bool

    @property
    def outcomes(self) -> Listed[str]:
        """What a call can end with, where its step says so."""
        return self.reminder.settings.get("outcomes") or []


def reminders_of(contact: Contact, member: Member) -> list[Shown]:
    """What is open, soonest first, and what was closed last."""
    mine = Reminder.objects.filter(contact=contact).select_related(
        "assignee__user", "assignee__team", "closed_by__user"
    )
    found = [
        *mine.filter(state=Reminder.OPEN).order_by("due_at", "pk"),
        *mine.exclude(state=Reminder.OPEN).order_by("-closed_at", "-pk")[:MOST_CLOSED],
    ]
    texts = {text: _prepared(text) for reminder in found for text in (reminder.title, reminder.description)}
    paths = {path for prepared in texts.values() if prepared for path in prepared.used}
    rows = Reminder.objects.filter(pk__in=[reminder.pk for reminder in found])
    read = values.read(rows, paths, PREFIXES) if paths else {}

    def filled(reminder: Reminder, text: str) -> str:
        prepared = texts[text]
        return prepared.render(read.get(reminder.pk, {}), lenient=True).strip() if prepared else text

    return [
        Shown(
            reminder,
            filled(reminder, reminder.title) or WORDS[reminder.kind],
            filled(reminder, reminder.description),
            reminder.state == Reminder.OPEN and can(member, "reminder.work", reminder),
        )
        for reminder in found
    ]


def _prepared(text: str) -> Prepared | None:
    """None for what cannot be read as a template: it is shown as it stands."""
    try:
        return prepare(text, html=False)
    except TemplateFault:
        return None
