"""What happens from outside (6.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sequences.files.specs import TimelineEvent
from tests.model import adaptive, facts, tree
from tests.model.world import Sequence, Stay, World, working


def happen(world: World, event: TimelineEvent, at: datetime) -> None:
    """One event, at the instant at which it is taken in."""
    if event.do in facts.FACTS:
        contact = world.records["contact"][event.contact]
        if not facts.is_ignored(world, event, contact):
            facts.FACTS[event.do](world, event, contact, at)
    elif event.do in ("complete", "skip"):
        facts.worked(world, event, world.records["contact"][event.contact], at)
    elif event.do == "sms_stop":
        facts.sms_stopped(world, event, world.records["contact"][event.contact], at)
    else:
        VERBS[event.do](world, event, at)


def add(world: World, event: TimelineEvent, at: datetime) -> None:
    adaptive.add(world.sequence(event.sequence), world.records["contact"][event.contact])


def remove(world: World, event: TimelineEvent, at: datetime) -> None:
    """Cancels a waiting addition, or exits at once, also while paused (2.13)."""
    sequence = world.sequence(event.sequence)
    contact = world.records["contact"][event.contact]
    sequence.additions = [one for one in sequence.additions if one is not contact]
    if stay := sequence.stay_inside(contact):
        world.exit(stay, at, "removed")


def pause(world: World, event: TimelineEvent, at: datetime) -> None:
    sequence = world.sequence(event.sequence)
    if event.contact:
        stay = sequence.stay_inside(world.records["contact"][event.contact])
        if stay and stay.paused != "manual":
            tree.stop(stay, at)
            stay.paused, stay.resume_on = "manual", None
            world.line(at, stay, "paused", "manual")
    elif sequence.status == "active":
        sequence.status = "paused"
        for stay in sequence.inside():
            tree.stop(stay, at)


def resume(world: World, event: TimelineEvent, at: datetime) -> None:
    sequence = world.sequence(event.sequence)
    if event.contact:
        stay = sequence.stay_inside(world.records["contact"][event.contact])
        if stay and stay.paused:
            stay.paused, stay.resume_on = "", None
            world.line(at, stay, "resumed")
            tree.start_again(world, stay, at)
    elif sequence.status == "paused":
        run_again(world, sequence, "active", at)


def run_again(world: World, sequence: Sequence, status: str, at: datetime) -> None:
    """Its next run is the first at or after now (2.6)."""
    sequence.status, sequence.since = status, at
    for stay in sequence.inside():
        tree.start_again(world, stay, at)


def activate(world: World, event: TimelineEvent, at: datetime) -> None:
    sequence = world.sequence(event.sequence)
    if sequence.status == "draft":
        sequence.status, sequence.since = "active", at


def archive(world: World, event: TimelineEvent, at: datetime) -> None:
    """Drops waiting additions; those inside finish, also when it was paused, or end (2.1)."""
    sequence = world.sequence(event.sequence)
    if sequence.status not in ("active", "paused"):
        return
    sequence.additions = []
    if sequence.status == "paused":
        run_again(world, sequence, "archived", at)
    sequence.status = "archived"
    if event.inside == "end":
        for stay in sequence.inside():
            world.exit(stay, at, "removed")


def publish(world: World, event: TimelineEvent, at: datetime) -> None:
    """A new plan (3.5, 5.14), a changed schedule (2.8); one that is the same as before changes nothing."""
    sequence = world.sequence(event.sequence)
    if event.steps is not None:
        sequence.steps = working(event.steps)
        keys = {step.key for step in sequence.steps}
        for stay in sequence.stays:
            move(stay, event, keys)
    if event.schedule is not None and event.schedule != sequence.schedule:
        sequence.schedule, sequence.since = event.schedule, at


def move(stay: Stay, event: TimelineEvent, keys: set[str]) -> None:
    assert event.steps is not None
    if stay.sequence.is_adaptive:
        if event.apply == "move" and stay.is_inside:
            tree.move(stay, event.steps)
        return
    for key, mark in stay.marks.items():
        if mark.reminder == "open" and key not in keys:
            mark.reminder = "cancelled"


def edit_template(world: World, event: TimelineEvent, at: datetime) -> None:
    old = world.templates[event.name]
    subject = old.subject if event.subject is None else event.subject
    body = old.body if event.body is None else event.body
    world.templates[event.name] = replace(old, subject=subject, body=body)


def set_field(world: World, event: TimelineEvent, at: datetime) -> None:
    assert event.field is not None
    world.records[event.record][event.record_id].values[event.field.key] = event.value


def new(world: World, event: TimelineEvent, at: datetime) -> None:
    for spec in event.records:
        world.arrive(spec, at)


def mailbox(world: World, event: TimelineEvent, at: datetime) -> None:
    named = {event.user} if event.user else set(world.users)
    world.down = world.down | named if event.state == "down" else world.down - named


VERBS: dict[str, Callable[[World, TimelineEvent, datetime], None]] = {
    "add": add,
    "remove": remove,
    "pause": pause,
    "resume": resume,
    "activate": activate,
    "archive": archive,
    "publish": publish,
    "template": edit_template,
    "set": set_field,
    "new": new,
    "mailbox": mailbox,
}
