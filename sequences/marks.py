"""What a step's messages, calls and reminders came to: the marks on its step run, which conditions read (2.30).

Facts stamp the first time of each kind. Nothing is unstamped but a click that turned out to be a machine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from activities.models import Fact
from messaging.models import Message
from sequences import agenda
from sequences.engine.sql import execute, rows
from sequences.models import StepRun


def sent(message_ids: Iterable[int], *, at: datetime) -> int:
    """These messages were handed over."""
    return execute(
        """UPDATE sequences_steprun r SET sent_at = COALESCE(r.sent_at, %s)
           FROM (SELECT s.id FROM messaging_message m JOIN sequences_steprun s ON s.id = m.step_run_id
                 WHERE m.id = ANY(%s) ORDER BY s.id FOR NO KEY UPDATE OF s) found WHERE r.id = found.id""",
        [at, list(message_ids)],
    )


def presumed(message_ids: Iterable[int]) -> int:
    """Nobody knows whether these messages were sent: they count as sent, since their gate (reliability §2)."""
    return execute(
        """UPDATE sequences_steprun r SET sent_at = COALESCE(r.sent_at, found.gate_at)
           FROM (SELECT s.id, m.gate_at FROM messaging_message m JOIN sequences_steprun s ON s.id = m.step_run_id
                 WHERE m.id = ANY(%s) ORDER BY s.id FOR NO KEY UPDATE OF s) found WHERE r.id = found.id""",
        [list(message_ids)],
    )


def ended(message_ids: Iterable[int], *, reason: str) -> int:
    """These messages will not leave: what the step did is cancelled, and it stays had."""
    return execute(
        """UPDATE sequences_steprun r SET state = 'cancelled', reason = %s
           FROM (SELECT s.id FROM messaging_message m JOIN sequences_steprun s ON s.id = m.step_run_id
                 WHERE m.id = ANY(%s) AND s.sent_at IS NULL ORDER BY s.id FOR NO KEY UPDATE OF s) found
           WHERE r.id = found.id""",
        [reason, list(message_ids)],
    )


def wake(message_ids: Iterable[int], *, at: datetime) -> None:
    """These messages were sent, ended or answered: conditions of trees may wait for that (semantics 5.7)."""
    concerned = rows(
        """SELECT DISTINCT e.sequence_id FROM messaging_message m JOIN sequences_enrollment e ON e.id = m.enrollment_id
           WHERE m.id = ANY(%s) AND e.sequence_id IN (SELECT id FROM sequences_sequence WHERE kind = 'adaptive')""",
        [list(message_ids)],
    )
    if concerned:
        agenda.wake([pk for (pk,) in concerned], now=at)


def stamp(message_id: int | None, *names: str, at: datetime) -> None:
    """A mark of a message, such as ``opened_at``. What concerns no message of a step marks none."""
    if message_id is None:
        return
    of_step = Message.objects.filter(pk=message_id, step_run_id__isnull=False).values("step_run_id")
    first = {name: Coalesce(F(name), Value(at)) for name in names}
    StepRun.objects.filter(pk__in=of_step).update(**first)
    wake([message_id], at=at)


def unclicked(message_id: int) -> None:
    """What was taken for a person's click was a machine's; nor was the mail opened by it."""
    of_step = Message.objects.filter(pk=message_id, step_run_id__isnull=False).values("step_run_id")
    opened = Fact.objects.filter(message_id=message_id, kind__in=["opened", "replied"], by_machine=False)
    first = opened.order_by("at").values_list("at", flat=True).first()
    StepRun.objects.filter(pk__in=of_step).update(
        machine_clicked_at=Coalesce("machine_clicked_at", "clicked_at"), clicked_at=None, opened_at=first
    )


def outcomes(reminder_ids: Iterable[int]) -> int:
    """What the calls of these reminders came to (semantics 2.30); only the first completion of each does."""
    return execute(
        """UPDATE sequences_steprun r SET outcome = found.outcome
           FROM (SELECT s.id, m.outcome FROM activities_reminder m JOIN sequences_steprun s ON s.id = m.step_run_id
                 WHERE m.id = ANY(%s) AND m.kind = 'call' AND m.outcome <> '' AND s.outcome IS NULL
                 ORDER BY s.id FOR NO KEY UPDATE OF s) found
           WHERE r.id = found.id""",
        [list(reminder_ids)],
    )
