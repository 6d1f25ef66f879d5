"""The one writer of the state of a stay: who comes in, pauses, goes on, leaves, and why.

    nobody → active ⇄ paused → exited
                 └──────────────↑

Everything here works on sets and in the caller's transaction, which holds the sequence's row (``hold_row``): so it
falls before or after a run, never inside another one. ``stays`` is a SELECT of ids of enrollments of that sequence; for
``leave`` of such as are inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from activities import facts, reminders
from messaging import outbox
from sequences import standstill
from sequences.engine import recorder
from sequences.engine.scratch import prepare
from sequences.engine.sql import Sql, execute
from sequences.models import Run, Sequence
from tenants.localtime import local_date
from tenants.models import Member

COMPLETED, REPLIED, COLLEAGUE_REPLIED = "completed", "replied", "colleague_replied"
UNSUBSCRIBED, BOUNCED, CONDITION = "unsubscribed", "bounced", "condition"
REMOVED, ADVANCED = "removed", "advanced"
EXIT_REASONS = (
    *(COMPLETED, REPLIED, COLLEAGUE_REPLIED, UNSUBSCRIBED, BOUNCED, CONDITION, REMOVED, ADVANCED),
)
"""Why a stay ended (semantics 6.9)."""

MANUAL, AUTO_REPLY = "manual", "auto_reply"

HELD = {0: "stopped", 1: "mailbox", 2: "placeholder", 3: "limit"}
"""Why a stay is held, in the order of semantics 2.27; the numbers are those of the decision table."""
WHENS = " ".join(f"WHEN {number} THEN '{word}'" for number, word in HELD.items())
WHY_HELD = f"CASE h.reason {WHENS} END"

LEFT: Sql = ("SELECT enrollment_id FROM engine_left", ())
MOVED: Sql = ("SELECT enrollment_id FROM engine_moved", ())
WHO_MOVED: Sql = (
    "SELECT e.contact_id, e.id FROM engine_moved m JOIN sequences_enrollment e ON e.id = m.enrollment_id",
    (),
)
OF_TABLE = "FROM (SELECT id FROM sequences_enrollment WHERE id IN (SELECT enrollment_id FROM {table}) "
IN_ORDER = OF_TABLE + "ORDER BY id FOR NO KEY UPDATE) chosen WHERE e.id = chosen.id"


def hold_rows(sequence_ids: Iterable[int]) -> list[Sequence]:
    """Lock these sequences, in order of id, against runs and against each other; as they are now."""
    found = Sequence.objects.filter(pk__in=list(sequence_ids)).order_by("pk")
    return list(found.select_for_update(no_key=True, of=("self",)))


def last_ordinal(sequence_id: int) -> int:
    """The ordinal of the last run that happened; 0 before the first."""
    found = Run.objects.filter(sequence=sequence_id, ordinal__isnull=False).order_by("-ordinal")
    return found.values_list("ordinal", flat=True).first() or 0


def leave(sequence: Sequence, stays: Sql, *, reason: str, now: datetime, refused: int | None = None) -> int:
    """End these stays, paused ones, too; how many (semantics 2.18).

    What was not handed over is cancelled, and open reminders with it; after ``completed`` they stay to be done.
    ``refused``: the message whose refusal is the reason; it has failed, and is not taken back.
    """
    assert reason in EXIT_REASONS, reason
    prepare("engine_left")
    if not execute(f"INSERT INTO engine_left {stays[0]}", stays[1]):
        return 0
    left = execute(
        "UPDATE sequences_enrollment e SET state = 'exited', exited_at = %s, exited_on = %s, exit_reason = %s, "
        "held_reason = '', held_since = NULL, pause_reason = '', resume_on = NULL "
        + IN_ORDER.format(table="engine_left"),
        [now, local_date(now, sequence.timezone), reason],
    )
    if reason != COMPLETED:
        outbox.cancel(enrollments=LEFT, reason=reason, now=now, but=refused)
        reminders.cancel(LEFT, now=now)
    recorder.note_stays("exited", reason, sequence_id=sequence.pk, now=now, source="engine_left")
    return left


def pause(
    sequence: Sequence,
    stays: Sql,
    *,
    reason: str,
    now: datetime,
    until: date | None = None,
    by: Member | None = None,
) -> int:
    """Pause the active ones of these (semantics 2.24, 2.33); how many paused, or changed from auto_reply to manual.

    An automatic reply's pause ends by itself at the first run on or after ``until``; a second one keeps the later date.
    By hand it ends by hand alone, also when it began by itself. A manual pause is left alone. ``by`` paused them, for
    their timelines.
    """
    assert (reason == AUTO_REPLY) == (until is not None), reason
    if until is not None:
        execute(
            "UPDATE sequences_enrollment e SET resume_on = %s "
            f"WHERE state = 'paused' AND pause_reason = 'auto_reply' AND resume_on < %s AND id IN ({stays[0]})",
            [until, until, *stays[1]],
        )
    which = "state = 'active'" if until else "(state = 'active' OR pause_reason = 'auto_reply')"
    if not _choose("engine_moved", stays, which):
        return 0
    paused = execute(
        "UPDATE sequences_enrollment e SET paused_after = CASE state WHEN 'active' THEN %s ELSE paused_after END, "
        "paused_at = CASE state WHEN 'active' THEN %s ELSE paused_at END, "
        "stopped_at = CASE WHEN step_key IS NOT NULL THEN COALESCE(stopped_at, %s) END, "
        "state = 'paused', pause_reason = %s, resume_on = %s " + IN_ORDER.format(table="engine_moved"),
        [last_ordinal(sequence.pk), now, now, reason, until],
    )
    outbox.hold(MOVED, now=now)
    said = {"reason": reason} | ({"until": until.isoformat()} if until else {})
    facts.record("paused", WHO_MOVED, at=now, member_id=by.pk if by else None, data=said)
    recorder.note_stays("paused", reason, sequence_id=sequence.pk, now=now, source="engine_moved")
    return paused


def resume(
    sequence: Sequence, stays: Sql, *, now: datetime, after: int | None = None, by: Member | None = None
) -> int:
    """Let the paused ones of these go on where they stopped (semantics 2.33); how many.

    Days count from the run after the one with the ordinal ``after``: by default the last that happened; the run that
    resumes people itself gives its own ordinal less one. ``by`` let them go on, for their timelines.
    """
    if not _choose("engine_moved", stays, "state = 'paused'"):
        return 0
    ordinal = last_ordinal(sequence.pk) if after is None else after
    resumed = execute(
        "UPDATE sequences_enrollment e SET state = 'active', day1_run = day1_run + %s - paused_after, "
        "paused_after = NULL, paused_at = NULL, pause_reason = '', resume_on = NULL "
        + IN_ORDER.format(table="engine_moved"),
        [ordinal],
    )
    standstill.end(sequence, MOVED, now=now)
    outbox.release(MOVED, now=now)
    facts.record("resumed", WHO_MOVED, at=now, member_id=by.pk if by else None)
    recorder.note_stays("resumed", sequence_id=sequence.pk, now=now, source="engine_moved")
    return resumed


def admit(sequence: Sequence, people: Sql, *, run: Run, now: datetime, first_key: str | None = None) -> int:
    """Begin a stay for each row of ``people``: contact_id, account_id, opportunity_id, by_id; how many.

    The run is their day 1 (semantics 3.2), or the tree begins for them at the step ``first_key``: then they are on its
    plan by name, and another that is published touches none of their rows (5.14). Who may come in was decided by the
    SELECT.
    """
    sql, params = people
    plan = None if first_key is None else sequence.plan_id
    entered = execute(
        "INSERT INTO sequences_enrollment "
        "(sequence_id, contact_id, account_id, opportunity_id, added_by_id, entered_at, day1_run, step_key, plan_id) "
        f"SELECT %s, contact_id, account_id, opportunity_id, by_id, %s, %s, %s, %s FROM ({sql}) people",
        [sequence.pk, now, run.ordinal, first_key, plan, *params],
    )
    if entered:
        recorder.note_entered(sequence_id=sequence.pk, now=now)
    return entered


def release_held(sequence: Sequence) -> int:
    """Those who are not in ``engine_held`` are held no longer (semantics 2.27)."""
    return execute(
        "UPDATE sequences_enrollment SET held_reason = '', held_since = NULL WHERE sequence_id = %s "
        "AND held_reason <> '' AND state = 'active' "
        "AND NOT EXISTS (SELECT 1 FROM engine_held h WHERE h.enrollment_id = sequences_enrollment.id)",
        [sequence.pk],
    )


def keep_held(sequence: Sequence, *, now: datetime) -> int:
    """Hold the stays in ``engine_held``: their days do not advance (semantics 2.27)."""
    held = execute(
        f"UPDATE sequences_enrollment e SET held_reason = {WHY_HELD}, "
        "held_since = COALESCE(e.held_since, %s), day1_run = e.day1_run + 1 "
        "FROM engine_held h WHERE e.id = h.enrollment_id",
        [now],
    )
    whom = (
        f"SELECT e.contact_id, 'held', ARRAY[{WHY_HELD}] FROM engine_held h "
        "JOIN sequences_enrollment e ON e.id = h.enrollment_id ORDER BY e.contact_id"
    )
    recorder.note(sequence_id=sequence.pk, now=now, whom=(whom, ()))
    return held


def keep_held_in_tree(sequence: Sequence, *, now: datetime) -> int:
    """Hold the stays in ``engine_held`` before their step; noted when it begins and when the reason changes (5.11)."""
    whom = (
        f"SELECT e.contact_id, 'held', ARRAY[{WHY_HELD}] FROM engine_held h "
        f"JOIN sequences_enrollment e ON e.id = h.enrollment_id WHERE e.held_reason <> {WHY_HELD} ORDER BY e.contact_id"
    )
    recorder.note(sequence_id=sequence.pk, now=now, whom=(whom, ()))
    return execute(
        f"UPDATE sequences_enrollment e SET held_reason = {WHY_HELD}, held_since = COALESCE(e.held_since, %s) "
        f"FROM engine_held h WHERE e.id = h.enrollment_id AND e.held_reason <> {WHY_HELD}",
        [now],
    )


def inside(sequence: Sequence) -> Sql:
    """Everyone in the sequence, paused or not."""
    return "SELECT id FROM sequences_enrollment WHERE sequence_id = %s AND state IN ('active', 'paused')", (
        sequence.pk,
    )


def not_paused(sequence: Sequence) -> Sql:
    """All stays of the sequence but those that are paused."""
    return "SELECT id FROM sequences_enrollment WHERE sequence_id = %s AND state <> 'paused'", (sequence.pk,)


def stays_of(sequence: Sequence, contact_ids: Iterable[int]) -> Sql:
    """The stays that these contacts have in the sequence now."""
    sql, params = inside(sequence)
    return f"{sql} AND contact_id = ANY(%s)", (*params, list(contact_ids))


def _choose(table: str, stays: Sql, which: str) -> int:
    """Note those of the stays that qualify; how many."""
    prepare(table)
    sql, params = stays
    return execute(
        f"INSERT INTO {table} SELECT id FROM sequences_enrollment WHERE {which} AND id IN ({sql})", params
    )
