"""The shelf of step kinds and what each may say, as data (semantics 6.2). Pure.

An option is a reader: it takes what stands in the file and the setting, returns a JSON-like value, or raises Refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from audience.conditions.values import Refused
from sequences.files import reading
from sequences.files.setting import Setting
from sequences.files.specs import CONTACT_OWNER, OWNER
from sequences.hours import Duration

LONGEST_WAIT = timedelta(days=30)

Reader = Callable[[Any, Setting], Any]


@dataclass(frozen=True)
class Option:
    """One key of a step kind. ``holds`` says whether its text has placeholders: html, plain, or not (empty)."""

    read: Reader
    is_needed: bool = False
    holds: str = ""


def plainly(read: Callable[[Any], Any]) -> Reader:
    """A reader that does not look at the setting."""
    return lambda raw, setting: read(raw)


def sender(raw: Any, setting: Setting) -> str:
    """``owner``, ``contact_owner``, or the e-mail of a user."""
    return str(raw) if raw in (OWNER, CONTACT_OWNER) else setting.users(raw)


def addresses(raw: Any) -> list[str]:
    """One address or a list of them."""
    found = list(reading.texts(raw)) if isinstance(raw, list) else [reading.written(raw)]
    for address in found:
        if "@" not in address:
            raise Refused(f"“{address}” is no email address")
    return found


def copies(raw: Any) -> list[str]:
    """Addresses, and ``owner`` and ``contact_owner`` among them; one or a list."""
    found = raw if isinstance(raw, list) else [raw]
    return [name if name in (OWNER, CONTACT_OWNER) else address(name) for name in found]


def address(raw: Any) -> str:
    """One e-mail address."""
    found = addresses(raw)
    if len(found) != 1:
        raise Refused("one email address is wanted")
    return found[0]


def wait(raw: Any) -> dict[str, int]:
    """A duration of at most 30 days (semantics 5.6)."""
    found = reading.duration(raw)
    if Duration(**found).total > LONGEST_WAIT:
        raise Refused("a wait lasts at most 30 days")
    return found


def outcomes(raw: Any) -> list[str]:
    """A list of outcomes, at least one."""
    found = list(reading.texts(raw))
    if not found:
        raise Refused("at least one outcome is wanted")
    return found


TEXT = Option(plainly(reading.text), holds="plain")
YES_NO = Option(plainly(reading.boolean))
TEMPLATE = Option(lambda raw, setting: setting.templates(raw))
NEEDED_TEMPLATE = Option(TEMPLATE.read, is_needed=True)

REMINDER = {
    "title": TEXT,
    "assignee": Option(sender),
    "due": Option(plainly(reading.duration)),
    "priority": Option(plainly(reading.one_of("low", "normal", "high"))),
    "description": TEXT,
}
"""What every manual step may say."""

OPTIONS: dict[str, dict[str, Option]] = {
    "email": {
        "template": NEEDED_TEMPLATE,
        "thread": Option(plainly(reading.one_of("new", "reply"))),
        "from": Option(sender),
        "reply_to": Option(plainly(address)),
        "cc": Option(plainly(copies)),
        "bcc": Option(plainly(copies)),
        "track_opens": YES_NO,
        "track_clicks": YES_NO,
        "unsubscribe": YES_NO,
    },
    "sms": {"text": TEXT},
    "email_reminder": {"template": TEMPLATE, **REMINDER},
    "sms_reminder": {"text": TEXT, **REMINDER},
    "call": {"script": TEXT, "outcomes": Option(plainly(outcomes)), **REMINDER},
    "task": {"type": Option(plainly(reading.written)), **REMINDER},
    "linkedin": {
        "action": Option(plainly(reading.one_of("research", "introduce", "connect", "inmail"))),
        "text": TEXT,
        **REMINDER,
    },
    "wait": {"for": Option(plainly(wait), is_needed=True)},
    "condition": {
        "of": Option(plainly(reading.identifier)),
        "event": Option(plainly(reading.one_of("opened", "clicked", "replied"))),
        "within": Option(plainly(reading.duration)),
        "at_limit": YES_NO,
        "outcomes": Option(plainly(outcomes)),
    },
    "update_field": {"field": Option(plainly(reading.written), is_needed=True)},
    "advance": {"sequence": Option(lambda raw, setting: setting.sequences(raw), is_needed=True)},
}
"""Kind → key → option. ``value`` of update_field is read with its field, arms and conditions with the tree."""

ADAPTIVE_ONLY = ("wait", "condition", "update_field", "advance")
"""Kinds of the yes/no tree alone."""
