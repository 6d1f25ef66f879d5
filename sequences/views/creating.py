"""Beginning a sequence: from nothing, or as a copy of another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from sequences.commands.editing import clone_sequence, create_sequence
from sequences.forms import KIND_HINTS, RECORD_HINTS, NewForm
from sequences.models import Sequence
from sequences.reading.listing import quota_of
from sequences.refusals import Refused
from sequences.views.access import action
from tenants.access import MemberRequest, requires


@require_http_methods(["GET", "POST"])
@requires("sequence.create")
def new(request: MemberRequest) -> HttpResponse:
    """Name, description and record; the rest is edited on the sequence's own page."""
    form = NewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sequence = create_sequence(by=request.member, now=now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            return HttpResponseRedirect(f"/sequences/{sequence.pk}/edit/")
    status = 422 if form.errors else 200
    context = {
        "form": form,
        "hints": RECORD_HINTS,
        "kind_hints": KIND_HINTS,
        "quota": quota_of(request.member),
    }
    return render(request, "sequences/new.html", context, status=status)


@action("sequence.view")
def clone(request: MemberRequest, sequence: Sequence) -> str:
    """A draft of one's own with the same settings and steps (F-09)."""
    made = clone_sequence(sequence=sequence, by=request.member, now=now())
    messages.success(request, f"{made.name} is a draft of yours. Nobody is inside.")
    lost = sequence.plan.steps.exclude(template=None).count() - made.plan.steps.exclude(template=None).count()
    if lost:
        steps = "1 step had a personal template" if lost == 1 else f"{lost} steps had personal templates"
        messages.warning(request, f"{steps} of somebody else: choose your own.")
    return f"/sequences/{made.pk}/edit/"
