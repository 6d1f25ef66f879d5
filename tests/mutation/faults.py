"""The faults: each a place of the engine as it is, what it becomes, and what that would mean to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One text in one file, which occurs there once, and the wrong one in its place."""

    name: str
    file: str
    old: str
    new: str
    why: str


ENGINE = "sequences/engine/"

FAULTS = (
    Fault(
        "entry-in-the-row-of-ids",
        ENGINE + "entry.py",
        'one, order = f"DISTINCT ON ({address})", f"{address}, p.contact_id"',
        'one, order = f"DISTINCT ON ({address})", f"{address}, p.contact_id DESC"',
        "of several with one address the last created would come in (2.11)",
    ),
    Fault(
        "due-a-day-late",
        ENGINE + "classic.py",
        "active.filter(day1_run__lte=work.ordinal - highest)",
        "active.filter(day1_run__lte=work.ordinal - highest - 1)",
        "people would be completed a run late and could not come in again (3.4)",
    ),
    Fault(
        "verdict-counts-what-is-skipped",
        ENGINE + "verdicts.py",
        "FROM engine_verdict WHERE skip IS NULL AND step = ANY(%s)) e",
        "FROM engine_verdict WHERE step = ANY(%s)) e",
        "an e-mail would not go out because another one that is skipped came first (2.26)",
    ),
    Fault(
        "exit-of-the-active-only",
        ENGINE + "exits.py",
        "stays = Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)",
        'stays = Enrollment.objects.filter(sequence=sequence, state="active")',
        "who is paused would not leave by a condition (2.18)",
    ),
    Fault(
        "limit-forgets-follow-ups",
        ENGINE + "verdicts.py",
        "PARTITION BY v.sender_id ORDER BY {IS_NEWCOMER}, e.entered_at, e.contact_id) AS place",
        "PARTITION BY v.sender_id ORDER BY {IS_NEWCOMER} AND false, e.entered_at, e.contact_id) AS place",
        "newcomers would take the last e-mails of the day from follow-ups (2.28)",
    ),
    Fault(
        "hold-lets-the-day-pass",
        "sequences/enrollment.py",
        '"held_since = COALESCE(e.held_since, %s), day1_run = e.day1_run + 1 "',
        '"held_since = COALESCE(e.held_since, %s) "',
        "who is held would lose the steps of that day (2.27)",
    ),
    Fault(
        "pass-asks-no-exits",
        ENGINE + "adaptive/passes.py",
        "    if not were_asked:\n        note_exiting(",
        "    if were_asked:\n        note_exiting(",
        "an e-mail would go to whom a step of the same path has just made leave (2.18, 5.11)",
    ),
    Fault(
        "wait-ends-at-night",
        ENGINE + "adaptive/waits.py",
        'moment = hours.moved_inside(hours.moment_after(work.now, Duration(**step.settings["for"])))',
        'moment = hours.moment_after(work.now, Duration(**step.settings["for"]))',
        "a pause after hours would move a wait by the wrong length (5.6, 5.13)",
    ),
    Fault(
        "advance-goes-round",
        ENGINE + "adaptive/advances.py",
        "Contact.objects.filter(Q(pk__in=meant), may_come, ~Exists(just_left))",
        "Contact.objects.filter(Q(pk__in=meant), may_come)",
        "two sequences would pass a person back and forth for ever (5.10)",
    ),
    Fault(
        "move-takes-another-kind",
        "sequences/edits.py",
        "AND there.key = here.key AND there.kind = here.kind",
        "AND there.key = here.key",
        "people who wait for a call would be moved before an e-mail of the same key (5.14)",
    ),
    Fault(
        "condition-forgets-its-limit",
        ENGINE + "adaptive/conditions.py",
        'if not step.settings.get("at_limit"):',
        'if step.settings.get("event"):',
        "a yes that is to wait for its limit would be taken at once (5.7)",
    ),
    Fault(
        "pause-begins-anew",
        "sequences/standstill.py",
        "AND state IN ('active', 'paused') AND stopped_at IS NULL",
        "AND state IN ('active', 'paused')",
        "of overlapping pauses only the last would move a wait (5.13)",
    ),
)
