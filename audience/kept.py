"""Conditions that are too long for an address: kept under a key that stands in their place, ``filter=KEY``.

Servers and proxies cut addresses at 8 KB or refuse them, and browsers send the address on with each request of its
page. The key is made of the content: the same conditions have the same address, for everyone of the workspace.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.http import Http404, QueryDict

from audience.models import KeptFilter

PREFIX = "cond"
"""The parameters of conditions begin so, with a hyphen behind."""

MARK = "filter"
LONGEST = 2_000
"""So many characters an address may have; this is what everything on the way takes."""

UNUSED = timedelta(days=90)
"""So long after its last use a filter is kept."""


class Gone(Http404):
    """The filter that an address names is not kept (any more)."""


def is_long(query: QueryDict) -> bool:
    """Whether its conditions make a query too long for an address."""
    return len(query.urlencode()) > LONGEST and bool(_conditions(query))


def short(query: QueryDict, *, at: datetime) -> str:
    """The query for an address: as it is, or with its conditions kept where they are too long."""
    if not is_long(query):
        return query.urlencode()
    asked, rest = QueryDict(mutable=True), query.copy()
    for name in _conditions(query):
        asked.setlist(name, rest.pop(name))
    text = asked.urlencode()
    key = rest[MARK] = hashlib.sha256(text.encode()).hexdigest()[:32]
    if not KeptFilter.objects.filter(key=key).exists():
        KeptFilter.objects.bulk_create(
            [KeptFilter(key=key, asked=text, used_on=_day(at))], ignore_conflicts=True
        )
    return rest.urlencode()


def written_out(query: QueryDict, *, at: datetime) -> QueryDict:
    """The query with the conditions that it names by their key; conditions of its own go first. Raises Gone."""
    key = query.get(MARK)
    if not key or _conditions(query):
        return query
    found = KeptFilter.objects.filter(key=key.replace("\x00", "")).first()
    if found is None:
        raise Gone("This filter is no longer kept.")
    if found.used_on < _day(at):
        KeptFilter.objects.filter(pk=found.pk).update(used_on=Greatest(F("used_on"), _day(at)))
    whole = query.copy()
    del whole[MARK]
    whole.update(QueryDict(found.asked))
    return whole


def sweep(*, now: datetime) -> int:
    """Throw away the filters of the tenant in use that nobody used for long; how many."""
    return KeptFilter.objects.filter(used_on__lt=_day(now - UNUSED)).delete()[0]


def _conditions(query: QueryDict) -> list[str]:
    return [name for name in query if name.startswith(f"{PREFIX}-")]


def _day(at: datetime) -> date:
    return at.date()
