"""The settings of lists of values: stages, types of activities, outcomes of calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from audience import uses
from audience.catalogue import call_outcomes, values_of
from audience.commands.fields import set_values
from audience.field_forms import Lines
from audience.fields import ACTIVITY, ACTIVITY_TYPES, CONTACT, OPPORTUNITY
from tenants.access import MemberRequest, requires


@dataclass(frozen=True)
class ValueList:
    """A list that the workspace keeps: ``fixed`` values are always there, and are not typed."""

    slug: str
    title: str
    text: str
    record: str
    key: str
    fixed: tuple[str, ...] = ()
    is_needed: bool = False
    fields: tuple[str, ...] = ()
    """The names, in full, of the fields whose conditions ask for the values."""
    settings: tuple[str, ...] = ()
    """The settings of steps that have them."""

    @property
    def values(self) -> list[str]:
        return call_outcomes() if self.slug == "outcomes" else values_of(self.record, self.key)


LISTS = {
    found.slug: found
    for found in (
        ValueList(
            "stages",
            "Lifecycle stages",
            "Of contacts.",
            CONTACT,
            "lifecycle_stage",
            fields=("contact.lifecycle_stage",),
        ),
        ValueList(
            "deals",
            "Opportunity stages",
            "Of opportunities.",
            OPPORTUNITY,
            "stage",
            fields=("opportunity.stage",),
        ),
        ValueList(
            "types",
            "Activity types",
            "Of tasks and logged activities, such as Lunch, Coffee or InMail. "
            "What happened last stands in the field “last activity type”.",
            ACTIVITY,
            "type",
            ACTIVITY_TYPES,
            fields=("contact.last_activity_type", "account.last_activity_type"),
            settings=("type",),
        ),
        ValueList(
            "outcomes",
            "Call outcomes",
            "Offered in new call steps; conditions can ask for them.",
            ACTIVITY,
            "outcome",
            is_needed=True,
            fields=("step.outcome",),
            settings=("outcomes",),
        ),
    )
}


class ValuesForm(forms.Form):
    """The values of one list."""

    def __init__(self, found: ValueList, data: object = None) -> None:
        super().__init__(data, initial={"values": found.values}, auto_id=f"{found.slug}_%s")  # type: ignore[arg-type]
        self.found = found
        self.fields["values"] = Lines(
            label="Values",
            required=found.is_needed,
            widget=forms.Textarea(attrs={"rows": 6}),
            error_messages={"required": "One value is needed at least."},
        )

    def clean_values(self) -> list[str]:
        fixed = {value.casefold() for value in self.found.fixed}
        return [value for value in self.cleaned_data["values"] if value.casefold() not in fixed]


def say_uses(
    request: MemberRequest, gone: Iterable[str], fields: Iterable[str], settings: Iterable[str] = ()
) -> None:
    """Of each value that was taken away, who asks for it still."""
    for value in gone:
        if found := uses.of_values(uses.Listed.of(fields, [value], settings)):
            words = f"“{value}” is taken away and still used by {uses.named(found)}. Records that have it keep it."
            messages.warning(request, words)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("admin.manage")
def index(request: MemberRequest) -> HttpResponse:
    """All lists, each a form of its own."""
    posted = request.POST.get("list", "") if request.method == "POST" else None
    if posted is not None and posted not in LISTS:
        raise Http404
    bound = {
        slug: ValuesForm(found, request.POST if slug == posted else None) for slug, found in LISTS.items()
    }
    form = bound[posted] if posted else None
    if form and form.is_valid():
        found, values = form.found, form.cleaned_data["values"]
        gone = set_values(by=request.member, record=found.record, key=found.key, values=values, at=now())
        messages.success(request, f"{found.title} are saved.")
        say_uses(request, gone, found.fields, found.settings)
        return HttpResponseRedirect(f"{reverse('value-lists')}#{found.slug}")
    status = 422 if form else 200
    return render(request, "audience/value_lists.html", {"forms": list(bound.values())}, status=status)
