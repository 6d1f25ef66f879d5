"""The settings of a sequence as they were at an earlier moment: read back from the audit log.

Audience, timing and exit criteria are no part of a plan; they hold as soon as they are saved (semantics 2.8, 2.9). What
they were when a version was published stands in the lines that tell their changes since.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime

from django.core.exceptions import FieldDoesNotExist

from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.reading.summary import summary_of
from sequences.reading.words import Was
from tenants.models import AuditLine, Member

VIEWS = "Saved views"


def settings_at(sequence: Sequence, moment: datetime | None) -> tuple[Sequence, list[str] | None]:
    """A copy with the settings of a moment, None: those of now; and the saved views then, None: not told."""
    then, views = copy(sequence), None
    if moment is None:
        return then, views
    lines = AuditLine.objects.filter(
        object_type="sequence", object_id=sequence.pk, verb="sequence.change", at__gt=moment
    )
    for line in lines.order_by("-at", "-pk"):
        for name, value in line.data.get("before", {}).items():
            if name == "views":
                views = value
            else:
                _put_back(then, name, value)
    return then, views


def settings_between(
    sequence: Sequence, member: Member, before: datetime | None, after: datetime | None
) -> list[tuple[str, list[Was]]]:
    """Titles of sections, with what differs in them between two moments: label, words then, words later."""
    old, new = (_in_words(sequence, member, moment) for moment in (before, after))
    found = []
    for title, pairs in new.items():
        rows = [(label, old[title].get(label, ""), words) for label, words in pairs.items()]
        rows = [row for row in rows if row[1] != row[2]]
        if rows:
            found.append((title, rows))
    return found


def _in_words(sequence: Sequence, member: Member, moment: datetime | None) -> dict[str, dict[str, str]]:
    then, views = settings_at(sequence, moment)
    found = {title: dict(pairs) for _, title, pairs in summary_of(Material(then, member, sequence.plan))}
    found["Name and sender"]["Name"] = then.name
    if views is not None:
        found["Audience"][VIEWS] = ", ".join(sorted(views))
    return found


def _put_back(then: Sequence, name: str, value: object) -> None:
    """A value as the audit log kept it; of a setting that there is no more, nothing."""
    try:
        column = then._meta.get_field(name)
    except FieldDoesNotExist:
        return
    if column.is_relation:
        setattr(then, f"{name}_id", value)
    else:
        setattr(then, name, column.to_python(value))  # type: ignore[union-attr]
