"""The values that conditions meet: what a field holds for one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audience.conditions.parse import Condition, StepField
from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY, Field
from audience.models import Account, Contact, Opportunity
from audience.records import TAGS, Record
from sequences.engine.questions import INSIDE, MARKS
from sequences.models import Enrollment, StepRun


@dataclass(frozen=True)
class Met:
    """A value as a page writes it: ``type`` is that of its field. Empty: None, a blank text, no tags."""

    type: str
    value: Any

    @property
    def is_empty(self) -> bool:
        return self.value in (None, "", []) and self.type != FieldType.YES_NO


class Person:
    """One contact with the records through which they are in a sequence, or would be.

    ``bare_account``: the company that a field without a record is of, in sequences of companies (semantics 2.16).
    """

    def __init__(
        self,
        contact: Contact,
        *,
        bare_account: Account | None = None,
        opportunity: Opportunity | None = None,
        step_runs: Mapping[str, StepRun] | None = None,
    ) -> None:
        self.contact, self.bare_account, self.opportunity = contact, bare_account, opportunity
        self.step_runs = step_runs or {}
        self._labels: dict[tuple[str, int, int | None], list[str]] = {}

    def met(self, condition: Condition) -> Met:
        """What the field of a condition holds now."""
        ref = condition.field
        if isinstance(ref, StepField):
            return self._of_step(ref)
        if ref.type is FieldType.SEQUENCE:
            return Met(FieldType.TEXT, self._membership(str(condition.value)))
        record = self._record(ref, is_bare="." not in condition.name)
        return Met(ref.type, self._value(record, ref) if record is not None and ref.has_values else None)

    def _record(self, field: Field, *, is_bare: bool) -> Record | None:
        account = self.bare_account if is_bare and self.bare_account else self.contact.account
        return {CONTACT: self.contact, ACCOUNT: account, OPPORTUNITY: self.opportunity}[field.record]

    def _value(self, record: Record, field: Field) -> Any:
        if field.type is FieldType.TAGS:
            return self._tags(record, field.record, field.custom_id)
        if field.type in (FieldType.USER, FieldType.REFERENCE):
            other = getattr(record, field.key)
            return other.name if other is not None else None
        return getattr(record, field.column or field.key)

    def _tags(self, record: Record, kind: str, field: int | None) -> list[str]:
        place = (kind, record.pk, field)
        if place not in self._labels:
            rows = TAGS[kind].objects.filter(record=record, field=field).order_by("label_norm")
            self._labels[place] = list(rows.values_list("label", flat=True))
        return self._labels[place]

    def _membership(self, name: str) -> str:
        """Since when they are inside a sequence, or when they left it, in words."""
        last = self._stays.get(name.strip().casefold())
        if last is None:
            return "never in it"
        return "inside now" if last.state in INSIDE else "left it before"

    @cached_property
    def _stays(self) -> dict[str, Enrollment]:
        stays = Enrollment.objects.filter(contact=self.contact).select_related("sequence").order_by("pk")
        return {stay.sequence.name.strip().casefold(): stay for stay in stays}

    def _of_step(self, ref: StepField) -> Met:
        run = self.step_runs.get(ref.step)
        if ref.type is FieldType.STEP_OUTCOME:
            return Met(FieldType.TEXT, run.outcome if run else None)
        if run is None or run.sent_at is None:
            return Met(FieldType.TEXT, "not sent")
        at = getattr(run, MARKS[ref.fact])
        return Met(FieldType.DATE_TIME, at) if at else Met(FieldType.TEXT, f"not {SAID[ref.fact]}")


SAID = {"opened": "opened", "clicked": "clicked", "replied": "answered", "bounced": "bounced", "sent": "sent"}
