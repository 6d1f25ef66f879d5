"""One instant of an adaptive sequence (5.3-5.12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audience.conditions.parse import Scope, find_field
from audience.fields import Catalogue, Field
from sequences.files.specs import StepSpec
from sequences.hours import WorkingHours, is_quarter
from tests.model import doing, tree
from tests.model.days import exit_by_condition
from tests.model.entry import admit, may_come
from tests.model.truth import happened, lowered, matches, of_stay
from tests.model.world import Record, Sequence, Stay, World


@dataclass
class Verdict:
    """What a pass means to do for one contact: one of the words of ``carry_out``, and what goes with it."""

    stay: Stay
    what: str
    reason: str = ""
    record: Record | None = None
    key: str = ""
    value: Any = None


def work(world: World, sequence: Sequence, at: datetime, *, is_first: bool) -> None:
    """An instant inside the hours. ``is_first``: not the second time at this instant, for an ``advance`` (5.4)."""
    hours = hours_of(sequence)
    quarter = is_first and is_quarter(at, hours.timezone)
    if quarter:
        exit_by_condition(world, sequence, at)
    if sequence.status == "paused":
        return
    resume_who_is_back(world, sequence, at)
    admit(world, sequence, at, by_conditions=quarter)
    while due := due_stays(sequence, at):
        pass_once(world, sequence, due, at)


def hours_of(sequence: Sequence) -> WorkingHours:
    assert isinstance(sequence.schedule, WorkingHours)
    return sequence.schedule


def resume_who_is_back(world: World, sequence: Sequence, at: datetime) -> None:
    """At the first opening on or after the return date (2.24)."""
    for stay in sequence.inside():
        if (back := returns_at(stay)) and at >= back:
            stay.paused, stay.resume_on = "", None
            world.line(at, stay, "resumed")
            tree.start_again(world, stay, at)


def returns_at(stay: Stay) -> datetime | None:
    """When a pause for an automatic reply ends."""
    if stay.paused != "auto_reply" or not stay.resume_on or not stay.paused_at:
        return None
    return hours_of(stay.sequence).opening_on(stay.resume_on, stay.paused_at)


def due_stays(sequence: Sequence, at: datetime) -> list[Stay]:
    """Everyone who can do a step now, in the order of 2.28."""
    going = [stay for stay in sequence.inside() if not stay.is_stopped]
    for stay in going:
        tree.begin(stay, at)
    return doing.in_order([stay for stay in going if is_due(stay, at)], at)


def is_due(stay: Stay, at: datetime) -> bool:
    step = stay.step
    if step is None:
        return stay.sequence.spec.exits.all_steps
    if step.kind == "wait":
        return stay.moment is not None and at >= stay.moment
    if step.kind == "condition":
        return stay.moment is None or at >= stay.moment or event_has_come(stay)
    if step.is_manual:
        return step.key not in stay.marks
    if stay.held:
        return is_quarter(at, hours_of(stay.sequence).timezone) and stay.tried_at != at
    return True


def event_has_come(stay: Stay) -> bool:
    """Whether the event of a condition is true already and need not wait for the limit (5.7)."""
    assert stay.step is not None
    mark = tree.asked_mark(stay)
    if mark is None or mark.sent_at is None or "event" not in stay.step.options:
        return True
    return happened(mark, stay.step.options["event"]) and not stay.step.options.get("at_limit", False)


def pass_once(world: World, sequence: Sequence, due: list[Stay], at: datetime) -> None:
    """Everyone who is due does one step; all is decided from the facts at the beginning (5.4)."""
    verdicts = [decide(world, stay, at) for stay in due]
    for verdict in verdicts:
        share_capacity(world, verdict, at)
    for verdict in verdicts:
        carry_out(world, verdict, at)


def decide(world: World, stay: Stay, at: datetime) -> Verdict:
    step = stay.step
    if step is None:
        return Verdict(stay, "complete")
    if step.kind == "wait":
        return Verdict(stay, "go_on")
    if step.kind == "condition":
        return Verdict(stay, "yes" if answer(world, stay, at) else "no")
    if step.kind == "advance":
        return Verdict(stay, "advance")
    if step.kind == "update_field":
        return decide_update(world, stay, step, at)
    return decide_step(world, stay, step, at)


def decide_step(world: World, stay: Stay, step: StepSpec, at: datetime) -> Verdict:
    """An e-mail, SMS or reminder: exit conditions before automatic messages (5.11), then 2.26 and 2.27."""
    exits = stay.sequence.spec.exits.group
    if not step.is_manual and matches(exits, of_stay(world, stay, at), if_none=False):
        return Verdict(stay, "exit")
    if reason := doing.skip_reason(world, stay, step):
        return Verdict(stay, "skip", reason)
    if reason := doing.hold_reason(world, stay, [step], at):
        return Verdict(stay, "hold", reason)
    return Verdict(stay, "do")


def decide_update(world: World, stay: Stay, step: StepSpec, at: datetime) -> Verdict:
    """5.9; of a record that is missing it is skipped (2.26)."""
    name = step.options["field"]
    scope = Scope(stay.sequence.spec.record, Catalogue(world.scenario.custom_fields), is_open=True)
    field = find_field(name, scope)
    assert isinstance(field, Field)
    record = of_stay(world, stay, at).named(field.record)
    if "." not in name and stay.sequence.spec.record != "contact":
        record = stay.through
    if record is None:
        return Verdict(stay, "skip", "no_record")
    return Verdict(stay, "update", record=record, key=field.key, value=step.options["value"])


def answer(world: World, stay: Stay, at: datetime) -> bool:
    """Yes or no (5.7, 5.8), from the facts of this moment."""
    step = stay.step
    assert step is not None
    mark = tree.asked_mark(stay)
    if "event" in step.options:
        return mark is not None and mark.sent_at is not None and happened(mark, step.options["event"])
    if "outcomes" in step.options:
        outcomes = {lowered(outcome) for outcome in step.options["outcomes"]}
        return mark is not None and mark.outcome != "" and lowered(mark.outcome) in outcomes
    return matches(step.conditions, of_stay(world, stay, at), if_none=True)


def share_capacity(world: World, verdict: Verdict, at: datetime) -> None:
    """The senders' capacity, shared within the pass in its order (5.4)."""
    step = verdict.stay.step
    if verdict.what != "do" or step is None or step.kind != "email":
        return
    sender = doing.sender_of(world, verdict.stay, step)
    if doing.has_capacity(world, sender, at):
        doing.take_capacity(world, sender, at)
    else:
        verdict.what, verdict.reason = "hold", "limit"


def carry_out(world: World, verdict: Verdict, at: datetime) -> None:
    """Does what was decided, and completes at once where the path has ended (2.19)."""
    stay, step = verdict.stay, verdict.stay.step
    if step is None:
        world.exit(stay, at, "completed")
    elif verdict.what == "exit":
        world.exit(stay, at, "condition")
    elif verdict.what == "hold":
        hold(world, stay, verdict.reason, at)
    elif verdict.what == "advance":
        advance(world, stay, step, at)
    else:
        do_step(world, verdict, step, at)
        if stay.step is None and stay.sequence.spec.exits.all_steps:
            world.exit(stay, at, "completed")


def do_step(world: World, verdict: Verdict, step: StepSpec, at: datetime) -> None:
    stay = verdict.stay
    if verdict.what in ("yes", "no"):
        world.line(at, stay, "branched", step.key, verdict.what)
        tree.branch(stay, verdict.what == "yes")
        return
    if verdict.what == "skip":
        doing.skip(world, stay, step, verdict.reason, at)
    elif verdict.what != "go_on":
        doing.execute(world, stay, step, at)
    if verdict.what == "update":
        assert verdict.record is not None
        verdict.record.values[verdict.key] = verdict.value
    if verdict.what == "skip" or not step.is_manual:
        tree.go_on(stay)


def hold(world: World, stay: Stay, reason: str, at: datetime) -> None:
    """Tried again at every full quarter; written when it begins and when the reason changes (5.11)."""
    if stay.held != reason:
        world.line(at, stay, "held", reason)
    stay.held, stay.tried_at = reason, at


def advance(world: World, stay: Stay, step: StepSpec, at: datetime) -> None:
    """Ends the stay in any case; the other sequence takes the contact on as if added by hand (5.10)."""
    doing.execute(world, stay, step, at)
    world.exit(stay, at, "advanced")
    other = world.sequence(step.options["sequence"])
    if other.status in ("active", "paused") and may_be_handed_over(other, stay.contact, at):
        add(other, stay.contact)


def may_be_handed_over(other: Sequence, contact: Record, at: datetime) -> bool:
    """Never in it, or re-entry allows, and not the very instant of an exit (5.10): nobody goes round for ever."""
    stays = other.stays_of(contact)
    return may_come(other, contact, at) and (not stays or stays[-1].exited_at != at)


def add(sequence: Sequence, contact: Record) -> None:
    """An addition waits for the next run; of someone inside or waiting it does nothing (2.13)."""
    if sequence.status == "archived" or sequence.stay_inside(contact) or contact in sequence.additions:
        return
    sequence.additions.append(contact)


def moments(sequence: Sequence, at: datetime) -> list[datetime]:
    """The instants after ``at`` at which this sequence may have something to do."""
    hours, soon = hours_of(sequence), at + timedelta(seconds=1)
    quarter = hours.next_quarter(soon)
    found = [hours.next_opening(soon), *([quarter] if quarter else [])]
    for stay in sequence.inside():
        if stay.moment:
            found.append(hours.moved_inside(max(stay.moment, soon)))
        if back := returns_at(stay):
            found.append(hours.moved_inside(max(back, soon)))
    return found
