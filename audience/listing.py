"""A list as its address asks for it: a view, conditions, quick filters, order, columns. All of it is the query.

``view=ID`` opens a saved view, ``file=ID`` shows whom an import brought or found. ``cond-…`` are conditions (as
audience.conditions.form reads them), and stand for the view's where ``cond-match`` is there; ``sort`` and ``col``
likewise. ``filter=KEY`` stands for conditions that are too long for an address (audience.kept). The rest are the quick
filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404

from audience.columns import MOST_COLUMNS, Column, columns_of, narrowed
from audience.conditions.compile import compile_group
from audience.conditions.form import ConditionForm
from audience.conditions.lists import TenantLists, tenant_scope
from audience.conditions.parse import MOST_CONDITIONS
from audience.filters import FILTERS, as_conditions
from audience.indexes import in_order
from audience.kept import MARK, PREFIX, written_out
from audience.kinds import KINDS
from audience.lists import MOST_COUNTED, Slice, context_for, count_of
from audience.models import ImportJob, SavedView
from audience.ordering import Order, page_of
from audience.records import MODELS
from audience.saved import reachable_views
from audience.taken import taken_by
from tenants.localtime import local_date
from tenants.models import Member, Tenant
from tenants.policy import visible
from tenants.wall import current_id

ME = "Me"

#: Set by the floor above (sequences.apps): the names of all sequences, to pick from.
sequence_names: Callable[[], Iterable[str]] = tuple


class Listing:
    """The list of one kind of record that a member asks for by a query, at a moment.

    ``address`` is the query as it was asked, ``query`` the same with kept conditions written out. Raises kept.Gone.
    """

    def __init__(self, record: str, query: QueryDict, member: Member, *, at: datetime) -> None:
        self.record, self.address, self.member, self.at = record, query, member, at
        self.query = written_out(query, at=at)
        self.kind = KINDS[record]

    @cached_property
    def view(self) -> SavedView | None:
        """The saved view that is open. Raises Http404 for one that the member may not use, and that says all."""
        asked = self.query.get("view", "")
        if not asked:
            return None
        found = reachable_views(self.member).filter(record=self.record, pk=_number(asked)).first()
        if found is None and not self.has_own_conditions:
            raise Http404
        return found

    @cached_property
    def file(self) -> ImportJob | None:
        """The import whose records are asked for. Raises Http404 for one that the member may not see."""
        asked = self.query.get("file", "")
        if not asked:
            return None
        found = visible(self.member, "import.run", ImportJob.objects.filter(kind=self.record))
        return get_object_or_404(found, pk=_number(asked))

    @property
    def has_own_conditions(self) -> bool:
        """Whether the address has conditions of its own, besides or instead of a view's."""
        return any(key.startswith(f"{PREFIX}-") for key in self.query)

    @cached_property
    def builder(self) -> ConditionForm:
        """The conditions that hold, as they are built."""
        scope = tenant_scope(self.record, sequences=sequence_names() if self._asks_for_sequences else None)
        lists = TenantLists(sequence_names, me=ME)
        if self.view and not self.has_own_conditions:
            return ConditionForm.stored(
                scope, lists, self.view.conditions, match=self.view.match, prefix=PREFIX
            )
        return ConditionForm.posted(scope, lists, self.query, prefix=PREFIX)

    @property
    def _asks_for_sequences(self) -> bool:
        named = [value for values in self.query.lists() for value in values[1]]
        named += [str(row.get("field")) for row in (self.view.conditions if self.view else [])]
        return any(name in ("sequence", "contact.sequence") for name in named)

    @property
    def has_conditions(self) -> bool:
        return bool(self.builder.raw["conditions"])

    @property
    def english(self) -> str:
        """The conditions as a sentence."""
        return self.builder.english.replace("the owner of the sequence", "me")

    @cached_property
    def known(self) -> dict[str, Column]:
        return columns_of(self.record)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns that are shown: chosen in the address, else in the view, else the usual ones."""
        chosen = self.query.getlist("col") or (self.view.columns if self.view else [])
        names = [name for name in dict.fromkeys(chosen) if name in self.known]
        return names[:MOST_COLUMNS] or list(self.kind.usual)

    @property
    def is_chosen(self) -> bool:
        """Whether somebody chose these columns."""
        return self.column_names != list(self.kind.usual)

    @property
    def columns(self) -> list[Column]:
        return [self.known[name] for name in self.column_names if name in self.known]

    @property
    def sort(self) -> str:
        """The name of a column, with ``-`` the greatest first; empty: the newest first."""
        asked = self.query.get("sort") if "sort" in self.query else self.view.sort if self.view else ""
        return asked if asked and self._sorted_by(asked) else ""

    def _sorted_by(self, asked: str) -> str:
        name = asked.removeprefix("-")
        if name == "name":
            return self.kind.name_order
        return self.known[name].sort if name in self.known else ""

    @property
    def order(self) -> Order | None:
        if not self.sort or not self.is_sorted:
            return None
        return Order(self._sorted_by(self.sort), self.sort.startswith("-"))

    @property
    def is_sorted(self) -> bool:
        """Whether the list is given in the order that is asked for."""
        return not self.sort or self.may_sort(self.sort)

    def may_sort(self, name: str) -> bool:
        """Whether it can be sorted by a column.

        One of more than MOST_COUNTED needs an index for it: without one, each page would sort all of them.
        """
        column = self._sorted_by(name)
        return bool(column) and (column in self._in_order or not self.is_long)

    @cached_property
    def _in_order(self) -> set[str]:
        return in_order(self.record)

    @property
    def too_long_for(self) -> str:
        """What is said of a list that is not sorted as asked; empty where it is."""
        if self.is_sorted:
            return ""
        label = self.known[self.sort.removeprefix("-")].label.lower()
        return f"It is shown newest first. Filter it to {MOST_COUNTED:,} or fewer to sort it by {label}."

    @cached_property
    def counted(self) -> int:
        """How many there are; at most one more than MOST_COUNTED is counted."""
        return count_of(self.records, MOST_COUNTED)

    @property
    def count(self) -> int:
        return min(self.counted, MOST_COUNTED)

    @property
    def is_long(self) -> bool:
        return self.counted > MOST_COUNTED

    @cached_property
    def quick(self) -> Any:
        """The quick filters (django-filter)."""
        data = {name: str(value).replace("\x00", "").strip() for name, value in self.query.items()}
        return FILTERS[self.record](data, queryset=MODELS[self.record].objects.all())

    def asked(self, name: str) -> str:
        """The value of a quick filter."""
        return str(self.quick.data.get(name, ""))

    @property
    def is_filtered(self) -> bool:
        return bool(self.has_conditions or self.file or any(self.asked(name) for name in self.quick.filters))

    @property
    def is_changed(self) -> bool:
        """Whether the address asks for something else than the open view."""
        if self.view is None:
            return False
        stored = (
            self.view.match,
            self.view.conditions,
            self.view.columns or list(self.kind.usual),
            self.view.sort,
        )
        shown = (self.builder.raw["match"], self.builder.raw["conditions"], self.column_names, self.sort)
        is_alone = len(self.view.conditions) < 2
        return stored[is_alone:] != shown[is_alone:]

    def as_conditions(self) -> dict[str, Any]:
        """``match`` and ``conditions`` as a view keeps them; stage and owner become conditions where they fit in."""
        raw = self.builder.raw
        quick = as_conditions(self.kind, self.asked)
        is_any = raw["match"] == "any" and len(raw["conditions"]) > 1
        if is_any or len(raw["conditions"]) + len(quick) > MOST_CONDITIONS:
            return raw
        return {"match": "all" if quick else raw["match"], "conditions": [*raw["conditions"], *quick]}

    @property
    def not_kept(self) -> str:
        """What of the list a view cannot keep."""
        if self.asked("q"):
            return f"The search for “{self.asked('q')}” is not kept in the view."
        if self.file:
            return "That they came by this import is not kept in the view."
        quick = as_conditions(self.kind, self.asked)
        lost = len(self.as_conditions()["conditions"]) < len(self.builder.raw["conditions"]) + len(quick)
        return "The stage and owner chosen above the list are not kept in the view." if lost else ""

    @cached_property
    def records(self) -> QuerySet[Any]:
        """Those whom the member may see and the list asks for, in no order. Nobody while a condition is wrong."""
        found = visible(self.member, "record.view", self.quick.qs)
        if self.file:
            found = found.filter(taken_by(self.file))
        group = self.builder.group
        if group is None:
            return found.none()
        if not group.conditions:
            return found
        zone = Tenant.objects.values_list("timezone", flat=True).get(pk=current_id())
        today = local_date(self.at, zone)
        return found.filter(
            compile_group(group, context_for(self.record, today=today, zone=zone, me=self.member.pk))
        )

    def page(self, *, before: int | None, after: int | None, size: int = 50) -> Slice:
        """One page of it. A first page that is not full says how many there are."""
        shown = narrowed(self.records, self.columns)
        found = page_of(shown, self.order, before=before, after=after, size=size)
        if before is None and after is None and found.older is None:
            self.counted = len(found.rows)
        return found

    def redrawn(self) -> QueryDict:
        """The query after a button of the builder, whose rows it adds or removes, with the builder open."""
        query = self._written_out()
        query["panel"] = "filter"
        return query

    def pinned(self) -> str:
        """The address with the conditions of its view written out: it asks the same whatever becomes of the view."""
        return (self._written_out() if self.view else self.query).urlencode()

    def _written_out(self) -> QueryDict:
        query = QueryDict(mutable=True)
        for key, value in self.kept(f"{PREFIX}-"):
            query.appendlist(key, value)
        query[f"{PREFIX}-match"] = self.builder.match
        for n, row in enumerate(self.builder.typed):
            query[f"{PREFIX}-{n}-field"], query[f"{PREFIX}-{n}-op"] = row.field, row.op
            query.setlist(f"{PREFIX}-{n}-value", list(row.values))
        return query

    def kept(self, *but: str) -> list[tuple[str, str]]:
        """The address as pairs, without where a page begins and without these parameters (or all that begin so)."""
        out = ("before", "after", "panel", "up", *but, *([MARK] if f"{PREFIX}-" in but else []))
        return [
            (key, value)
            for key, values in self.address.lists()
            if not key.startswith(out)
            for value in values
        ]


def _number(text: str) -> int:
    """A key in an address; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
