"""Updates of fields (semantics 5.9). Of two updates of one field in a pass the later in the order of 2.28 stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models.expressions import RawSQL

from audience import records
from audience.conditions.parse import StepField, find_field
from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Field
from sequences.engine.adaptive.forest import Forest
from sequences.engine.due import PlannedStep, Work
from sequences.engine.questions import Unreadable
from sequences.engine.scratch import prepare
from sequences.engine.sql import execute
from sequences.engine.verdicts import IS_NEWCOMER, RUNS, Due

PATHS = {"contact": "contact_id", "account": "contact__account_id", "opportunity": "opportunity_id"}
COLUMNS = {"contact_id": "e.contact_id", "contact__account_id": "c.account_id"}
"""The same in SQL; others are columns of the stay."""


def due(work: Work, forest: Forest, step: PlannedStep, number: int, *, is_first: bool) -> Due:
    """Those whose turn it is. Who has no such record skips it (semantics 2.26)."""
    return Due(step, forest.at(step), number=number, is_new=True, record=path_of(work, step))


def write(work: Work, steps: Iterable[PlannedStep]) -> None:
    """Write the values of these steps for those for whom they run, each field of a record once."""
    by_field: dict[tuple[str, str, str], list[PlannedStep]] = {}
    for step in steps:
        field = field_of(work, step)
        by_field.setdefault((field.record, field.key, path_of(work, step)), []).append(step)
    for (record, key, path), some in by_field.items():
        _last_words(work, some, COLUMNS.get(path, f"e.{path}"), needs_order=record != "contact")
        for step in some:
            ids = RawSQL("SELECT record_id FROM engine_update WHERE step = %s", (step.number,))
            try:
                value = typed(field_of(work, step), step.settings.get("value"))
                records.set_field_of(
                    records.MODELS[record].objects.filter(pk__in=ids), key, value, at=work.now
                )
            except Refused as refused:
                raise Unreadable(f"{work.sequence.name}: step {step.key}: {refused}") from refused


def _last_words(work: Work, steps: list[PlannedStep], record: str, *, needs_order: bool) -> int:
    """Which of these steps each record is left with; a contact has but one stay here."""
    prepare("engine_update")
    newcomers, params = (f"{IS_NEWCOMER} DESC, e.entered_at DESC,", [work.now]) if needs_order else ("", [])
    return execute(
        f"""INSERT INTO engine_update
            SELECT DISTINCT ON ({record}) {record}, v.step
            FROM engine_verdict v JOIN sequences_enrollment e ON e.id = v.enrollment_id
            JOIN audience_contact c ON c.id = e.contact_id
            WHERE {RUNS} AND v.step = ANY(%s) ORDER BY {record}, {newcomers} e.contact_id DESC""",
        [[step.number for step in steps], *params],
    )


def field_of(work: Work, step: PlannedStep) -> Field:
    """The field that a step writes. Raises Unreadable where there is none any more."""
    try:
        found = find_field(step.settings["field"], work.questions_of(step).scope())
    except Refused as refused:
        raise Unreadable(f"{work.sequence.name}: step {step.key}: {refused}") from refused
    assert not isinstance(found, StepField), found
    return found


def path_of(work: Work, step: PlannedStep) -> str:
    """Where a stay has the record: a bare field is one of the record that it came in through (semantics 2.16)."""
    if "." not in step.settings["field"] and work.sequence.record != "contact":
        return f"{work.sequence.record}_id"
    return PATHS[field_of(work, step).record]


def typed(field: Field, value: Any) -> Any:
    """A value of the settings, which are JSON, as fields take it."""
    if field.type is FieldType.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    if field.type is FieldType.DATE_TIME and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
