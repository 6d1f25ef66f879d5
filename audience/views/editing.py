"""Making and changing a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience import commands
from audience.conditions.values import Refused
from audience.fields import OPPORTUNITY
from audience.forms import RecordForm
from audience.kinds import KINDS
from audience.models import Contact
from audience.records import Record
from audience.views.lookup import companies_seen, contacts_seen, key, records_seen, seen
from tenants.access import MemberRequest, requires
from tenants.policy import require


def creating(kind: str) -> Callable[..., HttpResponse]:
    """The view that makes a record of a kind."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires("record.edit")
    def new(request: MemberRequest) -> HttpResponse:
        form = RecordForm(kind, request.POST or None, member=request.member)
        if kind == OPPORTUNITY:
            _begin_with(request, form)
        if form.is_valid():
            made = _attempt(form, lambda: _create(request, form))
            if made is not None:
                messages.success(request, f"{made} is here.")
                return HttpResponseRedirect(reverse(KINDS[kind].page, args=[made.pk]))
        return _answer(request, form, None)

    return new


def changing(kind: str) -> Callable[..., HttpResponse]:
    """The view that changes a record of a kind."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires("record.edit")
    def edit(request: MemberRequest, pk: int) -> HttpResponse:
        record = seen(records_seen(request, kind), pk)
        require(request.member, "record.edit", record)
        form = RecordForm(kind, request.POST or None, record=record, member=request.member)
        if form.is_valid():
            saved = _attempt(form, lambda: _change(request, form, record))
            if saved is not None:
                return HttpResponseRedirect(reverse(KINDS[kind].page, args=[record.pk]))
        return _answer(request, form, record)

    return edit


def _begin_with(request: MemberRequest, form: RecordForm) -> None:
    """What the page of a contact asks for: an opportunity with them, at their company; or that of a company."""
    contact = contacts_seen(request).filter(pk=key(request.GET, "contact") or 0).first()
    company = companies_seen(request).filter(pk=key(request.GET, "account") or 0).first()
    if contact is not None:
        form.initial["contact"] = contact.email or contact.name
    form.initial["account"] = str(company or (contact and contact.account) or "")


@transaction.atomic
def _create(request: MemberRequest, form: RecordForm) -> Record:
    at = now()
    return commands.create_record(
        by=request.member,
        kind=form.kind,
        values=_placed(_at_their_company(form.changed_values), at),
        further=form.cleaned_data.get("further", ()),
        at=at,
    )


@transaction.atomic
def _change(request: MemberRequest, form: RecordForm, record: Record) -> Record:
    at = now()
    is_changed = "further" in form.changed_data and "further" not in form.untouched
    further = form.cleaned_data["further"] if is_changed else None
    commands.change_record(
        by=request.member, record=record, values=_placed(form.changed_values, at), further=further, at=at
    )
    if isinstance(record, Contact) and _is_shared(record):
        messages.warning(request, f"There is another contact with the address {record.email}.")
    messages.success(request, "Saved.")
    return record


def _at_their_company(values: dict[str, Any]) -> dict[str, Any]:
    """Of a new opportunity whose company is not said, that of its contact."""
    contact = values.get("contact")
    if isinstance(contact, Contact) and contact.account and "account" not in values:
        values["account"] = contact.account
    return values


def _placed(values: dict[str, Any], at: Any) -> dict[str, Any]:
    """The values, with the company that a name stands for."""
    if isinstance(values.get("account"), str):
        values["account"] = commands.company_named(values["account"], at=at)
    return values


def _is_shared(contact: Contact) -> bool:
    same = Contact.objects.filter(email_norm=contact.email_norm).exclude(pk=contact.pk)
    return contact.email_norm is not None and same.exists()


def _attempt(form: RecordForm, do: Callable[[], Record]) -> Record | None:
    """The record, or None with what was refused at the form."""
    try:
        return do()
    except Refused as refused:
        form.add_error(None, f"{refused}.")
        return None


def _answer(request: MemberRequest, form: RecordForm, record: Record | None) -> HttpResponse:
    kind = KINDS[form.kind]
    back = reverse(kind.page, args=[record.pk]) if record else reverse(kind.pages)
    context = {"form": form, "record": record, "kind": kind, "list": reverse(kind.pages), "back": back}
    return render(request, "audience/edit.html", context, status=422 if form.is_bound else 200)
