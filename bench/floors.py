"""The floors: the work of a run of the engine, written by hand in SQL, on the same tables, behind the same wall.

What the engine is measured against is the least that PostgreSQL needs for these rows: one filter over the contacts, the
refusals of semantics 2.10, and the rows of the stays, of their step runs and of their messages.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from sequences.models import Sequence

ENTRY = """
WITH admitted AS (
  INSERT INTO sequences_enrollment (sequence_id, contact_id, account_id, entered_at, day1_run)
  SELECT %(sequence)s, c.id, c.account_id, %(now)s, %(ordinal)s
  FROM audience_contact c
  WHERE c.lifecycle_stage_norm IN ('lead', 'prospect')
    AND (c.country_norm <> 'iceland' OR c.country_norm IS NULL)
    AND c.score >= 10
    AND strpos(c.job_title_norm, 'manager') > 0
    AND c.email_norm IS NOT NULL
    AND c.city_norm ^@ 'ber'
    AND c.last_opened_at >= %(from)s AND c.last_opened_at < %(until)s
    AND c.last_replied_at IS NULL
    AND NOT EXISTS (SELECT FROM sequences_enrollment e WHERE e.sequence_id = %(sequence)s AND e.contact_id = c.id)
    AND NOT EXISTS (SELECT FROM audience_suppression s WHERE s.channel = 'email' AND s.address_norm = c.email_norm)
  RETURNING id, contact_id
), steps AS (
  INSERT INTO sequences_steprun (enrollment_id, key, kind, state, at, run_id)
  SELECT id, 'one', 'email', 'executed', %(now)s, %(run)s FROM admitted
  RETURNING id, enrollment_id
)
INSERT INTO messaging_message (mailing_id, contact_id, sender_id, mailbox_id, enrollment_id, step_run_id, address_norm,
                               made_at, due_at, not_after)
SELECT %(mailing)s, a.contact_id, %(sender)s, %(mailbox)s, a.id, s.id, c.email_norm, %(now)s, %(now)s, %(not_after)s
FROM admitted a JOIN steps s ON s.enrollment_id = a.id JOIN audience_contact c ON c.id = a.contact_id
"""

EXITS = """
UPDATE sequences_enrollment e
SET state = 'exited', exit_reason = 'condition', exited_at = %(now)s, exited_on = %(today)s
FROM audience_contact c
WHERE e.sequence_id = %(sequence)s AND e.state IN ('active', 'paused') AND c.id = e.contact_id
  AND (c.score > 1000 OR c.lifecycle_stage_norm = 'customer')
"""

STEP = """
WITH due AS (
  SELECT e.id, e.contact_id, c.email_norm
  FROM sequences_enrollment e
  JOIN audience_contact c ON c.id = e.contact_id
  WHERE e.sequence_id = %(sequence)s AND e.state = 'active' AND e.day1_run = %(ordinal)s - 1
    AND c.email_norm IS NOT NULL
    AND NOT EXISTS (SELECT FROM sequences_steprun x WHERE x.enrollment_id = e.id AND x.key = 'two')
    AND EXISTS (SELECT FROM sequences_steprun x WHERE x.enrollment_id = e.id AND x.key = 'one'
                AND x.sent_at IS NOT NULL AND x.opened_at IS NULL)
    AND NOT EXISTS (SELECT FROM audience_suppression s WHERE s.channel = 'email' AND s.address_norm = c.email_norm)
), steps AS (
  INSERT INTO sequences_steprun (enrollment_id, key, kind, state, at, run_id)
  SELECT id, 'two', 'email', 'executed', %(now)s, %(run)s FROM due
  RETURNING id, enrollment_id
)
INSERT INTO messaging_message (mailing_id, contact_id, sender_id, mailbox_id, enrollment_id, step_run_id, address_norm,
                               made_at, due_at, not_after)
SELECT %(mailing)s, d.contact_id, %(sender)s, %(mailbox)s, d.id, s.id, d.email_norm, %(now)s, %(now)s, %(not_after)s
FROM due d JOIN steps s ON s.enrollment_id = d.id
"""


def entry(sequence: Sequence, now: datetime, ids: dict[str, int]) -> int:
    """Admit everyone who matches, with their first messages; returns how many."""
    return _execute(ENTRY, _values(sequence, now, ids))


def step(sequence: Sequence, now: datetime, ids: dict[str, int]) -> int:
    """Check the exit group, then the second step of everyone inside; returns how many messages were made."""
    values = _values(sequence, now, ids)
    _execute(EXITS, values)
    return _execute(STEP, values)


def _values(sequence: Sequence, now: datetime, ids: dict[str, int]) -> dict:
    midnight = now.astimezone(sequence.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    return ids | {
        "sequence": sequence.pk,
        "now": now,
        "today": midnight.date(),
        "from": midnight - timedelta(days=120),
        "until": midnight + timedelta(days=1),
        "not_after": midnight + timedelta(days=2),
    }


def _execute(sql: str, values: dict) -> int:
    with connection.cursor() as cursor:
        # The planner takes the many conditions for independent and the result for one row; loops over it never end.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(sql, values)
        made = cursor.rowcount
        cursor.execute("SET LOCAL enable_nestloop = on")
        return made
