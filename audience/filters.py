"""The quick filters of lists, beside the conditions: each is a parameter of the address.

They look things up by their indexes behind the wall; django-filter's own text lookups (LIKE) would not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet

from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY
from audience.kinds import KINDS, Kind
from audience.lists import companies_named, deals_named, named
from audience.models import Account, Contact, Opportunity
from audience.records import folded, kind_of
from tenants.models import Member

NOBODY = "none"


class RecordFilter(django_filters.FilterSet):
    """What all records have in common: a search by names, and an owner, by their id, or nobody."""

    q = django_filters.CharFilter(method="searched")
    owner = django_filters.CharFilter(method="owned")

    def owned(self, records: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NOBODY:
            return records.filter(owner=None)
        is_key = value.isascii() and value.isdigit() and len(value) < 19
        return records.filter(owner=int(value)) if is_key else records


class StagedFilter(RecordFilter):
    """Records that stand in a stage."""

    stage = django_filters.CharFilter(method="staged")

    def staged(self, records: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return records.filter(**{f"{KINDS[kind_of(records.model)].stage}_norm": folded(value)})


class ContactFilter(StagedFilter):
    """Contacts by the beginnings of names."""

    class Meta:
        model = Contact
        fields: tuple[str, ...] = ()

    def searched(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return named(contacts, value)


class CompanyFilter(RecordFilter):
    """Companies by the beginning of their name."""

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def searched(self, companies: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        return companies_named(companies, value)


class OpportunityFilter(StagedFilter):
    """Opportunities by the beginning of their name or company."""

    class Meta:
        model = Opportunity
        fields: tuple[str, ...] = ()

    def searched(self, deals: QuerySet[Opportunity], name: str, value: str) -> QuerySet[Opportunity]:
        return deals_named(deals, value)


FILTERS: dict[str, type[RecordFilter]] = {
    CONTACT: ContactFilter,
    ACCOUNT: CompanyFilter,
    OPPORTUNITY: OpportunityFilter,
}
"""The quick filters of the list of each record."""


def as_conditions(kind: Kind, asked: Callable[[str], str]) -> list[dict[str, Any]]:
    """The quick filters that conditions can say, too, as those: the stage and the owner."""
    found: list[dict[str, Any]] = []
    if kind.stage and (stage := asked("stage")):
        found.append({"field": kind.stage, "op": "is", "value": stage})
    owner = asked("owner")
    if owner == NOBODY:
        found.append({"field": "owner", "op": "empty"})
    elif owner.isdigit():
        member = Member.objects.select_related("user").filter(pk=int(owner[:18])).first()
        found += [{"field": "owner", "op": "is", "value": member.email}] if member else []
    return found
