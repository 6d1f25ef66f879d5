"""Making a sequence and changing what it is: name, audience, timing, exit criteria, sharing.

Its steps are changed by sequences.commands.planning, its status by sequences.commands.status.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Value

from audience.models import SavedView
from messaging.models import Template
from sequences import edits, schedule
from sequences.commands import confirming, renaming
from sequences.models import Sequence, SequencePlan, SequenceView, Status
from sequences.refusals import Refused
from sequences.seen import merged_settings
from steps.models import Plan
from tenants.commands import audit
from tenants.fields import Lowered
from tenants.models import Member
from tenants.naming import free_name
from tenants.policy import can, require

NAME_LENGTH = 120

#: what a change may name, by the section of the editor in which it stands
SECTIONS: dict[str, tuple[str, ...]] = {
    "general": ("name", "description", "tags", "is_shared", "sender_mode", "sender"),
    "audience": ("record", "entry_match", "entry_conditions", "unique_email", "exclusive"),
    "timing": (
        *("run_time", "timezone", "every_days", "hours_start", "hours_end"),
        *("exclude_weekends", "holidays", "window_start", "window_end"),
    ),
    "exit": (
        *("exit_all_steps", "exit_replied", "exit_unsubscribed", "exit_bounced", "exit_colleague_replied"),
        *("exit_match", "exit_conditions", "out_of_office", "reentry_days"),
    ),
}
SETTINGS = frozenset(name for names in SECTIONS.values() for name in names)

#: a change of these moves the next run (semantics 2.8)
SCHEDULE = frozenset(SECTIONS["timing"]) - {"window_start", "window_end"}

#: a change of these may let in others, as one of the views
LETS_IN = frozenset(SECTIONS["audience"]) | {"exit_match", "exit_conditions", "reentry_days"}

#: what these may be (semantics §1)
KNOWN = {"record": ("contact", "account", "opportunity"), "kind": ("classic", "smart", "adaptive")}

#: fixed from the first activation on (F-19)
FIXED = {"record": "the kind of record", "kind": "the type"}


def clean_name(name: str) -> str:
    """The name as it is kept: NFC, blanks collapsed. Raises Refused when it is empty or too long."""
    kept = " ".join(unicodedata.normalize("NFC", name).split())
    if not kept:
        raise Refused("Give the sequence a name.", "name")
    if len(kept) > NAME_LENGTH:
        raise Refused(f"A name has at most {NAME_LENGTH} characters; this one has {len(kept)}.", "name")
    return kept


def is_name_free(name: str, but: Sequence | None = None) -> bool:
    """Whether no other sequence of the workspace is called so, without case (F-35)."""
    taken = Sequence.objects.filter(name_norm=Lowered(Value(name)))
    return not (taken.exclude(pk=but.pk) if but else taken).exists()


@transaction.atomic
def create_sequence(
    *,
    name: str,
    by: Member,
    now: datetime,
    record: str = "contact",
    kind: str = "classic",
    run_time: time | None = time(9),
    timezone: ZoneInfo | None = None,
    **settings: Any,
) -> Sequence:
    """A draft of an empty plan, owned by ``by``. Raises Refused with the field at fault."""
    require(by, "sequence.create")
    _refuse_unknown({"record": record, "kind": kind})
    refuse_beyond_limit(by)
    plan = Plan.objects.create(made_at=now, made_by=by)
    hours = {"hours_start": time(9), "hours_end": time(17)} if kind == "adaptive" else {"run_time": run_time}
    sequence = Sequence(
        owner=by,
        plan=plan,
        record=record,
        kind=kind,
        timezone=timezone or by.timezone,
        created_at=now,
        edited_at=now,
        exit_replied=kind != "adaptive",
        **hours,
    )
    _assign(sequence, {"name": name, **settings})
    _save_named(sequence)
    SequencePlan.objects.create(sequence=sequence, plan=plan)
    audit(by=by, verb="sequence.create", obj=sequence, at=now, name=sequence.name)
    return sequence


@transaction.atomic
def change_settings(
    *,
    sequence: Sequence,
    by: Member,
    now: datetime,
    views: Iterable[SavedView] | None = None,
    seen: str = "",
    confirmed: int | None = None,
    **values: Any,
) -> list[str]:
    """Change settings of the sequence, live from its next run; the names of those that differ now.

    ``views`` are the saved views that lead into it, all of them. ``seen``: the marks of what a page showed
    (tenants.seen). ``confirmed``: the number of people that somebody typed. Raises Refused with the field at fault,
    Stale where others have stored something else meanwhile, TooMany where it lets in many who would not come in yet.
    """
    require(by, "sequence.edit", sequence)
    row = Sequence.objects.select_for_update(no_key=True, of=("self",)).get(pk=sequence.pk)
    schedule.settle_missed(row, now=now)
    given = values if views is None else values | {"views": list(views)}
    values = merged_settings(row, seen, given, by)
    views = values.pop("views", None)
    before = {name: getattr(row, name) for name in values} | {"views": _names_of_views(row)}
    _refuse_unknown(values)
    _refuse_fixed(row, values)
    lets_in = views is not None or any(getattr(row, name) != values[name] for name in LETS_IN & values.keys())
    coming = confirming.coming_in(row, now=now) if lets_in else 0
    _assign(row, values)
    changed = [name for name in values if getattr(row, name) != before[name]]
    if views is not None and _set_views(row, list(views)):
        changed.append("views")
    if not changed:
        return []
    row.edited_at = now
    _save_named(row)
    if "name" in changed:
        renaming.follow(renaming.MEMBERSHIP, before["name"], row.name)
    if lets_in:
        confirming.refuse_more(row, coming, confirmed, now=now)
    if row.activated_at and SCHEDULE.intersection(changed):
        edits.follow_schedule(row, now=now)
    elif row.activated_at:
        edits.look_again(row, now=now)
    _audit_change(row, by, now, before, changed)
    sequence.refresh_from_db()
    return changed


@transaction.atomic
def clone_sequence(*, sequence: Sequence, by: Member, now: datetime, name: str = "") -> Sequence:
    """A draft of ``by`` with the settings and steps of a sequence that they may see; nobody is inside.

    Steps with somebody else's personal template come without one, unless ``by`` may change the original (F-09).
    """
    from sequences.commands.planning import copy_steps

    require(by, "sequence.create")
    require(by, "sequence.view", sequence)
    kept = {field: getattr(sequence, field) for field in SETTINGS - {"name", "is_shared", "sender"}}
    if sequence.sender_mode == "member":
        kept |= {"sender": sequence.sender}
    made = create_sequence(
        name=name or free_name(sequence.name, is_name_free, is_copy=True, most=NAME_LENGTH),
        by=by,
        now=now,
        kind=sequence.kind,
        **kept,
    )
    copy_steps(sequence.plan, made.plan)
    if not (sequence.owner_id == by.pk or can(by, "sequence.edit", sequence)):
        hidden = Template.objects.filter(is_shared=False).exclude(owner=by)
        made.plan.steps.filter(template__in=hidden).update(template=None)
    SequenceView.objects.bulk_create(
        SequenceView(sequence=made, view_id=link.view_id) for link in sequence.sequence_views.all()
    )
    audit(by=by, verb="sequence.clone", obj=made, at=now, source=sequence.pk)
    return made


@transaction.atomic
def delete_draft(*, sequence: Sequence, by: Member, now: datetime) -> None:
    """Delete a sequence that was never active. One with a history is archived instead (semantics 2.1)."""
    require(by, "sequence.delete", sequence)
    row = Sequence.objects.select_for_update(no_key=True, of=("self",)).get(pk=sequence.pk)
    if row.status != Status.DRAFT or row.activated_at:
        raise Refused(f"{row.name} has been active: archive it to keep its history.")
    audit(by=by, verb="sequence.delete", obj=row, at=now, name=row.name)
    plans = list(SequencePlan.objects.filter(sequence=row).values_list("plan_id", flat=True))
    row.delete()
    Plan.objects.filter(pk__in=plans).delete()


def owned(member: Member) -> int:
    """How many sequences count for the limit of a member's role (F-08): all of theirs that are not archived."""
    return Sequence.objects.filter(owner=member).exclude(status=Status.ARCHIVED).count()


def refuse_beyond_limit(by: Member) -> None:
    limit = by.role.sequences_per_user
    if limit is None:
        return
    Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)  # one at a time
    has = owned(by)
    if has >= limit:
        many = "1 sequence" if limit == 1 else f"{limit} sequences"
        raise Refused(f"Your role permits {many}, and you own {has}. Archive one first.")


def _refuse_unknown(values: dict[str, Any]) -> None:
    for name, known in KNOWN.items():
        if name in values and values[name] not in known:
            what = FIXED[name].removeprefix("the ")
            raise Refused(f"“{values[name]}” is no {what} of a sequence: {', '.join(known)}.", name)


def _refuse_fixed(sequence: Sequence, values: dict[str, Any]) -> None:
    for name, words in FIXED.items():
        if sequence.activated_at and name in values and values[name] != getattr(sequence, name):
            raise Refused(f"A sequence that has been active keeps {words}; clone it to change that.", name)


def _assign(sequence: Sequence, values: dict[str, Any]) -> None:
    for name, value in values.items():
        assert name in SETTINGS, f"{name} is no setting of a sequence"
        setattr(sequence, name, clean_name(value) if name == "name" else value)
    if sequence.sender_mode != "member":
        sequence.sender = None


def _save_named(sequence: Sequence) -> None:
    """Save; a name that another has, also by a race, is refused at its field."""
    try:
        with transaction.atomic():
            if is_name_free(sequence.name, sequence):
                sequence.save()
                return
    except IntegrityError as error:
        if "sequence_name_once" not in str(error):
            raise
    raise Refused(f"There is already a sequence called “{sequence.name}”.", "name")


def _set_views(sequence: Sequence, views: list[SavedView]) -> bool:
    """Make exactly these views the ways in; whether that changed anything."""
    for view in views:
        if view.record != sequence.record:
            raise Refused(f"The view “{view.name}” is one of another kind of record.", "views")
    had = set(sequence.sequence_views.values_list("view_id", flat=True))
    wanted = {view.pk for view in views}
    sequence.sequence_views.exclude(view_id__in=wanted).delete()
    SequenceView.objects.bulk_create(
        SequenceView(sequence=sequence, view_id=pk) for pk in sorted(wanted - had)
    )
    return had != wanted


def _names_of_views(sequence: Sequence) -> list[str]:
    return sorted(sequence.sequence_views.values_list("view__name", flat=True))


def _audit_change(sequence: Sequence, by: Member, now: datetime, before: dict, changed: list[str]) -> None:
    after = {name: getattr(sequence, name) for name in changed if name != "views"}
    after |= {"views": _names_of_views(sequence)} if "views" in changed else {}
    was, now_is = ({name: _plain(of[name]) for name in changed} for of in (before, after))
    audit(by=by, verb="sequence.change", obj=sequence, at=now, before=was, after=now_is)


def _plain(value: Any) -> Any:
    """A value as the audit log keeps it."""
    if isinstance(value, datetime | date | time | ZoneInfo):
        return str(value)
    return value.pk if hasattr(value, "pk") else value
