"""Who lacks a field without which a step's text cannot be sent, as a condition in SQL (semantics 2.31)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from audience.conditions.parse import Condition, Group
from audience.conditions.types import FieldType
from audience.fields import RECORDS
from sequences.engine.due import PlannedStep, Work
from sequences.engine.questions import Questions
from sequences.engine.senders import CONTACT_OWNER, Needs, Who, needed_by

ANYONE = Q(pk__isnull=False)


def of_step(work: Work, step: PlannedStep, who: Who, needs: Sequence[Needs]) -> Q:
    """True of the stays that lack something; without conditions when nobody can. ``sender`` is annotated."""
    lacks = of_paths(work.questions, needed_by_step(step))
    for one in needs if step.kind.is_email else ():
        q = of_paths(work.questions, one.paths)
        if who == CONTACT_OWNER:
            q = Q(sender__in=one.members) & q if q else q
        elif who not in one.members:
            continue
        lacks |= q
    return lacks


def needed_by_step(step: PlannedStep) -> Iterable[str]:
    """What the step's own text needs: of an e-mail its template's current version, of an SMS its text."""
    if step.kind.channel == "sms":
        return needed_by(str(step.settings.get("text") or ""))
    template = step.row.template
    return template.current.needed if template and template.current else ()


def of_paths(questions: Questions, paths: Iterable[str]) -> Q:
    """True of the stays of which one of these fields is empty."""
    people, conditions = Q(), []
    for path in paths:
        record, _, key = path.rpartition(".")
        record = record or "contact"
        if record == "owner":
            people |= Q(contact__owner__isnull=True)
        elif record in RECORDS:
            found = questions.catalogue.get(record, key)
            if found is None:
                return ANYONE
            if found.type is not FieldType.YES_NO:  # an empty one is No (semantics 6.3)
                conditions.append(Condition(f"{record}.{key}", found, "empty", None))
    return people | questions.of_stays(Group("any", tuple(conditions))).q
