"""The reminders of a contact as they are shown: what is left to do, with its words filled in (semantics 2.31)."""

from __future__ import annotations

from collections.abc import Sequence as Listed
from dataclasses import dataclass

from django.db.models import QuerySet

from activities.models import Reminder
from audience.models import Contact
from messaging import values
from messaging.liquid import Prepared, TemplateFault, prepare
from steps.linkedin import ACTIONS, search_link
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


TEXTS = ("script", "text")
"""Settings of a reminder that hold placeholders, besides its title and description."""


@dataclass(frozen=True)
class Shown:
    """A reminder with its words as of now. ``may_work``: the member may complete and skip it.

    ``script`` is that of a call, ``text`` the draft of an SMS or what to write on LinkedIn.
    """

    reminder: Reminder
    title: str
    description: str
    script: str
    text: str
    may_work: bool

    @property
    def outcomes(self) -> Listed[str]:
        """What a call can end with, where its step says so."""
        return self.reminder.settings.get("outcomes") or []

    @property
    def number(self) -> str:
        """Where to call or to write to (semantics 2.26)."""
        contact = self.reminder.contact
        return (contact.mobile or contact.phone) if self.reminder.kind in ("call", "sms_reminder") else ""

    @property
    def guide(self) -> str:
        """How it is done on LinkedIn."""
        action = ACTIONS.get(self.reminder.settings.get("action", ""))
        return action.guide if action else ""

    @property
    def link(self) -> str:
        """Where the contact is found there."""
        contact = self.reminder.contact
        company = contact.account.name if contact.account else ""
        return search_link(contact.name, company) if self.reminder.kind == "linkedin" else ""


def reminders_of(contact: Contact, member: Member) -> list[Shown]:
    """What is open, soonest first, and what was closed last."""
    mine = Reminder.objects.filter(contact=contact)
    found = [
        *with_people(mine.filter(state=Reminder.OPEN).order_by("due_at", "pk")),
        *with_people(mine.exclude(state=Reminder.OPEN).order_by("-closed_at", "-pk"))[:MOST_CLOSED],
    ]
    return shown(found, member)


def with_people(reminders: QuerySet[Reminder]) -> QuerySet[Reminder]:
    """The same, with all that showing them reads."""
    return reminders.select_related("assignee__user", "assignee__team", "closed_by__user", "contact__account")


def shown(found: Listed[Reminder], member: Member) -> list[Shown]:
    """These reminders with their words filled in: one statement, however many."""
    texts = {text: _prepared(text) for reminder in found for text in _texts(reminder)}
    paths = {path for prepared in texts.values() if prepared for path in prepared.used}
    rows = Reminder.objects.filter(pk__in=[reminder.pk for reminder in found])
    read = values.read(rows, paths, PREFIXES) if paths else {}

    def filled(reminder: Reminder, text: str) -> str:
        prepared = texts[text]
        return prepared.render(read.get(reminder.pk, {}), lenient=True).strip() if prepared else text

    def one(reminder: Reminder) -> Shown:
        title, description, script, text = (filled(reminder, text) for text in _texts(reminder))
        may_work = reminder.state == Reminder.OPEN and can(member, "reminder.work", reminder)
        return Shown(reminder, title or _called(reminder), description, script, text, may_work)

    return [one(reminder) for reminder in found]


def _texts(reminder: Reminder) -> list[str]:
    """Title, description, script and text."""
    more = [str(reminder.settings.get(name) or "") for name in TEXTS]
    return [reminder.title, reminder.description, *more]


def _called(reminder: Reminder) -> str:
    action = ACTIONS.get(reminder.settings.get("action", ""))
    return f"LinkedIn: {action.label}" if action else WORDS[reminder.kind]


def _prepared(text: str) -> Prepared | None:
    """None for what cannot be read as a template: it is shown as it stands."""
    try:
        return prepare(text, html=False)
    except TemplateFault:
        return None
