"""What a file describes, as frozen values (semantics 6). Pure. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from audience.conditions.parse import Group
from audience.fields import Field
from sequences.calendar import Schedule
from sequences.hours import Duration, WorkingHours

CLASSIC, SMART, ADAPTIVE = KINDS = ("classic", "smart", "adaptive")
OWNER, CONTACT_OWNER = "owner", "contact_owner"
MANUAL_KINDS = ("email_reminder", "sms_reminder", "call", "task", "linkedin")


@dataclass(frozen=True)
class UserSpec:
    """A member. ``emails_per_day`` is already the file's limit where the user names none."""

    email: str
    name: str
    role: str
    timezone: ZoneInfo
    emails_per_day: int
    signature: str = ""


@dataclass(frozen=True)
class RecordSpec:
    """A contact, account or opportunity. ``values`` has its fields by key, without the empty ones.

    Text, choice, user (e-mail) and reference (id) are str, number and money Decimal, yes/no bool, tags a tuple of str,
    dates date, date-times aware UTC.
    """

    record: str
    id: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewSpec:
    """A saved view."""

    name: str
    record: str
    group: Group


@dataclass(frozen=True)
class TemplateSpec:
    """An e-mail template."""

    name: str
    subject: str
    body: str


@dataclass(frozen=True)
class StepSpec:
    """One step. ``options`` are those of its kind in table 6.2 that the file gives, as JSON-like values.

    ``conditions`` is the step's own group (classic, smart), or what an adaptive condition on fields asks. ``yes`` and
    ``no`` are the arms of an adaptive condition. ``is_off``: it stays in the plan and does nothing (classic, smart).
    """

    key: str
    kind: str
    name: str = ""
    day: int | None = None
    conditions: Group = field(default_factory=Group)
    options: Mapping[str, Any] = field(default_factory=dict)
    yes: tuple[StepSpec, ...] = ()
    no: tuple[StepSpec, ...] = ()
    is_off: bool = False

    @property
    def is_manual(self) -> bool:
        """Whether a person does it."""
        return self.kind in MANUAL_KINDS

    def length(self, option: str) -> Duration:
        """The duration that an option holds (``for``, ``within``, ``due``)."""
        return Duration(**self.options[option])


def every_step(steps: tuple[StepSpec, ...]) -> Iterator[StepSpec]:
    """All steps of a plan with those in the arms, in the order in which they are written."""
    for step in steps:
        yield step
        yield from every_step(step.yes)
        yield from every_step(step.no)


@dataclass(frozen=True)
class AudienceSpec:
    """Who comes in (semantics 2.9)."""

    group: Group = field(default_factory=Group)
    views: tuple[str, ...] = ()
    unique_email: bool = False
    exclusive: bool = False


@dataclass(frozen=True)
class ExitSpec:
    """When a stay ends (semantics 2.18)."""

    group: Group = field(default_factory=lambda: Group("any"))
    all_steps: bool = True
    replied: bool = True
    unsubscribed: bool = True
    bounced: bool = True
    colleague_replied: bool = False


@dataclass(frozen=True)
class SequenceSpec:
    """One sequence. ``sender`` is ``owner``, ``contact_owner`` or a user's e-mail."""

    name: str
    kind: str
    schedule: Schedule | WorkingHours
    steps: tuple[StepSpec, ...]
    owner: str
    record: str = "contact"
    status: str = "active"
    sender: str = OWNER
    description: str = ""
    tags: tuple[str, ...] = ()
    audience: AudienceSpec = field(default_factory=AudienceSpec)
    exits: ExitSpec = field(default_factory=ExitSpec)
    out_of_office: str = "pause"
    reentry: int | None = None
    recipient_window: tuple[time, time] | None = None

    @property
    def keys(self) -> list[str]:
        """Of all steps, with those in the arms."""
        return [step.key for step in every_step(self.steps)]


@dataclass(frozen=True)
class TimelineEvent:
    """Something that happens from outside. Which attributes are set follows from ``do`` (table 6.7).

    ``sequence`` is the sequence's name as it is written there, also where the file left it to be found by the step.
    """

    at: datetime
    do: str
    contact: str = ""
    sequence: str = ""
    step: str = ""
    until: datetime | date | None = None
    hard: bool = True
    outcome: str = ""
    inside: str = "finish"
    steps: tuple[StepSpec, ...] | None = None
    apply: str = "pin"
    schedule: Schedule | WorkingHours | None = None
    name: str = ""
    subject: str | None = None
    body: str | None = None
    record: str = ""
    record_id: str = ""
    field: Field | None = None
    value: Any = None
    records: tuple[RecordSpec, ...] = ()
    state: str = ""
    user: str = ""


@dataclass(frozen=True)
class Scenario:
    """A whole file. ``expect`` is None where the file has none."""

    title: str
    now: datetime
    timezone: ZoneInfo
    until: datetime
    limit: int
    users: tuple[UserSpec, ...]
    accounts: tuple[RecordSpec, ...]
    contacts: tuple[RecordSpec, ...]
    opportunities: tuple[RecordSpec, ...]
    views: tuple[ViewSpec, ...]
    templates: tuple[TemplateSpec, ...]
    sequences: tuple[SequenceSpec, ...]
    timeline: tuple[TimelineEvent, ...]
    custom_fields: tuple[Field, ...]
    expect: tuple[str, ...] | None
