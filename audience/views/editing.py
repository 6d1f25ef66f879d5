"""Making and changing a contact or company."""

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
from audience.fields import ACCOUNT, CONTACT
from audience.forms import RecordForm
from audience.models import Contact
from audience.records import Record
from audience.views.lookup import companies_seen, contacts_seen, seen
from tenants.access import MemberRequest, requires
from tenants.policy import require

NAMES = {CONTACT: "contact", ACCOUNT: "company"}


def creating(kind: str) -> Callable[..., HttpResponse]:
    """The view that makes a record of a kind."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires("record.edit")
    def new(request: MemberRequest) -> HttpResponse:
        form = RecordForm(kind, request.POST or None, member=request.member)
        if form.is_valid():
            made = _attempt(form, lambda: _create(request, form))
            if made is not None:
                messages.success(request, f"{made} is here.")
                return HttpResponseRedirect(reverse(NAMES[kind], args=[made.pk]))
        return _answer(request, form, None)

    return new


def changing(kind: str) -> Callable[..., HttpResponse]:
    """The view that changes a record of a kind."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @requires("record.edit")
    def edit(request: MemberRequest, pk: int) -> HttpResponse:
        record = seen(contacts_seen(request) if kind == CONTACT else companies_seen(request), pk)
        require(request.member, "record.edit", record)
        form = RecordForm(kind, request.POST or None, record=record, member=request.member)
        if form.is_valid():
            saved = _attempt(form, lambda: _change(request, form, record))
            if saved is not None:
                return HttpResponseRedirect(reverse(NAMES[kind], args=[record.pk]))
        return _answer(request, form, record)

    return edit


@transaction.atomic
def _create(request: MemberRequest, form: RecordForm) -> Record:
    at = now()
    return commands.create_record(
        by=request.member,
        kind=form.kind,
        values=_placed(form.changed_values, at),
        further=form.cleaned_data.get("further", ()),
        at=at,
    )


@transaction.atomic
def _change(request: MemberRequest, form: RecordForm, record: Record) -> Record:
    at = now()
    further = form.cleaned_data["further"] if "further" in form.changed_data else None
    commands.change_record(
        by=request.member, record=record, values=_placed(form.changed_values, at), further=further, at=at
    )
    if isinstance(record, Contact) and _is_shared(record):
        messages.warning(request, f"There is another contact with the address {record.email}.")
    messages.success(request, "Saved.")
    return record


def _placed(values: dict[str, Any], at: Any) -> dict[str, Any]:
    """The values, with the company that a name stands for."""
    if "account" in values:
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
    list_name = "contacts" if form.kind == CONTACT else "companies"
    back = reverse(NAMES[form.kind], args=[record.pk]) if record else reverse(list_name)
    context = {"form": form, "record": record, "kind": form.kind, "list": reverse(list_name), "back": back}
    return render(request, "audience/edit.html", context, status=422 if form.is_bound else 200)
