"""Pages of a list by keys, in the order of a column: where a page ends is a row, wherever its value stands then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value

from audience.lists import Slice, slice_of


class Row(Func):
    """SQL: (column, id) as one value. Compared so, a page begins in an index where the one before it ended."""

    template = "(%(expressions)s)"
    output_field = TextField()


@dataclass(frozen=True)
class Order:
    """By a stored column, rows without a value last.

    Of equal values the oldest first, or descending the newest first: so an index of column and id is in this order,
    read forwards or backwards, however many rows share a value.
    """

    column: str
    is_descending: bool = False

    def later(self, value: Any, pk: int) -> Q:
        """What comes after a row with this value, among those with one."""
        return self._beyond(value, pk, " < " if self.is_descending else " > ")

    def earlier(self, value: Any, pk: int) -> Q:
        return self._beyond(value, pk, " > " if self.is_descending else " < ")

    def _beyond(self, value: Any, pk: int, sign: str) -> Q:
        row, edge = Row(F(self.column), F("pk")), Row(Value(value), Value(pk))
        return Q(Func(row, edge, template="%(expressions)s", arg_joiner=sign, output_field=BooleanField()))

    @property
    def by(self) -> tuple[Any, str]:
        """What the rows with a value are ordered by."""
        column = F(self.column)
        return (column.desc(), "-pk") if self.is_descending else (column.asc(), "pk")

    @property
    def backwards(self) -> tuple[Any, str]:
        column = F(self.column)
        return (column.asc(), "pk") if self.is_descending else (column.desc(), "-pk")


def page_of(
    records: QuerySet[Any], order: Order | None, *, before: int | None, after: int | None, size: int = 50
) -> Slice:
    """The page after the row ``before`` or before the row ``after``, in an order; without either the first one.

    The names are those of the plain list (audience.lists), whose pages go from new to old. A row that is gone leads to
    the first page.
    """
    if order is None:
        return slice_of(records, before=before, after=after, size=size)
    key = before if before is not None else after
    edge = (
        None
        if key is None
        else records.model.objects.filter(pk=key).values_list(order.column, flat=True).first()
    )
    if key is None or (edge is None and not records.model.objects.filter(pk=key).exists()):
        rows = _following(records, order, None, None, size + 1)
        return _slice(rows[:size], has_later=len(rows) > size, has_earlier=False)
    if before is not None:
        rows = _following(records, order, edge, key, size + 1)
        return _slice(rows[:size], has_later=len(rows) > size, has_earlier=True)
    rows = _preceding(records, order, edge, key, size + 1)
    return _slice(rows[:size][::-1], has_later=True, has_earlier=len(rows) > size)


def _slice(rows: list[Any], *, has_later: bool, has_earlier: bool) -> Slice:
    return Slice(
        rows,
        older=rows[-1].pk if rows and has_later else None,
        newer=rows[0].pk if rows and has_earlier else None,
    )


def _following(records: QuerySet[Any], order: Order, value: Any, pk: int | None, count: int) -> list[Any]:
    """From a place onward: first the rows with a value, then those without, each part by its own index."""
    filled = records.filter(**{f"{order.column}__isnull": False})
    blank = records.filter(**{f"{order.column}__isnull": True}).order_by("-pk")
    rows: list[Any] = []
    if pk is None or value is not None:
        if pk is not None:
            filled = filled.filter(order.later(value, pk))
        rows = list(filled.order_by(*order.by)[:count])
    elif pk is not None:
        blank = blank.filter(pk__lt=pk)
    return rows + list(blank[: count - len(rows)]) if len(rows) < count else rows


def _preceding(records: QuerySet[Any], order: Order, value: Any, pk: int, count: int) -> list[Any]:
    """The same backwards: nearest first."""
    filled = records.filter(**{f"{order.column}__isnull": False})
    rows: list[Any] = []
    if value is None:
        blank = records.filter(**{f"{order.column}__isnull": True}, pk__gt=pk)
        rows = list(blank.order_by("pk")[:count])
    else:
        filled = filled.filter(order.earlier(value, pk))
    return rows + list(filled.order_by(*order.backwards)[: count - len(rows)]) if len(rows) < count else rows
