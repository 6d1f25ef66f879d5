"""Records as lists: who matches conditions, who is searched for by name, in which order pages follow each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Value

from audience.conditions.compile import Context, Folded, Membership, StartsWith, compile_group
from audience.conditions.parse import Group
from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY
from audience.models import Account, Contact, Opportunity
from audience.records import MODELS

PREFIXES: dict[str, Mapping[str, str | None]] = {
    CONTACT: {CONTACT: "", ACCOUNT: "account__", OPPORTUNITY: None},
    ACCOUNT: {CONTACT: None, ACCOUNT: "", OPPORTUNITY: None},
    OPPORTUNITY: {CONTACT: "contact__", ACCOUNT: "contact__account__", OPPORTUNITY: ""},
}
"""The ORM paths to each record from a list of one of them. What a record of the list does not have is missing."""

CONTACT_ID = {CONTACT: "pk", ACCOUNT: None, OPPORTUNITY: "contact_id"}
EXAMPLES = 10
MOST_COUNTED = 10_000
MOST_WORDS = 4
MOST_COMPANIES = 500

#: Set by the floor above (sequences.apps): what ``sequence`` asks, of contacts whose id stands at a path.
membership_of: Callable[[str | None], Membership] | None = None


def context_for(record: str, *, today: date, zone: ZoneInfo, me: int | None = None) -> Context:
    """The context of a list of records of one kind."""
    membership = membership_of(CONTACT_ID[record]) if membership_of else None
    return Context(PREFIXES[record], today, zone, record=record, me=me, membership=membership)


def matching(record: str, group: Group, context: Context) -> QuerySet[Any]:
    """The records that match, oldest first. A group without conditions is everyone (semantics 2.9, of views)."""
    return MODELS[record].objects.filter(compile_group(group, context)).order_by("pk")


def count_of(records: QuerySet[Any], most: int | None = None) -> int:
    """How many there are; with ``most``, at most one more than that is counted."""
    return records.order_by().count() if most is None else records.order_by()[: most + 1].count()


def examples_of(records: QuerySet[Any], count: int = EXAMPLES) -> list[Any]:
    """The first records of a set, with what is shown beside their names."""
    related = {Contact: ("account", "owner__user"), Account: ("owner__user",)}.get(
        records.model, ("contact",)
    )
    return list(records.select_related(*related)[:count])


def named(contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Contacts of whom first name, last name, address or company begins with each word of ``text``, without case."""
    return contacts.filter(naming(text))


def naming(text: str, path: str = "") -> Q:
    """The same as a condition of a queryset that has the contact at ``path``."""
    found = Q()
    for word in text.split()[:MOST_WORDS]:
        companies = companies_named(Account.objects.all(), word).values_list("pk", flat=True)
        # The ids are fetched: a subquery in an OR would keep the other three from their indexes.
        one_of = Q((f"{path}account__in", list(companies[:MOST_COMPANIES])))
        for column in ("first_name_norm", "last_name_norm", "email_lowered"):
            one_of |= begins_with(f"{path}{column}", word)
        found &= one_of
    return found


def companies_named(accounts: QuerySet[Account], text: str) -> QuerySet[Account]:
    """Companies whose name begins with ``text``, without case."""
    return accounts.filter(begins_with("name_norm", text.strip())) if text.strip() else accounts


def deals_named(deals: QuerySet[Opportunity], text: str) -> QuerySet[Opportunity]:
    """Opportunities whose name, or whose company's, begins with ``text``, without case."""
    if not text.strip():
        return deals
    companies = companies_named(Account.objects.all(), text).values_list("pk", flat=True)
    in_company = Q(account__in=list(companies[:MOST_COMPANIES]))
    return deals.filter(begins_with("name_norm", text.strip()) | in_company)


def begins_with(column: str, text: str) -> Q:
    """Whether a lowered column begins with a text, by its index."""
    return Q(StartsWith(F(column), Folded(Value(text.replace("\x00", "")))))


@dataclass(frozen=True)
class Slice:
    """One page of a list by keys, newest first. ``older`` and ``newer`` are the keys that the pages beside it take."""

    rows: list[Any]
    older: int | None
    newer: int | None


def slice_of(records: QuerySet[Any], *, before: int | None, after: int | None, size: int = 50) -> Slice:
    """The page of records before (older than) or after (newer than) a key; without either the newest ones."""
    if after is not None:
        rows = list(records.filter(pk__gt=after).order_by("pk")[: size + 1])
        has_newer, rows = len(rows) > size, rows[:size][::-1]
        has_older = True
    else:
        found = records if before is None else records.filter(pk__lt=before)
        rows = list(found.order_by("-pk")[: size + 1])
        has_older, rows = len(rows) > size, rows[:size]
        has_newer = before is not None
    return Slice(
        rows,
        older=rows[-1].pk if rows and has_older else None,
        newer=rows[0].pk if rows and has_newer else None,
    )
