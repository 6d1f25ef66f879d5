"""Writing down what happened with a contact."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from activities.logged import INCOMING, LONGEST_NOTE, log, loggable
from audience.views.lookup import contacts_seen, seen
from tenants.access import MemberRequest, requires

SLACK = timedelta(minutes=1)
"""A clock beside ours may go ahead of it, and a minute is what the control sends."""


class LogForm(forms.Form):
    """What happened and when."""

    what = forms.ChoiceField()
    at = forms.DateTimeField(
        label="When", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(
        required=False, max_length=LONGEST_NOTE, strip=True, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, data: object = None, *, at: datetime) -> None:
        super().__init__(data, initial={"at": at})  # type: ignore[arg-type]
        self.now = at
        self.ways = {f"{type_}/{INCOMING}" if way else type_: (type_, way) for type_, way in loggable()}
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (key, f"{type_}, incoming" if way else type_) for key, (type_, way) in self.ways.items()
        ]

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > self.now + SLACK:
            raise forms.ValidationError("This is still to come.")
        return min(at, self.now)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("reminder.work")
def log_activity(request: MemberRequest, pk: int) -> HttpResponse:
    """Write down a call, a lunch, a chat with the contact."""
    contact = seen(contacts_seen(request), pk)
    form = LogForm(request.POST if request.method == "POST" else None, at=now())
    if form.is_bound and form.is_valid():
        type_, is_incoming = form.ways[form.cleaned_data["what"]]
        log(
            by=request.member,
            contact=contact,
            type_=type_,
            at=form.cleaned_data["at"],
            is_incoming=is_incoming,
            note=form.cleaned_data["note"],
        )
        messages.success(request, f"{type_} is written down.")
        return HttpResponseRedirect(reverse("contact", args=[pk]))
    return render(
        request, "records/log.html", {"contact": contact, "form": form}, status=422 if form.is_bound else 200
    )
