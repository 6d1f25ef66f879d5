"""What follows for stays when people have closed reminders: outcomes of calls, messages sent by hand, trees going on.

A few statements, however many they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.models import Reminder
from activities.reminders import these
from messaging import mailings, outbox
from messaging.models import Template, TemplateVersion
from sequences import agenda, marks
from sequences.engine.adaptive.path import go_on_by_hand
from sequences.engine.sql import rows
from sequences.models import Sequence, StepRun

CHANNELS = {"email_reminder": "email", "sms_reminder": "sms"}
ADDRESS = "COALESCE(CASE WHEN r.kind = 'email_reminder' THEN c.email_norm ELSE c.sms_number END, '')"


@dataclass
class ByHand:
    """A step as its messages need it."""

    key: str
    settings: Mapping[str, Any]


def follow(ids: list[int], state: str, *, at: datetime) -> None:
    """These reminders were closed. The outcome of a call; what a person sent counts as sent (semantics 2.30); in a
    tree the stay goes on, also when its reminder was skipped (5.5). The rows of the trees' sequences are held.
    """
    if state == Reminder.COMPLETED:
        marks.outcomes(ids)
        _send(ids, at)
    of_these = StepRun.objects.filter(pk__in=these(ids).values("step_run_id"))
    trees = Sequence.objects.filter(kind=agenda.ADAPTIVE, enrollments__step_runs__in=of_these)
    for sequence in trees.distinct().order_by("pk"):
        go_on_by_hand(sequence, ids, now=at)


def _send(ids: list[int], at: datetime) -> None:
    """The messages that people sent: what comes back attaches to them as to any others."""
    alike = rows(
        """SELECT r.kind, s.key, r.settings, array_agg(r.id)
           FROM activities_reminder r JOIN sequences_steprun s ON s.id = r.step_run_id
           WHERE r.id = ANY(%s) AND r.kind = ANY(%s) GROUP BY 1, 2, 3 ORDER BY min(r.id)""",
        [ids, list(CHANNELS)],
    )
    for kind, key, kept, some in alike:
        settings = json.loads(kept)
        version = _version(settings) if kind == "email_reminder" else None
        outbox.record_by_hand(
            f"""SELECT r.contact_id, {ADDRESS} AS address_norm, COALESCE(r.closed_by_id, r.assignee_id) AS sender_id,
                       r.enrollment_id, r.step_run_id, r.opportunity_id
                FROM activities_reminder r JOIN audience_contact c ON c.id = r.contact_id
                WHERE r.id = ANY(%s) ORDER BY r.id""",
            [some],
            mailing=mailings.pin(ByHand(key, settings), version),
            channel=CHANNELS[kind],
            at=at,
        )


def _version(settings: Mapping[str, Any]) -> TemplateVersion | None:
    """The current version of the template from which it was drafted."""
    found = Template.objects.select_related("current").filter(pk=settings.get("template") or 0).first()
    return found.current if found else None
