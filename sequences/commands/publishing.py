"""Publishing the draft of an activated sequence, or throwing it away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sequences import edits
from sequences.bulk.moving import AT_ONCE, move_later
from sequences.changes import changes_between
from sequences.commands import confirming
from sequences.commands.planning import locked
from sequences.models import Sequence
from sequences.refusals import Refused
from sequences.seen import mark_of_plan, refuse_unseen
from steps.models import Plan
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import require


@transaction.atomic
def publish(
    *,
    sequence: Sequence,
    by: Member,
    now: datetime,
    note: str = "",
    apply: str = edits.PIN,
    seen: str = "",
    confirmed: int | None = None,
) -> Plan:
    """Make the draft the current plan; it holds from the next run for everyone inside (semantics 2.38, 3.5).

    Adaptive: those inside stay on their plan, or ``apply`` moves them (semantics 5.14), many by a job. ``seen``: the
    mark of the draft that a page showed. Raises Refused when there is nothing to publish, no step in it, or others have
    changed it meanwhile; TooMany where it lets in many who could receive no step before (2.10), unless ``confirmed`` is
    their number as a person typed it.
    """
    require(by, "sequence.edit", sequence)
    old, draft = _plans(locked(sequence))
    refuse_unseen(sequence, seen, mark_of_plan(draft), by, "then publish")
    confirming.refuse_more(sequence, confirming.coming_in(sequence, now=now), confirmed, now=now, plan=draft)
    changes = changes_between(old.steps.all(), draft.steps.all())
    if not changes:
        raise Refused("There is nothing to publish: the draft has the same steps as the version that runs.")
    draft.note, draft.made_by, draft.published_at = note, by, now
    draft.number = old.number + 1
    draft.save()
    sequence.plan, sequence.draft, sequence.edited_at = draft, None, now
    sequence.save(update_fields=["plan", "draft", "edited_at"])
    edits.follow_plan(sequence, before=old, now=now)
    if apply == edits.MOVE and sequence.kind == "adaptive":
        _move(sequence, by=by, now=now)
    said = [f"{change.verb} {change.key}" for change in changes]
    audit(by=by, verb="sequence.publish", obj=sequence, at=now, plan=draft.pk, note=note, changes=said)
    return draft


@transaction.atomic
def discard_draft(*, sequence: Sequence, by: Member, now: datetime, seen: str = "") -> None:
    """Throw the unpublished edits away. Does nothing when there are none. ``seen`` as of ``publish``."""
    require(by, "sequence.edit", sequence)
    draft = locked(sequence).draft
    if draft is None:
        return
    refuse_unseen(sequence, seen, mark_of_plan(draft), by, "then discard")
    sequence.draft = None
    sequence.save(update_fields=["draft"])
    draft.delete()
    audit(by=by, verb="sequence.discard_draft", obj=sequence, at=now)


def _move(sequence: Sequence, *, by: Member, now: datetime) -> None:
    people = edits.movable(sequence)
    if people.count() > AT_ONCE:
        move_later(sequence, by=by, now=now)
    else:
        edits.move(sequence, people.values_list("pk", flat=True), now=now)


def _plans(sequence: Sequence) -> tuple[Plan, Plan]:
    if sequence.draft is None:
        raise Refused("There is nothing to publish: no step was changed.")
    if not sequence.draft.working_steps.exists():
        words = "A plan without steps that are switched on cannot be published."
        raise Refused(f"{words} Add a step, or archive the sequence.")
    return sequence.plan, sequence.draft
