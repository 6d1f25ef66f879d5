"""The quick filters of lists, beside the conditions: each is a parameter of the address.

They look things up by their indexes behind the wall; django-filter's own text lookups (LIKE) would not.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from audience.fields import ACCOUNT, CONTACT
from audience.lists import companies_named, named
from audience.models import Account, Contact
from audience.records import folded

NOBODY = "none"


class RecordFilter(django_filters.FilterSet):
    """What contacts and companies have in common: an owner, by their id, or nobody."""

    owner = django_filters.CharFilter(method="owned")

    def owned(self, records: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NOBODY:
            return records.filter(owner=None)
        is_key = value.isascii() and value.isdigit() and len(value) < 19
        return records.filter(owner=int(value)) if is_key else records


class ContactFilter(RecordFilter):
    """Contacts by the beginnings of names, by stage and by owner."""

    q = django_filters.CharFilter(method="searched")
    stage = django_filters.CharFilter(method="staged")

    class Meta:
        model = Contact
        fields: tuple[str, ...] = ()

    def searched(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return named(contacts, value)

    def staged(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.filter(lifecycle_stage_norm=folded(value))


class CompanyFilter(RecordFilter):
    """Companies by the beginning of their name and by owner."""

    q = django_filters.CharFilter(method="searched")

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def searched(self, companies: QuerySet[Account], name: str, value: str) -> QuerySet[Account]:
        return companies_named(companies, value)


FILTERS: dict[str, type[RecordFilter]] = {CONTACT: ContactFilter, ACCOUNT: CompanyFilter}
"""The quick filters of the list of each record."""
