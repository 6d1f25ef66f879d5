"""What the views of records share: who may see which, keys of a query, addresses of panels of upper floors."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse

from audience.fields import ACCOUNT, CONTACT, OPPORTUNITY
from audience.models import Account, Contact, Opportunity
from tenants.access import MemberRequest
from tenants.policy import visible


def contacts_seen(request: MemberRequest) -> QuerySet[Contact]:
    """The contacts that the member may see."""
    return visible(request.member, "record.view", Contact.objects.select_related("account", "owner__user"))


def companies_seen(request: MemberRequest) -> QuerySet[Account]:
    """The companies that the member may see."""
    return visible(request.member, "record.view", Account.objects.select_related("owner__user"))


def opportunities_seen(request: MemberRequest) -> QuerySet[Opportunity]:
    """The opportunities that the member may see."""
    rows = Opportunity.objects.select_related("contact", "account", "owner__user")
    return visible(request.member, "record.view", rows)


def records_seen(request: MemberRequest, kind: str) -> QuerySet[Any]:
    """The records of a kind that the member may see."""
    return {CONTACT: contacts_seen, ACCOUNT: companies_seen, OPPORTUNITY: opportunities_seen}[kind](request)


def seen(records: QuerySet[Any], pk: int) -> Any:
    """The record, if it is among those; else 404, as if there were none."""
    return get_object_or_404(records, pk=pk)


def key(query: QueryDict, name: str) -> int | None:
    """A number of the query, None where it is none."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def text_of(query: QueryDict, name: str) -> str:
    """A text of the query as it can be asked for."""
    return query.get(name, "").replace("\x00", "").strip()


def address(name: str, *args: Any) -> str | None:
    """The address of a panel of an upper floor; None where that floor has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def inside(path: str) -> str:
    """The path, if it is one of this site; else nothing."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""
