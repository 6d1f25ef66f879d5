"""The decision table: a run decides once, and all that it then does reads only this table (semantics 2.26 to 2.29).

One statement for each step puts in whoever is due for it, with the first reason to skip it, if there is one. Then one
statement for each rule that looks at several rows: a second e-mail, holds, the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from sequences.engine import lacking
from sequences.engine.due import PlannedStep, Work
from sequences.engine.planning import MANY, as_sets
from sequences.engine.questions import Asked
from sequences.engine.senders import Needs, Who, lay_out
from sequences.engine.sql import Sql, compiled, execute, next_ids, rows
from sequences.models import StepRun

ADDRESS = {"email": "contact__email_norm", "sms": "contact__sms_number"}
STOPPED, MAILBOX, PLACEHOLDER, LIMIT = 0, 1, 2, 3
"""Why a stay is held, in the order of semantics 2.27. What they are called: sequences.enrollment.HELD."""

NOT_HELD = "NOT EXISTS (SELECT 1 FROM engine_held h WHERE h.enrollment_id = v.enrollment_id)"
RUNS = f"v.skip IS NULL AND {NOT_HELD}"


@dataclass(frozen=True)
class Due:
    """A step and a queryset of the stays that are due for it, of which there are at most ``number``.

    ``if_matching``: who does not match its conditions has no verdict at all (smart, semantics 4.2); else they skip it.
    ``is_new``: none of them can have had it, so nobody asks. ``answer``: what a condition of a tree asks of them, in
    place of the step's own conditions. ``record``: the path to the record without which they skip it.
    """

    step: PlannedStep
    stays: QuerySet
    number: int
    if_matching: bool = False
    is_new: bool = False
    answer: Asked | None = None
    record: str = ""


def decide(work: Work, due: Sequence[Due]) -> None:
    """Fill the decision table, and the table of those held."""
    mailing = [one.step for one in due if one.step.kind.is_email]
    needs: Sequence[Needs] = ()
    if mailing:
        needs = lay_out(who_sends(work, mailing), owner_id=work.sequence.owner_id, now=work.now)
    for one in due:
        with as_sets() if one.number >= MANY else nullcontext():
            put_in(work, one, needs)
    numbers = [step.number for step in mailing]
    if has_second_emails(work, mailing):
        skip_second_emails(numbers)
    if any(one.step.kind.sends for one in due):
        hold()
    if numbers:
        hold_beyond_limit(numbers, now=work.now)


def who_sends(work: Work, mailing: Iterable[PlannedStep]) -> set[Who]:
    """Whom these steps mean as their senders."""
    return {work.senders.of_step(step.settings) for step in mailing}


def has_second_emails(work: Work, mailing: Sequence[PlannedStep]) -> bool:
    """Whether one run may come to several e-mails of one stay."""
    days = [step.row.day for step in mailing]
    return work.sequence.kind == "classic" and len(set(days)) < len(days)


def put_in(work: Work, due: Due, needs: Sequence[Needs]) -> int:
    """The verdicts on one step; how many."""
    sql, params = verdicts_of(work, due, needs, new_id=next_ids(StepRun))
    return execute(f"INSERT INTO engine_verdict {sql}", params)


def verdicts_of(work: Work, due: Due, needs: Sequence[Needs], *, new_id: str) -> Sql:
    """The verdicts on one step as a SELECT of the columns of the decision table; reads the table of senders.

    ``new_id``: SQL for the id that the step run of each will have.
    """
    step, kind = due.step, due.step.kind
    conditions = Asked(Q()) if due.answer else own_conditions(work, step)
    sql, params = compiled(_asked(work, due, conditions, needs))
    by, of_mailbox = (
        ("s.mailbox_id", "LEFT JOIN engine_sender s ON s.member_id = d.sender")
        if kind.is_email
        else ("NULL::bigint", "")
    )
    return (
        f"""SELECT {new_id}, d.id, d.contact_id, d.opportunity_id, %s::smallint,
                   {_skip(due, is_asked=bool(conditions.q) and not due.if_matching)}, {_may_hold(step)},
                   d.sender, {by}, d.address, {"d.answer" if due.answer else "NULL::boolean"}
            FROM ({sql}) d {_suppressions(step)} {of_mailbox}""",
        (step.number, *params),
    )


def own_conditions(work: Work, step: PlannedStep) -> Asked:
    """What the group of a step asks, by the keys of its plan."""
    questions = work.questions_of(step)
    return questions.of_stays(questions.read({"match": step.row.match, "conditions": step.row.conditions}))


def _asked(work: Work, due: Due, conditions: Asked, needs: Sequence[Needs]) -> QuerySet:
    """The stays with all that the verdict needs: matches, address, sender, lacks, and a record or an answer."""
    step, kind, stays = due.step, due.step.kind, due.stays
    if not due.is_new:
        stays = stays.filter(~Exists(StepRun.objects.filter(enrollment=OuterRef("pk"), key=step.key)))
    asked = due.answer or conditions
    stays = asked.joined(stays, work.questions_of(step).aliases)
    if due.if_matching:
        stays = stays.filter(conditions.q)
    who = work.senders.of_step(step.settings)
    stays = stays.annotate(
        matches=_yes_no(conditions.q, default=True),
        address=F(ADDRESS[kind.channel]) if kind.channel else Cast(Value(None), TextField()),
        sender=work.senders.expression(who) if kind.sends else Cast(Value(None), BigIntegerField()),
    )
    lacks = lacking.of_step(work, step, who, needs) if kind.sends else Q()
    stays = stays.annotate(lacks=_yes_no(lacks, default=False))
    wanted = ["id", "contact_id", "opportunity_id", "matches", "address", "sender", "lacks"]
    if due.answer:
        stays, wanted = stays.annotate(answer=_yes_no(due.answer.q, default=True)), [*wanted, "answer"]
    if due.record:
        stays, wanted = stays.annotate(record=F(due.record)), [*wanted, "record"]
    return stays.values(*wanted)


def _yes_no(q: Q, *, default: bool) -> Case | Value:
    """Two-valued: what is unknown is No. Without a condition the default."""
    if not q:
        return Value(default, output_field=BooleanField())
    return Case(When(q, then=Value(True)), default=Value(False), output_field=BooleanField())


def _skip(due: Due, *, is_asked: bool) -> str:
    """The first reason of semantics 2.26 that applies, ``second_email`` apart."""
    kind = due.step.kind
    cases = ["WHEN NOT d.matches THEN 'condition'"] if is_asked else []
    if kind.sends:
        cases.append(f"WHEN d.address IS NULL THEN '{'no_email' if kind.channel == 'email' else 'no_phone'}'")
    if kind.channel:
        cases.append("WHEN u.id IS NOT NULL THEN 'unsubscribed'")
    if kind.channel == "email":
        cases.append("WHEN b.id IS NOT NULL THEN 'bounced'")
    if due.record:
        cases.append("WHEN d.record IS NULL THEN 'no_record'")
    return f"CASE {' '.join(cases)} END" if cases else "NULL::text"


def _suppressions(step: PlannedStep) -> str:
    """The joins that ``_skip`` reads: at most one row each, by the unique key."""
    joins = {"u": "unsubscribed", "b": "bounced"} if step.kind.channel == "email" else {"u": "unsubscribed"}
    return "".join(
        f"LEFT JOIN audience_suppression {name} ON {name}.channel = '{step.kind.channel}' "
        f"AND {name}.address_norm = d.address AND {name}.reason = '{reason}' "
        for name, reason in (joins if step.kind.channel else {}).items()
    )


def _may_hold(step: PlannedStep) -> str:
    """The first reason of semantics 2.27 that this step alone gives, should it run."""
    if not step.kind.sends:
        return "NULL::smallint"
    of_sender = f"WHEN s.is_stopped THEN {STOPPED} WHEN s.mailbox_id IS NULL THEN {MAILBOX}"
    return f"CASE {of_sender if step.kind.is_email else ''} WHEN d.lacks THEN {PLACEHOLDER} END::smallint"


def skip_second_emails(numbers: Sequence[int]) -> int:
    """One automatic e-mail for each stay and run; one that is skipped does not count (semantics 2.26)."""
    return execute(
        f"""UPDATE engine_verdict v SET skip = 'second_email' FROM ({EMAILS_IN_TURN.format("engine_verdict")}) e
            WHERE e.place > 1 AND v.step_run_id = e.step_run_id""",
        [list(numbers)],
    )


EMAILS_IN_TURN = """SELECT step_run_id, row_number() OVER (PARTITION BY enrollment_id ORDER BY step) AS place
    FROM {} WHERE skip IS NULL AND step = ANY(%s)"""


def hold() -> int:
    """Hold every stay of which a step that would run cannot go out, whatever else was due for it."""
    return execute(f"INSERT INTO engine_held {CANNOT_GO_OUT}")


CANNOT_GO_OUT = """SELECT enrollment_id, min(may_hold) FROM engine_verdict
    WHERE skip IS NULL AND may_hold IS NOT NULL GROUP BY enrollment_id"""


def hold_beyond_limit(numbers: Sequence[int], *, now: datetime) -> int:
    """Hold who comes after the last e-mail of their sender for today, in the order of semantics 2.28.

    The order is worked out only for senders whom there are too many for.
    """
    crowded = rows(CROWDED, [list(numbers)])
    if not crowded:
        return 0
    return execute(
        f"""INSERT INTO engine_held
            SELECT enrollment_id, {LIMIT} FROM (
                SELECT v.enrollment_id, s.room, row_number() OVER (
                    PARTITION BY v.sender_id ORDER BY {IS_NEWCOMER}, e.entered_at, e.contact_id) AS place
                FROM engine_verdict v JOIN engine_sender s ON s.member_id = v.sender_id
                JOIN sequences_enrollment e ON e.id = v.enrollment_id
                WHERE {RUNS} AND v.step = ANY(%s) AND v.sender_id = ANY(%s)) queue
            WHERE place > room""",
        [now, list(numbers), [member for (member,) in crowded]],
    )


CROWDED = f"""SELECT s.member_id FROM engine_verdict v JOIN engine_sender s ON s.member_id = v.sender_id
    WHERE {RUNS} AND v.step = ANY(%s) GROUP BY s.member_id, s.room HAVING count(*) > s.room"""

IS_NEWCOMER = """NOT EXISTS (SELECT 1 FROM sequences_steprun r
    WHERE r.enrollment_id = v.enrollment_id AND r.state = 'executed' AND r.at < %s)"""
