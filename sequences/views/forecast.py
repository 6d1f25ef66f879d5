"""The forecast of a sequence: asked for, watched, read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience.views.lookup import contacts_seen
from sequences import checking
from sequences.forecast import jobs
from sequences.forecast.living import MOST_DAYS
from sequences.models import Sequence
from sequences.reading.adding import contacts_named
from sequences.reading.audience import first_of
from sequences.reading.material import Material
from sequences.reading.trees import all_called
from sequences.views.access import changed_by
from tenants.access import MemberRequest, requires

OVER = 286
"""The status that ends the asking of a page (htmx)."""


class ForecastForm(forms.Form):
    """How far, and for whom besides."""

    days = forms.TypedChoiceField(
        label="How far", coerce=int, choices=[(n, f"{n} days") for n in (14, 30, 60, MOST_DAYS)], initial=30
    )
    contact = forms.CharField(
        label="The calendar of",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"placeholder": "The first inside, or who matches", "autocomplete": "off"}
        ),
    )


@require_http_methods(["GET", "POST"])
@requires("sequence.view")
def forecast(request: MemberRequest, pk: int) -> HttpResponse:
    """By POST have one made; with ``run`` in the address its progress, then what it came to."""
    sequence = changed_by(request, pk)
    here = f"/sequences/{sequence.pk}/forecast/"
    token = request.GET.get("run", "")
    if request.method == "POST" and "cancel" in request.POST:
        jobs.cancel(sequence.pk, token)
        return HttpResponseRedirect(here)
    form = ForecastForm(request.POST if request.method == "POST" else None)
    faults = _faults(sequence)
    if request.method == "POST" and form.is_valid() and not faults:
        named = form.cleaned_data["contact"].strip()
        chosen = _contact(request, sequence, named)
        if chosen or not named:
            token = jobs.ask(sequence, days=form.cleaned_data["days"], contact_id=chosen, now=now())
            return HttpResponseRedirect(f"{here}?run={token}")
        form.add_error("contact", "No contact begins so.")
    return _shown(request, sequence, token, {"form": form, "faults": faults, "here": here, "run": token})


def _shown(request: MemberRequest, sequence: Sequence, token: str, context: dict[str, Any]) -> HttpResponse:
    job = jobs.job_of(sequence.pk, token)
    if job is not None and job.is_lost(now()):
        job = jobs.job_of(sequence.pk, token)  # it may have ended between the two looks
    material = Material(sequence, request.member, sequence.plan)
    context |= {"sequence": sequence, "material": material, "job": job, "found": job and job.forecast}
    context["called"] = all_called(material)
    context |= {"is_lost": job is not None and job.is_lost(now()), "now": now()}
    context["contact"] = (
        contacts_seen(request).filter(pk=job.contact_id).first() if job and job.contact_id else None
    )
    if token and job is None:
        messages.info(request, "That forecast is no longer kept: make it anew.")
        return HttpResponseRedirect(str(context["here"]))
    if not request.htmx:
        return render(
            request, "sequences/forecast.html", context, status=422 if context["form"].errors else 200
        )
    is_over = job is None or job.is_over or context["is_lost"]
    return render(request, "sequences/_forecast.html", context, status=OVER if is_over else 200)


def _faults(sequence: Sequence) -> list[str]:
    """Why nothing can be foretold."""
    if sequence.status != "draft":
        return []
    return [finding.message for finding in checking.faults_of(sequence)]


def _contact(request: MemberRequest, sequence: Sequence, asked: str) -> int | None:
    """Whose calendar is shown: who is named, else somebody to show the sequence by."""
    seen = contacts_seen(request)
    if asked:
        return contacts_named(asked).filter(pk__in=seen.values("pk")).values_list("pk", flat=True).first()
    found = first_of(sequence, seen, now=now())
    return found.pk if found else None
