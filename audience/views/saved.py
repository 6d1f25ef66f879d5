"""Saving what a list shows as a view, changing and deleting it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from audience.commands import views as commands
from audience.fields import CONTACT
from audience.kinds import KINDS
from audience.listing import Listing
from audience.models import SavedView
from audience.saved import may_change, reachable_views
from tenants.access import MemberRequest, requires


class ViewForm(forms.Form):
    """Name and sharing of a view."""

    name = forms.CharField(
        max_length=commands.LONGEST_NAME, error_messages={"required": "A view needs a name."}
    )
    is_shared = forms.BooleanField(
        label="Share with everyone", required=False, help_text="Others use it; only you change it."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("record.view")
def new(request: MemberRequest) -> HttpResponse:
    """Keep under a name what the list whose address this is (besides ``record``) shows."""
    record = request.GET.get("record", CONTACT)
    if record not in KINDS:
        raise Http404
    listing = Listing(record, request.GET, request.member, at=now())
    back = f"{reverse(KINDS[record].pages)}?{_query(listing)}"
    if listing.builder.group is None:
        messages.error(request, "Complete the conditions first.")
        return HttpResponseRedirect(back)
    form = ViewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = commands.save_view(
                by=request.member, record=record, asked=_asked(listing), at=now(), **form.cleaned_data
            )
        except commands.CannotSave as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{made.name}” is saved.")
            return HttpResponseRedirect(_path(made))
    context: dict[str, Any] = {"form": form, "view": None, "listing": listing, "back": back, "uses": []}
    return render(request, "audience/view.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("record.view")
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Rename and share a view; with ``filter``, the query of a list, keep what that shows."""
    view = _mine(request, pk)
    listing = Listing(
        view.record, QueryDict(request.POST.get("filter", f"view={pk}")), request.member, at=now()
    )
    initial = {"name": view.name, "is_shared": view.is_shared}
    given = request.POST.copy() if request.method == "POST" else None
    if given is not None and given.get("keep"):
        given["is_shared"] = "on" if view.is_shared else ""
    form = ViewForm(given, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            asked = _asked(listing) if request.POST.get("filter") and listing.builder.group else None
            commands.change_view(by=request.member, view=view, asked=asked, at=now(), **form.cleaned_data)
        except commands.CannotSave as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{view.name}” is saved.")
            return HttpResponseRedirect(_path(view))
        view.refresh_from_db()
    context = {
        "form": form,
        "view": view,
        "listing": listing,
        "back": _path(view),
        "uses": commands.used_by(view),
    }
    return render(request, "audience/view.html", context, status=422 if form.errors else 200)


@require_POST
@requires("record.view")
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a view, unless a sequence takes people from it."""
    view = _mine(request, pk)
    try:
        commands.delete_view(by=request.member, view=view, at=now())
    except commands.CannotSave as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("view", args=[pk]))
    messages.success(request, f"“{view.name}” is deleted. The records stay.")
    return HttpResponseRedirect(reverse(KINDS[view.record].pages))


def _mine(request: MemberRequest, pk: int) -> SavedView:
    """A view that the member may change: 404 where they may not see it, else 403."""
    view = get_object_or_404(reachable_views(request.member), pk=pk)
    if not may_change(request.member, view):
        raise PermissionDenied("Only its owner changes a view.")
    return view


def _asked(listing: Listing) -> dict[str, Any]:
    raw = listing.as_conditions()
    return {**raw, "columns": listing.column_names, "sort": listing.sort}


def _query(listing: Listing) -> str:
    query = QueryDict(mutable=True)
    for key, value in listing.kept("record"):
        query.appendlist(key, value)
    return query.urlencode()


def _path(view: SavedView) -> str:
    return f"{reverse(KINDS[view.record].pages)}?view={view.pk}"
