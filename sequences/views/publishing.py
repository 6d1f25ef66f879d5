"""Publishing the draft of an activated sequence: what it changes, whom that touches, a note, and then it holds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from sequences.bulk.moving import under_way
from sequences.checking import facts_of
from sequences.checks import check, faults
from sequences.commands.publishing import discard_draft
from sequences.commands.publishing import publish as publish_draft
from sequences.forms import PublishForm
from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.reading.unpublished import draft_of
from sequences.refusals import Refused, TooMany
from sequences.views.access import action, changed_by, go
from sequences.views.editor import link_of
from tenants.access import MemberRequest, requires
from tenants.confirming import typed_number


@require_http_methods(["GET", "POST"])
@requires("sequence.view")
def publish(request: MemberRequest, pk: int) -> HttpResponse:
    """GET: what the draft changes, and what is wrong with it. POST: it holds, or the page again with the reason."""
    sequence = changed_by(request, pk)
    if sequence.draft is None:
        messages.info(request, "There is nothing to publish: no step was changed.")
        return go(request, f"/sequences/{sequence.pk}/edit/#steps")
    form = PublishForm(
        request.POST if request.method == "POST" else None, has_tree=sequence.kind == "adaptive"
    )
    many: TooMany | None = None
    try:
        said = _published(request, sequence, form) if request.method == "POST" else ""
    except TooMany as found:
        many, said = found, found.message
    if said is None:
        job = under_way(sequence)
        return go(request, reverse("job", args=[job.pk]) if job else f"/sequences/{sequence.pk}/")
    context = page_of(request, sequence, form) | {"refused": said, "many": many}
    return render(request, "sequences/publish.html", context, status=422 if said else 200)


def _published(request: MemberRequest, sequence: Sequence, form: PublishForm) -> str | None:
    """Publish what the page showed; the reason why not, None where it was. Raises TooMany."""
    found = faults(check(facts_of(Material(sequence, sequence.owner))))
    if found:
        return (
            f"Not published: {len(found)} faults are to be mended first."
            if len(found) > 1
            else (f"Not published: {found[0].message}")
        )
    if not form.is_valid():
        return "Not published: look at what is marked below."
    seen, typed = request.POST.get("seen", ""), typed_number(request.POST.get("people", ""))
    try:
        plan = publish_draft(
            sequence=sequence, by=request.member, now=now(), seen=seen, confirmed=typed, **form.cleaned_data
        )
    except TooMany:
        raise
    except Refused as fault:
        return fault.message
    messages.success(request, f"Version {plan.number} holds{_from_when(sequence)}.")
    return None


def _from_when(sequence: Sequence) -> str:
    return " from now on" if sequence.kind == "adaptive" else " from the next run"


def page_of(request: MemberRequest, sequence: Sequence, form: PublishForm) -> dict[str, Any]:
    """What the page before publishing is given."""
    findings = check(facts_of(Material(sequence, request.member)))
    return {
        "sequence": sequence,
        "draft": draft_of(sequence, request.member, now=now()),
        "findings": findings,
        "faults": faults(findings),
        "links": {finding: link_of(finding) for finding in findings},
        "form": form,
    }


@action("sequence.edit", refused="edit/")
def discard(request: MemberRequest, sequence: Sequence) -> str:
    """Throw the unpublished edits away."""
    discard_draft(sequence=sequence, by=request.member, now=now(), seen=request.POST.get("seen", ""))
    messages.success(request, "The unpublished changes are thrown away.")
    return f"/sequences/{sequence.pk}/edit/#steps"
