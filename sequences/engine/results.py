"""What a run makes from its decision table: step runs, messages, reminders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from activities import reminders
from messaging import mailings, outbox
from messaging.models import Message
from sequences import enrollment
from sequences.engine import recorder
from sequences.engine.due import PlannedStep, Work
from sequences.engine.planning import grown, outgrown
from sequences.engine.senders import CONTACT_OWNER, OWNER
from sequences.engine.sql import execute, rows
from sequences.engine.verdicts import NOT_HELD, RUNS
from sequences.hours import Duration
from sequences.models import StepRun
from sequences.schedule import stale_after
from tenants.localtime import plus_days

ANSWER = "CASE v.answer WHEN true THEN 'yes' WHEN false THEN 'no' END"


@dataclass
class Tally:
    """How many verdicts there are: executed by number of the step, skipped by reason, stays held by reason.

    Of waits and conditions ``executed`` are those that were passed.
    """

    executed: Counter[int] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)


def carry_out(work: Work, *, is_anything_due: bool) -> Tally:
    """Do what the decision table says; how much of what that was. Nobody is held any longer of whom it says nothing."""
    tally = count() if is_anything_due else Tally()
    enrollment.release_held(work.sequence)
    if tally.held:
        enrollment.keep_held(work.sequence, now=work.now)
    make(work, tally)
    return tally


def make(work: Work, tally: Tally) -> None:
    """Step runs, messages and reminders of those who are not held, and who is."""
    if tally.executed or tally.skipped:
        write_step_runs(work, expected=tally.executed.total() + tally.skipped.total())
    running = [step for step in work.steps if tally.executed[step.number]]
    make_messages(work, [step for step in running if step.kind.sends])
    make_reminders(work, [step for step in running if step.kind.is_manual])
    if tally.held:
        keep_who_is_held(work)


def keep_who_is_held(work: Work) -> None:
    """Whom the run holds, by reason: its number leads to them when they have long gone on."""
    execute(
        f"""INSERT INTO sequences_heldstays AS kept (run_id, reason, stays)
            SELECT %s, {enrollment.WHY_HELD} AS why, array_agg(h.enrollment_id) FROM engine_held h GROUP BY why
            ON CONFLICT (tenant_id, run_id, reason) DO UPDATE SET stays = kept.stays || EXCLUDED.stays""",
        [work.run.pk],
    )


def count() -> Tally:
    """What the decision table comes to."""
    tally = Tally()
    verdicts = f"SELECT step, skip, count(*) FROM engine_verdict v WHERE {NOT_HELD} GROUP BY step, skip"
    for step, skip, number in rows(verdicts):
        if skip is None:
            tally.executed[step] += number
        else:
            tally.skipped[skip] += number
    for reason, number in rows("SELECT reason, count(*) FROM engine_held GROUP BY reason"):
        tally.held[enrollment.HELD[reason]] += number
    return tally


def write_step_runs(work: Work, *, expected: int) -> None:
    """One step run for each verdict of a stay that is not held.

    That none is there already was seen when the table was filled, under the lock of all runs of the tenant; should the
    unique key find one all the same, its verdict is dropped and makes neither message nor reminder.
    """
    steps, params = values_of(
        [(step.number, step.key, step.kind.name, step.kind.steers) for step in work.steps],
        "smallint, text, text, boolean",
    )
    written = execute(
        f"""INSERT INTO sequences_steprun (id, enrollment_id, key, kind, state, reason, run_id, at)
            SELECT v.step_run_id, v.enrollment_id, p.key, p.kind,
                   CASE WHEN v.skip IS NOT NULL THEN 'skipped' WHEN p.steers THEN 'passed' ELSE 'executed' END,
                   COALESCE(v.skip, {ANSWER}, ''), %s, %s
            FROM engine_verdict v JOIN ({steps}) p (step, key, kind, steers) ON p.step = v.step
            WHERE {NOT_HELD} ON CONFLICT (tenant_id, enrollment_id, key) DO NOTHING""",
        [work.run.pk, work.now, *params],
    )
    grown(StepRun, written)
    if written != expected:
        execute("DELETE FROM engine_verdict WHERE step_run_id NOT IN (SELECT id FROM sequences_steprun)")
    whom = f"""SELECT v.contact_id,
                      CASE WHEN v.skip IS NOT NULL THEN 'skipped' WHEN p.steers THEN 'branched' ELSE 'executed' END,
                      array_remove(ARRAY[p.key, COALESCE(v.skip, {ANSWER})], NULL)
               FROM engine_verdict v JOIN ({steps}) p (step, key, kind, steers) ON p.step = v.step
               WHERE {NOT_HELD} AND p.kind <> 'wait' ORDER BY v.contact_id, v.step"""
    recorder.note(sequence_id=work.sequence.pk, now=work.now, whom=(whom, tuple(params)))


def make_messages(work: Work, sending: Sequence[PlannedStep]) -> int:
    """A message for each automatic e-mail and SMS that runs, pinned to its text of now (semantics 2.32)."""
    if not sending:
        return 0
    pinned = [(step.number, _pin(work, step), step.kind.channel) for step in sending]
    steps, params = values_of(pinned, "smallint, bigint, text")
    made = outbox.add(
        f"""SELECT v.step_run_id, v.enrollment_id, v.contact_id, v.opportunity_id, v.sender_id, v.mailbox_id,
                   p.mailing_id, p.channel, v.address AS address_norm, %s AS due_at, %s AS not_after
            FROM engine_verdict v JOIN ({steps}) p (step, mailing_id, channel) ON p.step = v.step
            WHERE {RUNS}""",
        [work.now, stale_after(work.sequence, work.run.local_day or work.today), *params],
        now=work.now,
    )
    outgrown(Message, made)
    emails = [step.number for step in sending if step.kind.is_email]
    if emails:
        count_usage(emails)
    return made


def count_usage(emails: Sequence[int]) -> None:
    """Count what was made for each sender on their day of now; what is cancelled later still counts (2.29)."""
    execute(
        f"""INSERT INTO messaging_senderusage (sender_id, day, made)
            SELECT s.member_id, s.day, count(*) FROM engine_verdict v JOIN engine_sender s ON s.member_id = v.sender_id
            WHERE {RUNS} AND v.step = ANY(%s) GROUP BY s.member_id, s.day ORDER BY s.member_id
            ON CONFLICT (tenant_id, sender_id, day) DO UPDATE SET made = messaging_senderusage.made + excluded.made""",
        [list(emails)],
    )


def make_reminders(work: Work, manual: Sequence[PlannedStep]) -> int:
    """A reminder for each manual step that runs. Its texts are filled in when they are shown (semantics 2.31)."""
    if not manual:
        return 0
    columns = "smallint, text, text, text, jsonb, text, timestamptz, bigint"
    steps, params = values_of([_reminder(work, step) for step in manual], columns)
    names = "step, kind, title, description, settings, priority, due_at, assignee_id"
    return reminders.add(
        f"""SELECT v.contact_id, v.opportunity_id, p.kind, p.title, p.description, p.settings, p.priority,
                   COALESCE(p.assignee_id, c.owner_id, %s) AS assignee_id, p.due_at, v.enrollment_id, v.step_run_id
            FROM engine_verdict v JOIN ({steps}) p ({names}) ON p.step = v.step
            JOIN audience_contact c ON c.id = v.contact_id WHERE {RUNS}""",
        [work.sequence.owner_id, *params],
        now=work.now,
    )


def _reminder(work: Work, step: PlannedStep) -> tuple[Any, ...]:
    given = step.settings
    who = work.senders.assignee(given)
    kept = {key: value for key, value in given.items() if key not in reminders.COLUMNS}
    if step.row.template_id:
        kept["template"] = step.row.template_id
    return (
        step.number,
        step.kind.name,
        str(given.get("title") or step.row.name),
        str(given.get("description") or ""),
        Jsonb(kept),
        str(given.get("priority") or "normal"),
        _due_at(work, given.get("due") or {}),
        None if who == CONTACT_OWNER else who,
    )


def _due_at(work: Work, due: dict[str, int]) -> datetime:
    """Calendar days in the sequence's zone, then hours and minutes, as of a wait (semantics 5.6)."""
    length = Duration(**due)
    return plus_days(work.now, length.days, work.sequence.timezone) + length.elapsed


def _pin(work: Work, step: PlannedStep) -> int:
    template, sequence, given = step.row.template, work.sequence, step.settings
    window = (
        (sequence.window_start, sequence.window_end)
        if sequence.window_start and sequence.window_end
        else None
    )
    version = template.current if template and step.kind.is_email else None
    text, zone = str(given.get("text") or ""), str(sequence.timezone)
    cc, bcc = (_copies(work, given.get(name)) for name in ("cc", "bcc"))
    return mailings.pin(step.row, version, window=window, window_zone=zone, text=text, cc=cc, bcc=bcc).pk


def _copies(work: Work, named: Any) -> list[str]:
    """Addresses of Cc or Bcc; the owner of the sequence by address, the contact's is looked up at the sending."""
    found = [named] if isinstance(named, str) else list(named or ())
    return [work.sequence.owner.email if name == OWNER else name for name in found if name]


def values_of(rows_: Sequence[tuple[Any, ...]], types: str) -> tuple[str, list[Any]]:
    """``VALUES`` with parameters; the first row says the types."""
    casts = [f"%s::{name.strip()}" for name in types.split(",")]
    marks = [f"({', '.join(casts)})"] * len(rows_)
    return f"VALUES {', '.join(marks)}", [part for row in rows_ for part in row]
