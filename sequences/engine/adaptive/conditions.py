"""Conditions: on what came of an e-mail, on the outcome of a call, on fields (semantics 5.7, 5.8).

One on an e-mail may have to wait: for its event, for its limit, and before both for the mail to leave.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from audience.conditions.parse import Condition, Group, find_field
from messaging.lifecycle import NOT_LEFT
from messaging.models import Message
from sequences.engine.adaptive.forest import Forest
from sequences.engine.due import PlannedStep, Work
from sequences.engine.questions import MARKS, Asked, with_steps
from sequences.engine.sql import compiled, execute, rows
from sequences.engine.verdicts import Due, own_conditions
from sequences.hours import Duration
from sequences.moments import pieces
from sequences.schedule import hours_of
from sequences.standstill import MOMENT, PIECE, as_values

BEGUN = RawSQL("SELECT enrollment_id FROM engine_begun", ())


def begin(work: Work, forest: Forest, step: PlannedStep) -> int:
    """The limit of those who have just reached a condition on a mail that was sent; of how many (semantics 5.7)."""
    if "event" not in step.settings:
        return 0
    reached = compiled(forest.at(step).filter(is_waiting=False).values("pk"))
    asked, joined = step.settings["of"], "r.enrollment_id = e.id AND r.key = %s AND r.sent_at IS NOT NULL"
    ((first, last),) = rows(
        "SELECT min(r.sent_at), max(r.sent_at) FROM sequences_enrollment e "
        f"JOIN sequences_steprun r ON {joined} WHERE e.id IN ({reached[0]})",
        [asked, *reached[1]],
    )
    if first is None:
        return 0
    length = Duration(**step.settings["within"])
    table, values = as_values(pieces(hours_of(work.sequence), first, last, length))
    return execute(
        f"""WITH begun AS (
                UPDATE sequences_enrollment e SET is_waiting = true, due_at = {MOMENT.format(begins="r.sent_at")}
                FROM sequences_steprun r, ({table}) p {PIECE}
                WHERE {joined} AND r.sent_at >= p.since AND r.sent_at < p.until AND e.id IN ({reached[0]})
                RETURNING e.id)
            INSERT INTO engine_begun SELECT id FROM begun""",
        [*values, asked, *reached[1]],
    )


def due(work: Work, forest: Forest, step: PlannedStep, number: int, *, is_first: bool) -> Due:
    """Those whose answer is known or whose limit has elapsed. What comes in from outside is seen by the first pass."""
    stays, answer = forest.at(step), answer_of(work, step)
    if "event" not in step.settings:
        return Due(step, stays, number=number, is_new=True, answer=answer)
    if not is_first:
        stays = stays.filter(Q(is_waiting=False) | Q(pk__in=BEGUN))
    aliases = work.questions_of(step).aliases
    did = aliases[step.settings["of"]]
    waiting = Message.objects.filter(step_run_id=OuterRef(f"{did}__pk"), state__in=NOT_LEFT)
    known = Q((f"{did}__sent_at__isnull", True)) & ~Q(Exists(waiting)) | Q(due_at__lte=work.now)
    if not step.settings.get("at_limit"):
        known |= answer.q
    stays = with_steps(stays, [step.settings["of"]], aliases).filter(known)
    return Due(step, stays, number=number, is_new=True, answer=answer)


def answer_of(work: Work, step: PlannedStep) -> Asked:
    """What makes it yes, from the facts of this moment."""
    given, aliases = step.settings, work.questions_of(step).aliases
    if "event" in given:
        did = aliases[given["of"]]
        happened = Q((f"{did}__sent_at__isnull", False), (f"{did}__{MARKS[given['event']]}__isnull", False))
        return Asked(happened, (given["of"],))
    if "outcomes" in given:
        questions, name = work.questions_of(step), f"step.{given['of']}.outcome"
        asked = find_field(name, questions.scope())
        return questions.of_stays(Group("all", (Condition(name, asked, "in", tuple(given["outcomes"])),)))
    return own_conditions(work, step)
