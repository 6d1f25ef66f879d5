"""A page of the people of a sequence, and how many there are.

Whom it shows is found by ids alone, together with how many there are: a search or filter that has to look at many for a
few is asked once. Of those it finds often, the first are found again at once, in their order. A name that is frequent
in a large sequence fills its page with the newest; how many more have it is not worth a look at everybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet, Subquery

from audience.columns import NAMING
from audience.fields import ACCOUNT, CONTACT
from audience.lists import MOST_COUNTED, count_of
from sequences.engine.sql import compiled, rows
from sequences.models import Enrollment
from sequences.reading.people import PAGE

NEWEST = 5_000
"""Among so many a page of a search is looked for first: few enough to look each of them up."""
USERS = ("contact__owner__user", "added_by__user")
SHOWN = (
    *(field.name for field in Enrollment._meta.concrete_fields),
    *(f"contact__{name}" for name in ("owner", "account", *NAMING[CONTACT])),
    *(f"contact__account__{name}" for name in NAMING[ACCOUNT]),
    *(f"{path}__{name}" for path in USERS for name in ("name", "email")),
    *(f"{path}_id" for path in USERS),
)
"""All of a stay; of its contact, whose row has some 150 columns, only what names it."""


@dataclass(frozen=True)
class Page:
    """``stays`` of one page, newest first. ``total`` are asked for in all, or with ``is_more`` at least so many."""

    stays: list[Enrollment]
    has_more: bool
    total: int
    is_more: bool

    @property
    def last(self) -> int | None:
        """After whom the next page begins."""
        return self.stays[-1].pk if self.stays else None


def page_of(
    found: QuerySet[Enrollment],
    before: int | None,
    *,
    among: QuerySet[Enrollment] | None = None,
    size: int = PAGE,
) -> Page:
    """The stays after a place in the list (keyset: ids below ``before``); without one the first.

    ``among``: all the stays in which those who are asked for are searched by a text.
    """
    page = found if before is None else found.filter(pk__lt=before)
    ids = _newest(page, among, before, size) if among is not None else []
    if ids:
        return Page(_whole(ids[:size]), True, size, True)
    total, ids = _counted(found, size + 1) if before is None else (count_of(found, MOST_COUNTED), [])
    if before is not None or total > MOST_COUNTED:
        ids = list(page.values_list("pk", flat=True)[: size + 1])
    return Page(_whole(ids[:size]), len(ids) > size, min(total, MOST_COUNTED), total > MOST_COUNTED)


def _newest(
    page: QuerySet[Enrollment], among: QuerySet[Enrollment], before: int | None, size: int
) -> list[int]:
    """The first ids of a page and one more, if the newest of many stays have so many; else none."""
    beside = among if before is None else among.filter(pk__lt=before)
    edge = Subquery(beside.order_by("-pk").values("pk")[NEWEST : NEWEST + 1])
    ids = list(page.filter(pk__gt=edge).values_list("pk", flat=True)[: size + 1])
    return ids if len(ids) > size else []


def _whole(ids: list[int]) -> list[Enrollment]:
    """The stays with these ids and all that the page names."""
    if not ids:
        return []
    shown = Enrollment.objects.filter(pk__in=ids).order_by("-pk")
    return list(shown.select_related("contact__account", *USERS).only(*SHOWN))


def _counted(found: QuerySet[Enrollment], size: int) -> tuple[int, list[int]]:
    """How many there are, and the first ids, where not more are there than are counted."""
    sql, params = compiled(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    ((total, ids),) = rows(
        f"SELECT count(*), (array_agg(id ORDER BY id DESC))[1:{size}] FROM ({sql}) found (id)", params
    )
    return total, ids or []
