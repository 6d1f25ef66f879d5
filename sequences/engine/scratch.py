"""The temporary tables of a run. They are empty at its beginning and gone with its transaction.

One transaction may hold many runs (a simulation), so a table that is there already is emptied, not made again: every
table made would hold its locks until the end.
"""

from __future__ import annotations

from sequences.engine.sql import execute, rows

TABLES = {
    # Stays that ended in the statement before.
    "engine_left": "enrollment_id bigint NOT NULL",
    # Stays that came in, or that went on after a pause.
    "engine_moved": "enrollment_id bigint NOT NULL",
    # Additions by hand that this run decides.
    "engine_added": "contact_id bigint NOT NULL, by_id bigint, opportunity_id bigint",
    # Who may send: mailbox NULL where none works, room: how many e-mails are left for the day. is_stopped: somebody has
    # stopped all sending, or theirs.
    "engine_sender": "member_id bigint PRIMARY KEY, mailbox_id bigint, day date NOT NULL, room int NOT NULL, "
    "is_stopped boolean NOT NULL",
    # The decision table: one row for each step of each stay that is due. skip NULL: it runs, unless the stay is held.
    # may_hold: the first reason of semantics 2.27 that this row alone gives (0 stopped, 1 mailbox, 2 placeholder).
    # answer: of an adaptive condition.
    "engine_verdict": "step_run_id bigint NOT NULL, enrollment_id bigint NOT NULL, contact_id bigint NOT NULL, "
    "opportunity_id bigint, step smallint NOT NULL, skip text, may_hold smallint, sender_id bigint, "
    "mailbox_id bigint, address text, answer boolean",
    # Adaptive: stays that leave instead of getting a message; stays whose wait or limit began in this pass.
    "engine_exiting": "enrollment_id bigint NOT NULL",
    "engine_begun": "enrollment_id bigint NOT NULL",
    # Adaptive: which step has the last word on a record's field in this pass.
    "engine_update": "record_id bigint NOT NULL, step smallint NOT NULL",
    # Stays that are held in this run, and why: 0 stopped, 1 mailbox, 2 placeholder, 3 limit.
    "engine_held": "enrollment_id bigint PRIMARY KEY, reason smallint NOT NULL",
}


def prepare(*names: str) -> None:
    """Have these tables, empty; without names all of them. One that is there and empty is left alone."""
    wanted = names or tuple(TABLES)
    found = rows(
        "SELECT relname, pg_relation_size(oid) > 0 FROM pg_class "
        "WHERE relnamespace = pg_my_temp_schema() AND relname = ANY(%s)",
        [list(wanted)],
    )
    there = dict(found)
    made = [
        f"CREATE TEMP TABLE {name} ({TABLES[name]}) ON COMMIT DROP" for name in wanted if name not in there
    ]
    emptied = [name for name, is_used in found if is_used]
    if emptied:
        made.append(f"TRUNCATE {', '.join(emptied)}")
    if made:
        execute("; ".join(made))
