"""Who is admitted (2.9-2.15)."""

from __future__ import annotations

from datetime import datetime, timedelta

from audience.conditions.parse import Group
from sequences.files.specs import every_step
from tests.model import tree
from tests.model.truth import Asked, matches
from tests.model.world import Record, Sequence, Stay, World, address_of, number_of

WITHOUT_ADDRESS = ("email_reminder", "sms_reminder", "call", "task", "linkedin", "update_field", "advance")


def admit(world: World, sequence: Sequence, at: datetime, *, by_conditions: bool) -> list[Stay]:
    """Decides the additions that wait and, at a run, who matches; returns the new stays."""
    waiting, sequence.additions = sequence.additions, []
    if sequence.status != "active":
        return []
    chosen: list[tuple[Record, Record | None]] = []
    for contact in world.contacts():
        if sequence.stay_inside(contact):
            continue
        by_hand = contact in waiting
        if by_hand:
            through = first_through(world, sequence, at, contact, by_hand=True)
        elif by_conditions and may_come(sequence, contact, at) and comes(world, sequence, at, contact):
            through = first_through(world, sequence, at, contact, by_hand=False)
        else:
            continue
        if not is_refused(world, sequence, at, contact, through):
            chosen.append((contact, through))
    if sequence.spec.audience.unique_email:
        chosen = once_an_address(sequence, chosen)
    return [enter(world, sequence, at, contact, through) for contact, through in chosen]


def enter(world: World, sequence: Sequence, at: datetime, contact: Record, through: Record | None) -> Stay:
    stay = Stay(sequence, contact, through, at, plan=sequence.steps)
    sequence.stays.append(stay)
    world.line(at, stay, "entered")
    if sequence.is_adaptive:
        tree.land(stay, sequence.steps[0] if sequence.steps else None)
    return stay


def may_come(sequence: Sequence, contact: Record, at: datetime) -> bool:
    """Never in this sequence (2.9), or long enough ago where re-entry is on (2.14)."""
    stays = sequence.stays_of(contact)
    if not stays:
        return True
    last = stays[-1]
    if sequence.spec.reentry is None or last.exited_on is None or last.reason == "removed":
        return False
    return sequence.today(at) >= last.exited_on + timedelta(days=sequence.spec.reentry)


def comes(world: World, sequence: Sequence, at: datetime, contact: Record) -> bool:
    """Whether the contact matches the conditions or stands in a view (2.9, 2.15)."""
    return any(
        is_wanted(world, sequence, at, contact, through) for through in candidates(world, sequence, contact)
    )


def candidates(world: World, sequence: Sequence, contact: Record) -> list[Record | None]:
    """The records through which a contact could come in, the first created first (2.15)."""
    if sequence.spec.record == "contact":
        return [None]
    if sequence.spec.record == "account":
        account = world.account_of(contact)
        return [account] if account else []
    opportunities = world.records["opportunity"].values()
    return [one for one in opportunities if one.values.get("contact") == contact.id]


def is_wanted(
    world: World, sequence: Sequence, at: datetime, contact: Record, through: Record | None
) -> bool:
    """Conditions or a view; neither: nobody. A view without conditions is everyone (2.9)."""
    asked = Asked(world, sequence, at, contact, through)
    audience = sequence.spec.audience
    groups: list[Group] = [world.views[name].group for name in audience.views]
    return matches(audience.group, asked, if_none=False) or any(
        matches(group, asked, if_none=True) for group in groups
    )


def first_through(
    world: World, sequence: Sequence, at: datetime, contact: Record, *, by_hand: bool
) -> Record | None:
    """The record through which the contact comes in: the first that matches; by hand else the first, else none."""
    found = candidates(world, sequence, contact)
    wanted = [one for one in found if is_wanted(world, sequence, at, contact, one)]
    return (wanted or (found if by_hand else []) or [None])[0]


def is_refused(
    world: World, sequence: Sequence, at: datetime, contact: Record, through: Record | None
) -> bool:
    """2.10 and 2.12."""
    asked = Asked(world, sequence, at, contact, through)
    address = address_of(contact)
    return (
        matches(sequence.spec.exits.group, asked, if_none=False)
        or (address != "" and address in world.unsubscribed | world.bounced)
        or not could_receive(world, sequence, contact)
        or is_excluded(world, sequence, contact)
    )


def could_receive(world: World, sequence: Sequence, contact: Record) -> bool:
    """Whether any step of the whole plan or tree could reach the contact (2.10)."""
    number = number_of(contact)
    for step in every_step(sequence.steps):
        if step.kind in WITHOUT_ADDRESS:
            return True
        if step.kind == "email" and address_of(contact):
            return True
        if step.kind == "sms" and number and number not in world.stopped_numbers:
            return True
    return False


def is_excluded(world: World, sequence: Sequence, contact: Record) -> bool:
    """2.12: exclusive sequences keep everyone else out, both ways."""
    others = [stay for stay in world.stays_of(contact) if stay.is_inside and stay.sequence is not sequence]
    return any(sequence.spec.audience.exclusive or stay.sequence.spec.audience.exclusive for stay in others)


def once_an_address(
    sequence: Sequence, chosen: list[tuple[Record, Record | None]]
) -> list[tuple[Record, Record | None]]:
    """2.11: not who shares the address with another who is or ever was inside; of several the first created."""
    kept: list[tuple[Record, Record | None]] = []
    for contact, through in sorted(chosen, key=lambda pair: pair[0].order):
        others = [stay.contact for stay in sequence.stays] + [one for one, _ in kept]
        taken = {address_of(one) for one in others if one is not contact}
        if not address_of(contact) or address_of(contact) not in taken:
            kept.append((contact, through))
    return kept
