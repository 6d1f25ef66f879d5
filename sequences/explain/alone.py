"""The engine's decision table for one stay, in one statement that writes nothing.

Its temporary tables stand here as parts of a query under their own names: to make and drop tables takes longer than to
decide about one person, and a page that is only read has nothing to commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sequences.engine.due import Work
from sequences.engine.senders import Able, able
from sequences.engine.sql import Sql, rows, union_all
from sequences.engine.verdicts import (
    CANNOT_GO_OUT,
    CROWDED,
    EMAILS_IN_TURN,
    LIMIT,
    Due,
    has_second_emails,
    verdicts_of,
    who_sends,
)


@dataclass(frozen=True)
class Decided:
    """A row of the decision table, with why the stay is held (a number of semantics 2.27), if it is.

    ``room``: how many e-mails its sender has left for the day.
    """

    step: int
    skip: str | None
    held: int | None
    address: str | None
    answer: bool | None
    room: int | None


COLUMNS = (
    *("step_run_id", "enrollment_id", "contact_id", "opportunity_id", "step", "skip"),
    *("may_hold", "sender_id", "mailbox_id", "address", "answer"),
)

STATEMENT = f"""
WITH engine_sender (member_id, mailbox_id, day, room, is_stopped) AS ({{senders}}),
     every ({", ".join(COLUMNS)}) AS ({{verdicts}}),
     engine_verdict AS ({{chosen}}),
     engine_held (enrollment_id, reason) AS ({CANNOT_GO_OUT}),
     beyond_limit AS ({CROWDED})
SELECT v.step, v.skip, coalesce(h.reason, (SELECT {LIMIT} FROM beyond_limit LIMIT 1)), v.address, v.answer, s.room
FROM engine_verdict v LEFT JOIN engine_held h ON h.enrollment_id = v.enrollment_id
LEFT JOIN engine_sender s ON s.member_id = v.sender_id ORDER BY v.step"""


def decided_alone(work: Work, due: Sequence[Due]) -> list[Decided]:
    """What the run would decide if the one stay of these steps were alone in it, in the order of the steps."""
    if not due:
        return []
    mailing = [one.step for one in due if one.step.kind.is_email]
    found = (
        able(who_sends(work, mailing), owner_id=work.sequence.owner_id, now=work.now) if mailing else Able()
    )
    verdicts = union_all(
        verdicts_of(work, one, found.needs, new_id=f"{one.step.number}::bigint") for one in due
    )
    numbers = [step.number for step in mailing]
    chosen = _chosen(work, numbers if has_second_emails(work, mailing) else [])
    sql = STATEMENT.format(senders=found.senders[0], verdicts=verdicts[0], chosen=chosen[0])
    params = [*found.senders[1], *verdicts[1], *chosen[1], numbers]
    return [Decided(*row) for row in rows(sql, params)]


def _chosen(work: Work, emails: list[int]) -> Sql:
    """Of a smart sequence the first step that matches (semantics 4.2); else all, second e-mails skipped (2.26)."""
    if work.sequence.kind == "smart":
        return "SELECT * FROM every ORDER BY step LIMIT 1", ()
    if not emails:
        return "SELECT * FROM every", ()
    skip = "CASE WHEN e.place > 1 THEN 'second_email' ELSE v.skip END AS skip"
    columns = ", ".join(skip if name == "skip" else f"v.{name}" for name in COLUMNS)
    in_turn = EMAILS_IN_TURN.format("every")
    return f"SELECT {columns} FROM every v LEFT JOIN ({in_turn}) e ON e.step_run_id = v.step_run_id", (
        emails,
    )
