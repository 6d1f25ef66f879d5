"""What the conditions of this tenant may name, and the values that one picks from: the database behind a builder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from audience.catalogue import catalogue, choices_of
from audience.conditions.parse import FieldRef, Scope, StepField
from audience.conditions.typed import Options
from audience.conditions.types import ME, FieldType
from audience.fields import Field
from audience.models import AccountTag, ContactTag, OpportunityTag
from tenants.models import Member

TAGS = {"contact": ContactTag, "account": AccountTag, "opportunity": OpportunityTag}
MOST_TAGS = 300


def tenant_scope(
    record: str, *, steps: Mapping[str, str] | None = None, sequences: Iterable[str] | None = None
) -> Scope:
    """What conditions of this tenant may name. ``sequences`` are the names that exist; None: not looked at."""
    emails = Member.objects.filter(is_active=True).values_list("user__email", flat=True)
    names = None if sequences is None else frozenset(name.lower() for name in sequences)
    users = frozenset(email.lower() for email in emails)
    return Scope(record, catalogue(), steps=steps, users=users, sequences=names)


class TenantLists:
    """The values of fields that one picks from. Asks for each list once, and only when a row shows it.

    ``sequences`` gives the names of all sequences, ``outcomes`` those that each call step offers; ``me`` is what the
    value of that name is called.
    """

    def __init__(
        self,
        sequences: Callable[[], Iterable[str]] = tuple,
        outcomes: Mapping[str, Sequence[str]] | None = None,
        me: str = "The owner of the sequence",
    ) -> None:
        self._sequences = sequences
        self._outcomes = outcomes or {}
        self._me = me
        self._kept: dict[FieldRef, Options] = {}

    def options(self, ref: FieldRef) -> Options:
        """Pairs of value and label; none where the field has no list."""
        if ref not in self._kept:
            self._kept[ref] = self._asked(ref)
        return self._kept[ref]

    def _asked(self, ref: FieldRef) -> Options:
        if isinstance(ref, StepField):
            return _plain(self._outcomes.get(ref.step, ()))
        if ref.type is FieldType.SEQUENCE:
            return _plain(self._sequences())
        if ref.type is FieldType.USER:
            return [(ME, self._me), *_members()]
        if ref.type is FieldType.TAGS:
            return _plain(_labels(ref))
        return _plain(choices_of(ref))


def _plain(values: Iterable[str]) -> Options:
    return [(value, value) for value in values]


def _members() -> Options:
    rows = Member.objects.filter(is_active=True).order_by("user__name", "user__email")
    return [(email.lower(), name or email) for email, name in rows.values_list("user__email", "user__name")]


def _labels(field: Field) -> Iterable[str]:
    rows = TAGS[field.record]._default_manager.filter(field__key=field.key) if field.is_custom else None
    if rows is None:
        rows = TAGS[field.record]._default_manager.filter(field=None)
    return rows.order_by("label").values_list("label", flat=True).distinct()[:MOST_TAGS]
