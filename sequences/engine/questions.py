"""What the conditions of a sequence ask, as ``Q`` on the people inside it or on those who might come in.

The floor below compiles groups; here stands what only sequences know: membership, earlier steps, and which record a
bare name is of (semantics 2.15 to 2.17, 2.30).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import In

from audience.catalogue import catalogue_on_demand
from audience.conditions.compile import ALWAYS, NEVER, Context, Folded, Membership, compile_group
from audience.conditions.parse import Condition, Group, Scope, parse_group
from audience.fields import Catalogue, Field
from sequences.models import Enrollment, Sequence
from tenants.fields import Lowered

INSIDE = (Enrollment.ACTIVE, Enrollment.PAUSED)

Paths = Mapping[str, str | None]
"""The ORM path from a queryset's model to each record; None: there is none."""

STAY: Paths = {"contact": "contact__", "account": "contact__account__", "opportunity": "opportunity__"}
PERSON: Paths = {"contact": "", "account": "account__", "opportunity": None}
DEAL: Paths = {"contact": "contact__", "account": "contact__account__", "opportunity": ""}

MARKS = {
    "sent": "sent_at",
    "opened": "opened_at",
    "clicked": "clicked_at",
    "replied": "replied_at",
    "bounced": "bounced_at",
}


class Unreadable(ValueError):
    """A stored group cannot be read any more; the message says where and why."""


@dataclass(frozen=True)
class Asked:
    """A group as a condition of a queryset, with the earlier steps it asks about."""

    q: Q
    steps: tuple[str, ...] = ()

    def joined(self, queryset: QuerySet, did: Mapping[str, str]) -> QuerySet:
        """The queryset of stays with the step runs that the condition names, each joined once."""
        return with_steps(queryset, self.steps, did)


@dataclass(frozen=True)
class Questions:
    """Compiles the groups of one sequence on one local day."""

    sequence: Sequence
    steps: Mapping[str, str]
    today: date

    @cached_property
    def catalogue(self) -> Catalogue:
        return catalogue_on_demand()

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Key of a step → the name under which its step run is joined."""
        return {key: f"did_{number}" for number, key in enumerate(self.steps)}

    def read(self, raw: Mapping[str, Any], record: str | None = None, default_match: str = "all") -> Group:
        """A stored group. A field that is gone is empty everywhere, as in files (semantics 6.5)."""
        found = parse_group(raw, self.scope(record), default_match=default_match)
        if isinstance(found, Group):
            return found
        raise Unreadable(f"{self.sequence.name}: {'; '.join(map(str, found))}")

    def scope(self, record: str | None = None) -> Scope:
        """What its conditions may name; a bare field is one of ``record``, or of the sequence's."""
        return Scope(record or self.sequence.record, self.catalogue, self.steps, is_open=True)

    def of_stays(self, group: Group) -> Asked:
        """The group asked of enrollments. A bare field of an account is the one the stay came in through (2.15)."""
        used = tuple({c.field.step for c in group.conditions if not isinstance(c.field, Field)})
        dotted, bare = self._context(STAY, "contact_id", self._of_stay), None
        if self.sequence.record == "account":
            bare = replace(dotted, prefixes={**STAY, "account": "account__"})
        return Asked(self._joined(group, dotted, bare), used)

    def of_people(self, group: Group, paths: Paths, record: str | None = None) -> Q:
        """The group asked of contacts or opportunities that are not inside: nothing was sent to them (2.30)."""
        contact_id = "pk" if paths["contact"] == "" else "contact_id"
        context = self._context(paths, contact_id, _of_nobody)
        return compile_group(group, replace(context, record=record or self.sequence.record))

    def _context(self, paths: Paths, contact_id: str, step: Any) -> Context:
        return Context(
            prefixes=paths,
            record=self.sequence.record,
            today=self.today,
            zone=self.sequence.timezone,
            me=self.sequence.owner_id,
            membership=lambda op, name: membership(op, name, contact_id),
            step=step,
        )

    def _joined(self, group: Group, dotted: Context, bare: Context | None) -> Q:
        if bare is None:
            return compile_group(group, dotted)
        parts = [
            compile_group(Group(group.match, some), context)
            for some, context in ((_named(group, True), dotted), (_named(group, False), bare))
            if some
        ]
        if len(parts) < 2:
            return parts[0] if parts else Q()
        return parts[0] & parts[1] if group.match == "all" else parts[0] | parts[1]

    def _of_stay(self, key: str, mark: str, op: str, value: Any) -> Q:
        did = self.aliases[key]
        if mark == "outcome":
            outcomes = [Folded(Value(text)) for text in (value if op == "in" else (value,))]
            return Q(In(Folded(F(f"{did}__outcome")), outcomes))
        sent = Q((f"{did}__sent_at__isnull", False))
        if mark == "sent":
            return sent if value else Q((f"{did}__sent_at__isnull", True))
        return sent & Q((f"{did}__{MARKS[mark]}__isnull", not value))


def with_steps(queryset: QuerySet, keys: Iterable[str], aliases: Mapping[str, str]) -> QuerySet:
    """Stays, each with its step run of each of these steps: at most one, by the unique key."""
    joins = {
        aliases[key]: FilteredRelation("step_runs", condition=Q(step_runs__key=key))
        for key in sorted(set(keys))
    }
    return queryset.annotate(**joins) if joins else queryset


def membership(op: str, name: str, contact_id: str) -> Q:
    """The field ``sequence`` (semantics 2.17). Of a sequence that does not exist nobody is a member."""
    sequence = Sequence.objects.filter(name_norm=Lowered(Value(name))).values_list("pk", flat=True).first()
    stays = Enrollment.objects.filter(sequence=sequence, contact=OuterRef(contact_id))
    if op in ("in", "not_in"):
        stays = stays.filter(state__in=INSIDE)
    elif op == "was_in":
        stays = stays.filter(state=Enrollment.EXITED)
    if sequence is None:
        return NEVER if op in ("in", "was_in") else ALWAYS
    return Q(Exists(stays)) if op in ("in", "was_in") else ~Q(Exists(stays))


def membership_at(contact_id: str | None) -> Membership:
    """The same for lists of records, whose contact's id stands at a path; without a contact nobody is a member."""

    def asked(op: str, name: str) -> Q:
        if contact_id is None:
            return NEVER if op in ("in", "was_in") else ALWAYS
        return membership(op, name, contact_id)

    return asked


def _of_nobody(key: str, mark: str, op: str, value: Any) -> Q:
    return ALWAYS if mark == "sent" and not value else NEVER


def _named(group: Group, dotted: bool) -> tuple[Condition, ...]:
    """Those that name their record, or those that do not. A step's or a membership's does not matter."""
    return tuple(c for c in group.conditions if ("." in c.name) is dotted)
