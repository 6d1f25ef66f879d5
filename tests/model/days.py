"""One run of a classic or smart sequence (2.4-2.6, 2.19, 2.24, 3 and 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sequences.files.specs import CLASSIC, StepSpec
from tests.model import doing
from tests.model.entry import admit
from tests.model.truth import matches, of_stay
from tests.model.world import Sequence, Stay, World


@dataclass
class Verdict:
    """What a run means to do for one contact."""

    stay: Stay
    skips: list[tuple[StepSpec, str]] = field(default_factory=list)
    steps: list[StepSpec] = field(default_factory=list)
    held: str = ""

    def reason_for(self, step: StepSpec) -> str:
        return next((reason for skipped, reason in self.skips if skipped is step), "")


def run(world: World, sequence: Sequence, at: datetime) -> None:
    """Exits by condition, automatic resumes, completions, entries, steps (2.4)."""
    exit_by_condition(world, sequence, at)
    resume_who_is_back(world, sequence, at)
    complete_who_is_through(world, sequence, at)
    if sequence.status == "active":
        admit(world, sequence, at, by_conditions=True)
    work_steps(world, sequence, at)


def exit_by_condition(world: World, sequence: Sequence, at: datetime) -> None:
    """Of everyone inside, the paused too (2.18)."""
    group = sequence.spec.exits.group
    leaving = [stay for stay in sequence.inside() if matches(group, of_stay(world, stay, at), if_none=False)]
    for stay in leaving:
        world.exit(stay, at, "condition")


def resume_who_is_back(world: World, sequence: Sequence, at: datetime) -> None:
    """At the first run on or after the return date (2.24)."""
    for stay in sequence.inside():
        if stay.paused == "auto_reply" and stay.resume_on and sequence.today(at) >= stay.resume_on:
            stay.paused, stay.resume_on = "", None
            world.line(at, stay, "resumed")


def complete_who_is_through(world: World, sequence: Sequence, at: datetime) -> None:
    """Days counted up to the highest day of the plan (3.4), or every step had (4.4); never the paused (2.19)."""
    if not sequence.spec.exits.all_steps:
        return
    for stay in sequence.inside():
        if not stay.paused and is_through(stay):
            world.exit(stay, at, "completed")


def is_through(stay: Stay) -> bool:
    steps = stay.sequence.steps
    if stay.sequence.spec.kind == CLASSIC:
        return stay.days >= max(step.day or 0 for step in steps)
    return all(step.key in stay.marks for step in steps)


def work_steps(world: World, sequence: Sequence, at: datetime) -> None:
    """First everything is decided from the facts as they stand, then it is done (2.5)."""
    going = [stay for stay in sequence.inside() if not stay.paused]
    verdicts = [decide(world, stay, at) for stay in doing.in_order(going, at)]
    for verdict in verdicts:
        share_capacity(world, verdict, at)
    for verdict in verdicts:
        carry_out(world, verdict, at)


def decide(world: World, stay: Stay, at: datetime) -> Verdict:
    """What each step of the day comes to, and whether the contact is held (2.26, 2.27)."""
    verdict = Verdict(stay)
    for step in steps_due(world, stay, at):
        reason = doing.skip_reason(world, stay, step)
        if not matches(step.conditions, of_stay(world, stay, at), if_none=True):
            reason = "condition"
        if not reason and step.kind == "email" and any(one.kind == "email" for one in verdict.steps):
            reason = "second_email"
        if reason:
            verdict.skips.append((step, reason))
        else:
            verdict.steps.append(step)
    verdict.held = doing.hold_reason(world, stay, verdict.steps, at)
    return verdict


def steps_due(world: World, stay: Stay, at: datetime) -> list[StepSpec]:
    """Classic: those of the contact's day (3.3); smart: the first that matches (4.2). Never one that was had (3.5)."""
    left = [step for step in stay.sequence.steps if step.key not in stay.marks]
    if stay.sequence.spec.kind == CLASSIC:
        return [step for step in left if step.day == stay.days + 1]
    asked = of_stay(world, stay, at)
    return [step for step in left if matches(step.conditions, asked, if_none=True)][:1]


def share_capacity(world: World, verdict: Verdict, at: datetime) -> None:
    """Gives out the senders' last messages in the order of 2.28; who is held takes none (2.27)."""
    for step in verdict.steps:
        if verdict.held or step.kind != "email":
            continue
        sender = doing.sender_of(world, verdict.stay, step)
        if doing.has_capacity(world, sender, at):
            doing.take_capacity(world, sender, at)
        else:
            verdict.held = "limit"


def carry_out(world: World, verdict: Verdict, at: datetime) -> None:
    """Writes what was decided; of who is held nothing but that, and the day does not count (2.27)."""
    stay = verdict.stay
    if verdict.held:
        world.line(at, stay, "held", verdict.held)
        return
    stay.days += 1
    for step in stay.sequence.steps:
        if step in verdict.steps:
            doing.execute(world, stay, step, at)
        elif reason := verdict.reason_for(step):
            doing.skip(world, stay, step, reason, at)
