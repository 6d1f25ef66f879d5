"""The settings of fields: the tenant's own ones, made, changed, retired and brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audience import indexes, uses
from audience.catalogue import SLOTS, CannotMakeField, as_field, catalogue, choices_of, column_of
from audience.commands import fields as commands
from audience.conditions.types import FieldType
from audience.field_forms import RECORD_NAMES, TYPE_NAMES, FieldForm, LabelForm
from audience.fields import CONTACT, SEQUENCE, STANDARD
from audience.models import CustomField
from audience.views.value_lists import say_uses
from tenants.access import MemberRequest, requires


@require_GET
@requires("admin.manage")
def index(request: MemberRequest) -> HttpResponse:
    """The fields of a record: the tenant's own ones first, those of every workspace below."""
    record = request.GET.get("record", CONTACT)
    record = record if record in RECORD_NAMES else CONTACT
    own = list(CustomField.objects.order_by("label", "pk"))
    live = [field for field in own if field.retired_at is None]
    known = indexes.states(record)
    fields = [as_field(field) for field in live if field.record == record]
    columns = {field.key: field.column for field in live if field.record == record}
    shown = [field for field in STANDARD if field.record == record and field is not SEQUENCE]
    context = {
        "fast_states": {
            f.name: indexes.state_of(f, columns.get(f.key, f.key), known) for f in (*shown, *fields)
        },
        "record": record,
        "records": RECORD_NAMES,
        "counts": {name: sum(field.record == name for field in live) for name in RECORD_NAMES},
        "own": [field for field in live if field.record == record],
        "retired": [field for field in own if field.retired_at and field.record == record],
        "standard": shown,
        "types": TYPE_NAMES | {FieldType.USER: "Member", FieldType.REFERENCE: "Record"},
    }
    return render(request, "audience/fields.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def new(request: MemberRequest) -> HttpResponse:
    """Add a field."""
    record = request.GET.get("record", CONTACT)
    form = FieldForm(request.POST if request.method == "POST" else None, initial={"record": record})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        made = _attempt(
            form,
            lambda: commands.make_custom(
                by=request.member,
                record=given["record"],
                label=given["label"],
                type_=FieldType(given["type"]),
                choices=given["choices"],
                at=now(),
            ),
        )
        if made:
            messages.success(request, f"{made.label} is a field now.")
            return HttpResponseRedirect(f"{reverse('fields')}?record={made.record}")
    context = {"form": form, "field": None, "record": record}
    return render(request, "audience/field.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """One field: its name and values, where it stands, and retiring it."""
    field = get_object_or_404(CustomField, pk=pk)
    initial = {"label": field.label, "choices": choices_of(as_field(field))}
    form = LabelForm(field.type, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        saved = _attempt(
            form,
            lambda: commands.change_custom(
                by=request.member, field=field, label=given["label"], choices=given.get("choices"), at=now()
            ),
        )
        if saved is not False:
            messages.success(request, f"{field.label} is saved.")
            say_uses(request, saved, [as_field(field).name])
            return HttpResponseRedirect(f"{reverse('fields')}?record={field.record}")
        field.refresh_from_db()
    context = {
        "form": form,
        "field": field,
        "record": field.record,
        "type_name": TYPE_NAMES[FieldType(field.type)],
        "uses": uses.of_field(as_field(field)),
    }
    return render(request, "audience/field.html", context, status=422 if form.errors else 200)


@require_POST
@requires("admin.manage")
def retire(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a field out of use, unless something uses it."""
    field = get_object_or_404(CustomField, pk=pk, retired_at=None)
    try:
        commands.retire(by=request.member, field=field, at=now())
    except commands.FieldInUse as refused:
        messages.error(request, f"{field.label} stays. {refused}")
        return HttpResponseRedirect(reverse("field", args=[pk]))
    messages.success(request, f"{field.label} is retired; its values are kept.")
    return HttpResponseRedirect(f"{reverse('fields')}?record={field.record}")


@require_POST
@requires("admin.manage")
def bring_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Use a retired field again."""
    field = get_object_or_404(CustomField, pk=pk, retired_at__isnull=False)
    try:
        commands.bring_back(by=request.member, field=field, at=now())
    except CannotMakeField as refused:
        messages.error(request, f"{field.label} stays retired. {refused}")
    else:
        messages.success(request, f"{field.label} is back, with the values it had.")
    return HttpResponseRedirect(f"{reverse('fields')}?record={field.record}")


@require_POST
@requires("admin.manage")
def index_on_demand(request: MemberRequest) -> HttpResponse:
    """Have an index of a field built, so that filters by it stay fast however many records there are."""
    record, _, key = request.POST.get("field", "").partition(".")
    field = catalogue().get(record, key)
    if field is None or indexes.state_of(field, column_of(field), {}) != indexes.NONE:
        raise Http404
    try:
        commands.ask_for_index(by=request.member, field=field, at=now())
    except indexes.TooMany as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"The index of {field.label} is being built. Nothing waits for it.")
    return HttpResponseRedirect(f"{reverse('fields')}?record={record}")


def _attempt(form: Any, do: Callable[[], Any]) -> Any:
    """What was made, or False with what was refused at the form."""
    try:
        return do()
    except CannotMakeField as refused:
        said = str(refused)
        form.add_error("label", f"{said[:1].upper()}{said[1:].rstrip('.')}.")
        return False


assert set(TYPE_NAMES) == {*SLOTS, FieldType.TAGS}
