"""A page of the people of a sequence, and how many there are.

Whom it shows is found by ids alone, together with how many there are: a search or filter that has to look at many for a
few is asked once. Of those it finds often, the first are found again at once, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from audience.columns import NAMING
from audience.fields import ACCOUNT, CONTACT
from audience.lists import MOST_COUNTED, count_of
from sequences.engine.sql import compiled, rows
from sequences.models import Enrollment
from sequences.reading.people import PAGE

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
    """``stays`` of one page, newest first; of all that are asked for at most one more than MOST_COUNTED is counted."""

    stays: list[Enrollment]
    has_more: bool
    total: int

    @property
    def last(self) -> int | None:
        """After whom the next page begins."""
        return self.stays[-1].pk if self.stays else None


def page_of(found: QuerySet[Enrollment], before: int | None, size: int = PAGE) -> Page:
    """The stays after a place in the list (keyset: ids below ``before``); without one the first."""
    total, ids = _counted(found, size + 1) if before is None else (count_of(found, MOST_COUNTED), [])
    if before is not None or total > MOST_COUNTED:
        page = found if before is None else found.filter(pk__lt=before)
        ids = list(page.values_list("pk", flat=True)[: size + 1])
    shown = Enrollment.objects.filter(pk__in=ids[:size]).order_by("-pk")
    whole = shown.select_related("contact__account", *USERS).only(*SHOWN)
    return Page(list(whole) if ids else [], len(ids) > size, total)


def _counted(found: QuerySet[Enrollment], size: int) -> tuple[int, list[int]]:
    """How many there are, and the first ids, where not more are there than are counted."""
    sql, params = compiled(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    ((total, ids),) = rows(
        f"SELECT count(*), (array_agg(id ORDER BY id DESC))[1:{size}] FROM ({sql}) found (id)", params
    )
    return total, ids or []
