"""The faults: each a place of the product as it is, what it becomes, and what that would mean to people."""

from __future__ import annotations

from dataclasses import dataclass

RULES = ("tests/scenarios", "tests/model/test_engine.py")
"""What must catch a fault in the rules: scenario files, and random ones beside the naive model."""

DELIVERY = tuple(
    f"tests/apps/messaging/test_{name}.py" for name in ("protocol", "races", "answers", "deliver")
)
"""And one in what leaves: the schedules of the protocol's model, races, and servers that misbehave."""


def scenario(name: str) -> str:
    """The test of one scenario file."""
    return f"tests/scenarios/test_scenarios.py::test_the_file_comes_out_as_it_expects[{name}]"


@dataclass(frozen=True)
class Fault:
    """One text in one file, which occurs there once, and the wrong one in its place.

    ``first`` is the test that has caught it before, and so is tried first; ``tests`` are all that are to.
    """

    name: str
    file: str
    old: str
    new: str
    why: str
    first: str
    tests: tuple[str, ...] = RULES


ENGINE = "sequences/engine/"

FAULTS = (
    Fault(
        "entry-in-the-row-of-ids",
        ENGINE + "entry.py",
        'one, order = f"DISTINCT ON ({address})", f"{address}, p.contact_id"',
        'one, order = f"DISTINCT ON ({address})", f"{address}, p.contact_id DESC"',
        "of several with one address the last created would come in (2.11)",
        scenario("16-unique-email"),
    ),
    Fault(
        "due-a-day-late",
        ENGINE + "classic.py",
        "for step in work.steps), default=0)",
        "for step in work.steps), default=0) - 1",
        "people would be completed a run late and could not come in again (3.4)",
        scenario("01-classic-days"),
    ),
    Fault(
        "verdict-counts-what-is-skipped",
        ENGINE + "verdicts.py",
        '    FROM {} WHERE skip IS NULL AND step = ANY(%s)"""',
        '    FROM {} WHERE step = ANY(%s)"""',
        "an e-mail would not go out because another one that is skipped came first (2.26)",
        scenario("23-every-skip-reason"),
    ),
    Fault(
        "exit-of-the-active-only",
        ENGINE + "exits.py",
        "stays = Enrollment.objects.filter(sequence=sequence, state__in=INSIDE)",
        'stays = Enrollment.objects.filter(sequence=sequence, state="active")',
        "who is paused would not leave by a condition (2.18)",
        scenario("15-exit-conditions"),
    ),
    Fault(
        "limit-forgets-follow-ups",
        ENGINE + "verdicts.py",
        "PARTITION BY v.sender_id ORDER BY {IS_NEWCOMER}, e.entered_at, e.contact_id) AS place",
        "PARTITION BY v.sender_id ORDER BY {IS_NEWCOMER} AND false, e.entered_at, e.contact_id) AS place",
        "newcomers would take the last e-mails of the day from follow-ups (2.28)",
        scenario("36-order-of-contacts"),
    ),
    Fault(
        "hold-lets-the-day-pass",
        "sequences/enrollment.py",
        '"held_since = COALESCE(e.held_since, %s), day1_run = e.day1_run + 1 "',
        '"held_since = COALESCE(e.held_since, %s) "',
        "who is held would lose the steps of that day (2.27)",
        scenario("22-mailbox-and-placeholder-holds"),
    ),
    Fault(
        "pass-asks-no-exits",
        ENGINE + "adaptive/passes.py",
        "    if not were_asked:\n        note_exiting(",
        "    if were_asked:\n        note_exiting(",
        "an e-mail would go to whom a step of the same path has just made leave (2.18, 5.11)",
        scenario("48-held-in-a-tree"),
    ),
    Fault(
        "wait-ends-at-night",
        ENGINE + "adaptive/waits.py",
        'moment = hours.moved_inside(hours.moment_after(work.now, Duration(**step.settings["for"])))',
        'moment = hours.moment_after(work.now, Duration(**step.settings["for"]))',
        "a pause after hours would move a wait by the wrong length (5.6, 5.13)",
        scenario("64-a-pause-around-the-end-of-a-wait"),
    ),
    Fault(
        "advance-goes-round",
        ENGINE + "adaptive/advances.py",
        "Contact.objects.filter(Q(pk__in=meant), may_come, ~Exists(just_left))",
        "Contact.objects.filter(Q(pk__in=meant), may_come)",
        "two sequences would pass a person back and forth for ever (5.10)",
        scenario("65-two-that-hand-over-to-each-other"),
    ),
    Fault(
        "move-takes-another-kind",
        "sequences/edits.py",
        "AND there.key = here.key AND there.kind = here.kind",
        "AND there.key = here.key",
        "people who wait for a call would be moved before an e-mail of the same key (5.14)",
        scenario("66-moved-by-key-and-kind"),
    ),
    Fault(
        "condition-forgets-its-limit",
        ENGINE + "adaptive/conditions.py",
        'if not step.settings.get("at_limit"):',
        'if step.settings.get("event"):',
        "a yes that is to wait for its limit would be taken at once (5.7)",
        scenario("47-pauses-of-a-tree"),
    ),
    Fault(
        "pause-begins-anew",
        "sequences/standstill.py",
        "AND state IN ('active', 'paused') AND stopped_at IS NULL",
        "AND state IN ('active', 'paused')",
        "of overlapping pauses only the last would move a wait (5.13)",
        scenario("47-pauses-of-a-tree"),
    ),
    Fault(
        "back-a-day-early",
        ENGINE + "refusals.py",
        "too_late = today - timedelta(days=days)",
        "too_late = today - timedelta(days=days - 1)",
        "people would be written to again a day before they may come in again (2.14)",
        scenario("18-re-entry"),
    ),
    Fault(
        "removed-come-back",
        ENGINE + "refusals.py",
        'return ~has(standing, "contact", contact) & ~has(removed, "contact", contact)',
        'return ~has(standing, "contact", contact)',
        "whom somebody took out by hand would come in again by themselves (2.14)",
        scenario("18-re-entry"),
    ),
    Fault(
        "exclusive-forgets-the-paused",
        ENGINE + "refusals.py",
        "    stays = Enrollment.objects.filter(state__in=INSIDE)\n    if not work.sequence.exclusive:",
        '    stays = Enrollment.objects.filter(state="active")\n    if not work.sequence.exclusive:',
        "who is paused in an exclusive sequence would be written to by another (2.12)",
        scenario("17-exclusive"),
    ),
    Fault(
        "limit-of-the-utc-day",
        ENGINE + "senders.py",
        "days = {member.pk: local_date(now, member.timezone) for member in people}",
        "days = {member.pk: now.date() for member in people}",
        "a sender in Auckland would send twice as much as they may on the morning of their day (2.29)",
        scenario("44-limit-of-the-senders-day"),
    ),
    Fault(
        "limit-of-each-run",
        ENGINE + "senders.py",
        "return max(member.daily_limit - made.get(member.pk, 0), 0)",
        "return max(member.daily_limit, 0)",
        "each run of the day would send as much as all together may (2.29)",
        scenario("68-what-a-day-has-had-already"),
    ),
    Fault(
        "today-is-of-utc",
        ENGINE + "due.py",
        "today = local_date(now, sequence.timezone)",
        "today = now.date()",
        "conditions on dates would be asked of yesterday where the run is after midnight (6.3)",
        scenario("68-what-a-day-has-had-already"),
    ),
    Fault(
        "reply-spares-the-paused",
        "sequences/reactions.py",
        "own = INSIDE_NOW.filter(contact=contact_id, sequence__exit_replied=True)",
        'own = INSIDE_NOW.filter(contact=contact_id, sequence__exit_replied=True, state="active")',
        "who answered while paused would get the next mail of a machine after all (2.18, 2.20)",
        scenario("38-pauses"),
    ),
    Fault(
        "second-automatic-reply-shortens",
        "sequences/enrollment.py",
        "pause_reason = 'auto_reply' AND resume_on < %s AND id IN",
        "pause_reason = 'auto_reply' AND resume_on > %s AND id IN",
        "people would be written to while they are away (2.24)",
        scenario("68-what-a-day-has-had-already"),
    ),
    Fault(
        "pause-eats-days",
        "sequences/enrollment.py",
        "state = 'active', day1_run = day1_run + %s - paused_after, ",
        "state = 'active', day1_run = day1_run + 0 * (%s - paused_after), ",
        "the steps of the days of a pause would be lost (2.33)",
        scenario("11-pause-and-resume"),
    ),
    Fault(
        "move-leaves-the-paused-behind",
        "sequences/edits.py",
        "state__in=(Enrollment.ACTIVE, Enrollment.PAUSED))\n    stand",
        "state=Enrollment.ACTIVE)\n    stand",
        "who is paused at a move would go on with the old plan, of which the publisher was told otherwise (5.14)",
        scenario("71-a-limit-that-became-a-question"),
    ),
    Fault(
        "closing-time-is-inside",
        "sequences/hours.py",
        "if max(start, since) < end and is_allowed(",
        "if max(start, since) <= end and is_allowed(",
        "calls and mails would fall on the moment at which the working day ends (5.2)",
        scenario("77-the-hour-of-closing"),
    ),
    Fault(
        "unsubscribed-come-in",
        ENGINE + "refusals.py",
        'STOPPED: ~_is_suppressed("email", way.column("email_norm"), has),',
        "STOPPED: Q(),",
        "who unsubscribed would come into new sequences, and be called by their sellers (2.10)",
        scenario("05-unsubscribe"),
    ),
    Fault(
        "late-run-on-another-day",
        "sequences/calendar.py",
        "return now - scheduled_for > MOST_LATE or local_date(now, zone) != local_date(scheduled_for, zone)",
        "return now - scheduled_for > MOST_LATE",
        "after a standstill in the evening mails would leave in the night, and two runs on the next day (2.7)",
        scenario("35-late-and-missed-runs"),
    ),
    Fault(
        "day-of-24-hours",
        "sequences/hours.py",
        "return plus_days(at, length.days, self.timezone) + length.elapsed",
        "return at + length.total",
        "after a change of the clock everything that waits would come an hour off (2.2, 5.6)",
        scenario("52-clocks-of-berlin-in-spring"),
    ),
    Fault(
        "gate-asks-no-stops",
        "messaging/gate.py",
        "WHEN (SELECT pauses FROM stop) IS NOT NULL THEN 'stopped'",
        "WHEN false THEN 'stopped'",
        "a mail would leave after its recipient replied or unsubscribed (reliability I4)",
        "tests/apps/messaging/test_races.py",
        DELIVERY,
    ),
    Fault(
        "doubtful-leaves-again",
        "messaging/reaper.py",
        "SET state = 'unknown', reason = 'no_answer', lease_until = NULL,\n           sent_at = gate_at",
        "SET state = 'pending', lease_token = NULL, lease_until = NULL, gate_at = NULL, gate_seq = NULL",
        "a mail whose worker died after the dot would be sent twice (reliability I1)",
        "tests/apps/messaging/test_protocol.py",
        DELIVERY,
    ),
)
