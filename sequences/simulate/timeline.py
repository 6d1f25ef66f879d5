"""What happens from outside in a scenario: each ``do`` by the function that the product itself uses (semantics 6.7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from activities import reminders
from activities.models import Reminder
from audience import records
from audience.conditions.types import FieldType
from messaging.intake import take_in
from messaging.models import Mailbox, Message
from sequences import edits, schedule
from sequences.commands import people, status
from sequences.enrollment import hold_rows
from sequences.files.loading import World, load_plan, load_record, save_template, schedule_fields
from sequences.files.specs import TemplateSpec, TimelineEvent
from sequences.models import Sequence, StepRun
from sequences.refusals import Refused
from tenants.models import Member

Happening = Callable[[TimelineEvent, World, Member, datetime], None]

KINDS = {
    "open": "opened",
    "click": "clicked",
    "reply": "replied",
    "unsubscribe": "unsubscribed",
    "auto_reply": "auto_reply",
    "bounce": "bounced",
    "sms_stop": "sms_stop",
}


def happen(event: TimelineEvent, world: World, *, by: Member, now: datetime) -> None:
    """Let one event take effect at ``now``, which is later than its own time after an outage."""
    HAPPENINGS[event.do](event, world, by, now)


def fact(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    """A fact about a message, or about the contact. One that names a step of which nothing was sent is ignored."""
    contact = world.ids["contact", event.contact]
    message = None
    if event.step:
        message = _message(event, world, contact)
        if message is None:
            return
    until = event.until if type(event.until) is date else None
    take_in(
        KINDS[event.do],  # type: ignore[arg-type]
        at=now,
        source="simulation",
        contact=contact,
        message=message,
        until=until,
        hard=event.hard,
    )


def close(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    """A seller completes or skips the reminder of a step, if it is open."""
    of_step = _step_runs(event, world, world.ids["contact", event.contact])
    found = Reminder.objects.filter(step_run_id__in=of_step, state=Reminder.OPEN).order_by("-pk").first()
    if found is None:
        return
    if event.do == "skip":
        reminders.skip(reminder=found, by=by, now=now)
    else:
        reminders.complete(reminder=found, by=by, now=now, outcome=event.outcome)


def person(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    """add and remove; pause and resume of one contact or of the whole sequence."""
    sequence = _sequence(event, world)
    if not event.contact:
        if event.do == "pause":
            status.pause(sequence=sequence, by=by, now=now)
        else:
            status.resume(sequence=sequence, by=by, now=now, is_confirmed_before=True)
        return
    verbs = {"add": people.add, "remove": people.remove, "pause": people.pause, "resume": people.resume}
    with suppress(
        Refused
    ):  # an archived sequence admits nobody, and a refusal leaves no trace (semantics 2.10)
        verbs[event.do](sequence=sequence, contacts=[world.ids["contact", event.contact]], by=by, now=now)


def activate(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    (row,) = hold_rows([_sequence(event, world).pk])
    if row.status == "draft":
        status.begin(row, now=now)


def archive(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    status.archive(sequence=_sequence(event, world), by=by, now=now, inside=event.inside)


def publish(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    """New steps, a new schedule, or both (semantics 2.8, 3.5)."""
    (row,) = hold_rows([_sequence(event, world).pk])
    if event.steps is not None:
        before = row.plan
        row.plan = load_plan(world, event.steps, at=now, number=before.number + 1)
        row.save(update_fields=["plan"])
        edits.follow_plan(row, before=before, now=now, apply=event.apply)
    if event.schedule is not None:
        schedule.settle_missed(row, now=now)
        fields = schedule_fields(event.schedule)
        if any(getattr(row, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()
            edits.follow_schedule(row, now=now)


def template(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    current = world.templates[event.name].current
    assert current is not None
    spec = TemplateSpec(
        event.name,
        current.subject if event.subject is None else event.subject,
        current.body if event.body is None else event.body,
    )
    world.templates[event.name] = save_template(spec, at=now)


def set_field(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    assert event.field is not None
    value: Any = event.value
    if event.field.type is FieldType.REFERENCE and value is not None:
        value = world.ids[event.field.key, str(value)]
    record = records.MODELS[event.record].objects.get(pk=world.ids[event.record, event.record_id])
    records.set_field(record, event.field.key, value, at=now)


def new(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    for spec in event.records:
        load_record(world, spec, at=now)


def mailbox(event: TimelineEvent, world: World, by: Member, now: datetime) -> None:
    boxes = Mailbox.objects.all()
    if event.user:
        boxes = boxes.filter(member=world.members[event.user])
    boxes.update(state=Mailbox.BROKEN if event.state == "down" else Mailbox.WORKING)


HAPPENINGS: dict[str, Happening] = {
    **dict.fromkeys(KINDS, fact),
    **dict.fromkeys(("complete", "skip"), close),
    **dict.fromkeys(("add", "remove", "pause", "resume"), person),
    "activate": activate,
    "archive": archive,
    "publish": publish,
    "template": template,
    "set": set_field,
    "new": new,
    "mailbox": mailbox,
}


def _sequence(event: TimelineEvent, world: World) -> Sequence:
    return Sequence.objects.get(pk=world.sequences[event.sequence].pk)


def _step_runs(event: TimelineEvent, world: World, contact: int) -> Any:
    sequence = world.sequences[event.sequence]
    found = StepRun.objects.filter(key=event.step, enrollment__contact=contact, enrollment__sequence=sequence)
    return found.values("pk")


def _message(event: TimelineEvent, world: World, contact: int) -> Message | None:
    sent = Message.objects.filter(step_run_id__in=_step_runs(event, world, contact), state="sent")
    return sent.order_by("-sent_at", "-pk").first()
