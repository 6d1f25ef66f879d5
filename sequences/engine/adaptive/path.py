"""Going on along the path: to what follows a step, past what ran already, and to the end (semantics 5.1, 5.5, 5.14)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences import agenda, enrollment
from sequences.engine import recorder
from sequences.engine.adaptive.forest import Forest
from sequences.engine.adaptive.tree import END, tree_at
from sequences.engine.due import Work
from sequences.engine.results import values_of
from sequences.engine.scratch import prepare
from sequences.engine.sql import Sql, compiled, execute, rows
from sequences.engine.verdicts import NOT_HELD
from sequences.models import Enrollment, Sequence

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


def complete(sequence: Sequence, *, now: datetime, only: Sql | None = None) -> int:
    """Those whose path has ended leave, unless a message of theirs still waits to be sent (semantics 2.19)."""
    if not sequence.exit_all_steps:
        return 0
    ended = Enrollment.objects.filter(
        sequence=sequence, state=Enrollment.ACTIVE, is_waiting=False, step_key=END
    )
    waiting = Message.objects.filter(enrollment_id=OuterRef("pk"), state__in=NOT_LEFT)
    if only is not None:
        ended = ended.filter(pk__in=RawSQL(*only))
    done = compiled(ended.filter(~Exists(waiting)).values("pk"))
    return enrollment.leave(sequence, done, reason=enrollment.COMPLETED, now=now)


OF_REMINDERS = (
    "FROM activities_reminder m JOIN sequences_steprun r ON r.id = m.step_run_id "
    "JOIN sequences_enrollment e ON e.id = r.enrollment_id AND e.sequence_id = %s WHERE m.id = ANY(%s)"
)


def go_on_by_hand(sequence: Sequence, reminders: list[int], *, now: datetime) -> None:
    """Sellers have closed reminders of a tree: their stays stand before the next step at once (semantics 5.5).

    What follows waits for the opening or the end of a pause; where nothing follows, the stay is completed at once,
    but not while it stands still. The caller holds the sequence's row.
    """
    given = (sequence.pk, reminders)
    done = (
        "SELECT e.contact_id, CASE m.state WHEN 'completed' THEN 'completed' ELSE 'skipped' END, "
        "CASE m.state WHEN 'completed' THEN ARRAY[r.key] ELSE ARRAY[r.key, 'manual'] END "
        f"{OF_REMINDERS} ORDER BY m.id"
    )
    recorder.note(sequence_id=sequence.pk, now=now, whom=(done, given))
    prepare("engine_moved")
    stand_before = f"SELECT e.id {OF_REMINDERS} AND e.state <> 'exited' AND e.step_key = r.key"
    if not execute(f"INSERT INTO engine_moved {stand_before}", given):
        return
    plans = rows(
        f"SELECT DISTINCT COALESCE(plan_id, %s) FROM sequences_enrollment WHERE id IN ({CLOSED[0]})",
        [sequence.plan_id],
    )
    for (plan,) in plans:
        _step_on(sequence, plan)
    unstopped = f"SELECT id FROM sequences_enrollment WHERE stopped_at IS NULL AND id IN ({CLOSED[0]})"
    complete(sequence, now=now, only=(unstopped, ()))
    agenda.wake([sequence.pk], now=now)


CLOSED: Sql = ("SELECT enrollment_id FROM engine_moved", ())
"""The stays whose reminder was closed just now."""


def _step_on(sequence: Sequence, plan: int) -> None:
    """Those of them on a plan stand before the next step of its tree."""
    after = tree_at(plan).after
    table, params = values_of(list(after.items()), "text, text")
    execute(
        f"UPDATE sequences_enrollment e SET step_key = p.after, {GOES_ON} FROM ({table}) p (key, after) "
        f"WHERE e.step_key = p.key AND COALESCE(e.plan_id, %s) = %s AND e.id IN ({CLOSED[0]})",
        [*params, sequence.plan_id, plan],
    )
    pass_over(sequence, plan, after, CLOSED)
