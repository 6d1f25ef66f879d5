"""Going on along the path: to what follows a step, past what ran already, and to the end (semantics 5.1, 5.5, 5.14)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from activities.models import Reminder
from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences import agenda, enrollment
from sequences.engine import recorder
from sequences.engine.adaptive.forest import Forest
from sequences.engine.adaptive.tree import END, tree_at
from sequences.engine.due import Work
from sequences.engine.results import values_of
from sequences.engine.sql import Sql, compiled, execute
from sequences.engine.verdicts import NOT_HELD
from sequences.models import Enrollment, Sequence, StepRun

GOES_ON = "is_waiting = false, due_at = NULL, held_reason = '', held_since = NULL"
MOVED: Sql = (f"SELECT v.enrollment_id FROM engine_verdict v WHERE {NOT_HELD}", ())
"""Those for whom something was done in this pass."""


def go_on(work: Work, forest: Forest) -> None:
    """Everyone for whom a step was done in this pass stands before the next; a reminder waits for its person."""
    rows = []
    for step in work.steps:
        tree, key = forest.trees[step.row.plan_id], step.key
        yes, no = (tree.yes[key], tree.no[key]) if step.kind.name == "condition" else (END, END)
        rows.append((step.number, key if step.kind.is_manual else None, tree.after[key], yes, no))
    table, params = values_of(rows, "smallint, text, text, text, text")
    execute(
        f"""UPDATE sequences_enrollment e SET
                step_key = CASE WHEN v.skip IS NULL AND p.stays_at IS NOT NULL THEN p.stays_at
                                WHEN v.answer THEN p.yes WHEN NOT v.answer THEN p.no ELSE p.after END,
                is_waiting = v.skip IS NULL AND p.stays_at IS NOT NULL,
                due_at = NULL, held_reason = '', held_since = NULL
            FROM engine_verdict v JOIN ({table}) p (step, stays_at, after, yes, no) ON p.step = v.step
            WHERE e.id = v.enrollment_id AND e.state = 'active' AND {NOT_HELD}""",
        params,
    )
    if work.sequence.plan.number > 1:
        for plan, tree in forest.trees.items():
            pass_over(work.sequence, plan, tree.after, MOVED)


def pass_over(sequence: Sequence, plan: int, after: dict[str, str], stays: Sql) -> None:
    """Those of the stays on a plan who stand before a step that ran for them already go past it, silently (5.14)."""
    if not after:
        return
    table, params = values_of(list(after.items()), "text, text")
    mine = "COALESCE(e.plan_id, %s) = %s AND e.sequence_id = %s"
    had = "EXISTS (SELECT 1 FROM sequences_steprun r WHERE r.enrollment_id = e.id AND r.key = e.step_key)"
    while execute(
        f"UPDATE sequences_enrollment e SET step_key = p.after FROM ({table}) p (key, after) "
        f"WHERE e.step_key = p.key AND {mine} AND NOT e.is_waiting AND {had} AND e.id IN ({stays[0]})",
        [*params, sequence.plan_id, plan, sequence.pk, *stays[1]],
    ):
        pass


def complete(sequence: Sequence, *, now: datetime, only: int | None = None) -> int:
    """Those whose path has ended leave, unless a message of theirs still waits to be sent (semantics 2.19)."""
    if not sequence.exit_all_steps:
        return 0
    ended = Enrollment.objects.filter(
        sequence=sequence, state=Enrollment.ACTIVE, is_waiting=False, step_key=END
    )
    waiting = Message.objects.filter(enrollment_id=OuterRef("pk"), state__in=NOT_LEFT)
    if only is not None:
        ended = ended.filter(pk=only)
    done = compiled(ended.filter(~Exists(waiting)).values("pk"))
    return enrollment.leave(sequence, done, reason=enrollment.COMPLETED, now=now)


def go_on_by_hand(reminder: Reminder, *, now: datetime) -> None:
    """A seller has closed the reminder of a stay in a tree: it stands before the next step at once (semantics 5.5).

    What follows waits for the opening or the end of a pause; where nothing follows, the stay is completed at once,
    but not while it stands still. The caller holds the sequence's row.
    """
    run = StepRun.objects.select_related("enrollment__sequence").get(pk=reminder.step_run_id or 0)
    stay, sequence = run.enrollment, run.enrollment.sequence
    done = (
        ("completed", [run.key]) if reminder.state == Reminder.COMPLETED else ("skipped", [run.key, "manual"])
    )
    whom = ("SELECT %s::bigint, %s, %s::text[]", (stay.contact_id, *done))
    recorder.note(sequence_id=sequence.pk, now=now, whom=whom)
    if stay.state == Enrollment.EXITED or stay.step_key != run.key:
        return
    tree = tree_at(stay.plan_id or sequence.plan_id)
    execute(
        f"UPDATE sequences_enrollment SET step_key = %s, {GOES_ON} WHERE id = %s",
        [tree.after[run.key], stay.pk],
    )
    pass_over(sequence, stay.plan_id or sequence.plan_id, tree.after, ("SELECT %s::bigint", (stay.pk,)))
    if stay.stopped_at is None:
        complete(sequence, now=now, only=stay.pk)
    agenda.wake([sequence.pk], now=now)
