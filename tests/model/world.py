"""What the model remembers: records, sequences, stays, messages sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import idna

from sequences.calendar import Schedule
from sequences.files.specs import (
    ADAPTIVE,
    RecordSpec,
    Scenario,
    SequenceSpec,
    StepSpec,
    TemplateSpec,
    UserSpec,
    ViewSpec,
)
from sequences.hours import WorkingHours
from sequences.trace import TraceEvent


@dataclass
class Record:
    """A contact, account or opportunity; ``order`` is that of creation."""

    kind: str
    id: str
    order: int
    values: dict[str, Any]


@dataclass
class Mark:
    """What one step did for one stay: the step run, its message and its reminder in one."""

    step: StepSpec
    state: str
    at: datetime
    reason: str = ""
    reminder: str = ""
    outcome: str = ""
    sent_at: datetime | None = None
    sent_order: int = 0
    address: str = ""
    opened: bool = False
    clicked: bool = False
    replied: bool = False
    bounced: bool = False


@dataclass
class Stay:
    """One contact's time in one sequence."""

    sequence: Sequence
    contact: Record
    through: Record | None
    entered_at: datetime
    marks: dict[str, Mark] = field(default_factory=dict)
    exited_at: datetime | None = None
    exited_on: date | None = None
    reason: str = ""
    paused: str = ""
    paused_at: datetime | None = None
    resume_on: date | None = None
    days: int = 0
    held: str = ""
    # adaptive
    plan: tuple[StepSpec, ...] = ()
    step: StepSpec | None = None
    passed: set[str] = field(default_factory=set)
    begun: bool = False
    moment: datetime | None = None
    stopped_since: datetime | None = None
    tried_at: datetime | None = None

    @property
    def is_inside(self) -> bool:
        return self.exited_at is None

    @property
    def is_stopped(self) -> bool:
        """Whether a pause, of the contact or of the sequence, keeps it from going on."""
        return bool(self.paused) or self.sequence.status == "paused"


def working(steps: tuple[StepSpec, ...]) -> tuple[StepSpec, ...]:
    """The steps that are switched on (3.5): the others are in no plan as far as runs are concerned."""
    return tuple(step for step in steps if not step.is_off)


@dataclass
class Sequence:
    """A sequence as it stands now; ``spec`` keeps what never changes."""

    spec: SequenceSpec
    order: int
    status: str
    schedule: Schedule | WorkingHours
    steps: tuple[StepSpec, ...]
    stays: list[Stay] = field(default_factory=list)
    additions: list[Record] = field(default_factory=list)
    since: datetime | None = None
    last_run_on: date | None = None
    missed_on: set[date] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_adaptive(self) -> bool:
        return self.spec.kind == ADAPTIVE

    @property
    def is_running(self) -> bool:
        return self.status in ("active", "archived")

    @property
    def asks_exits(self) -> bool:
        """A paused tree does nothing but let go whom its exit conditions end (5.13)."""
        return self.is_running or (self.is_adaptive and self.status == "paused")

    def inside(self) -> list[Stay]:
        return [stay for stay in self.stays if stay.is_inside]

    def stays_of(self, contact: Record) -> list[Stay]:
        return [stay for stay in self.stays if stay.contact is contact]

    def stay_inside(self, contact: Record) -> Stay | None:
        return next((stay for stay in self.stays_of(contact) if stay.is_inside), None)

    def today(self, at: datetime) -> date:
        return at.astimezone(self.schedule.timezone).date()


@dataclass
class World:
    """Everything, and the trace so far."""

    scenario: Scenario
    users: dict[str, UserSpec]
    views: dict[str, ViewSpec]
    templates: dict[str, TemplateSpec]
    records: dict[str, dict[str, Record]]
    sequences: list[Sequence]
    down: set[str] = field(default_factory=set)
    unsubscribed: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)
    stopped_numbers: set[str] = field(default_factory=set)
    emails_made: list[tuple[str, date]] = field(default_factory=list)
    sent: int = 0
    trace: list[TraceEvent] = field(default_factory=list)

    def line(self, at: datetime, stay: Stay, event: str, *detail: str) -> None:
        zone = stay.sequence.schedule.timezone
        self.trace.append(TraceEvent(at, stay.contact.id, event, detail, stay.sequence.name, zone))

    def contacts(self) -> list[Record]:
        return list(self.records["contact"].values())

    def account_of(self, contact: Record) -> Record | None:
        """The current primary account (2.16)."""
        return self.records["account"].get(contact.values.get("account", ""))

    def sequence(self, name: str) -> Sequence:
        return next(sequence for sequence in self.sequences if sequence.name == name)

    def stays_of(self, contact: Record) -> Iterator[Stay]:
        for sequence in self.sequences:
            yield from sequence.stays_of(contact)

    def arrive(self, spec: RecordSpec, at: datetime) -> None:
        """A record comes into being (6.5)."""
        values = dict(spec.values)
        values.setdefault("created_at", at)
        if spec.record in ("contact", "account"):
            values.setdefault("last_contacted_mode", "Not yet contacted")
        known = self.records[spec.record]
        known[spec.id] = Record(spec.record, spec.id, len(known), values)

    def exit(self, stay: Stay, at: datetime, reason: str) -> None:
        """Ends a stay; only after ``completed`` its open reminders stay to be done (2.18)."""
        stay.exited_at, stay.exited_on, stay.reason = at, stay.sequence.today(at), reason
        self.line(at, stay, "exited", reason)
        for mark in stay.marks.values():
            if mark.reminder == "open" and reason != "completed":
                mark.reminder = "cancelled"


def build(scenario: Scenario) -> World:
    """The world before anything has happened; active sequences are activated at ``now`` (6.1)."""
    world = World(
        scenario=scenario,
        users={user.email: user for user in scenario.users},
        views={view.name: view for view in scenario.views},
        templates={template.name: template for template in scenario.templates},
        records={"account": {}, "contact": {}, "opportunity": {}},
        sequences=[
            Sequence(spec, n, spec.status, spec.schedule, working(spec.steps), since=scenario.now)
            for n, spec in enumerate(scenario.sequences)
        ],
    )
    for spec in (*scenario.accounts, *scenario.contacts, *scenario.opportunities):
        world.arrive(spec, scenario.now)
    return world


def address_of(contact: Record) -> str:
    """The address as it is compared everywhere (2.11); empty where there is none."""
    text = unicodedata.normalize("NFC", str(contact.values.get("email") or "").strip().lower())
    local, at, domain = text.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}" if at else ""


def number_of(contact: Record) -> str:
    """The mobile number, else the phone (2.26), without its decoration; empty where there is none."""
    text = str(contact.values.get("mobile") or contact.values.get("phone") or "")
    return "".join(c for c in text if c.isdigit())
