"""The settings of tags."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience import labels
from audience.commands import tags as commands
from audience.views.lookup import text_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page
from tenants.policy import require


@require_GET
@requires("tag.manage")
def index(request: MemberRequest) -> HttpResponse:
    """The tags in use, by name, on how many contacts and companies."""
    asked, after = text_of(request.GET, "q"), text_of(request.GET, "after")
    begins = labels.lowered_of(asked) if asked else ""
    norms = labels.labels_after(after, begins=begins, count=labels.PAGE + 1)
    context = {
        "labels": labels.told(norms[: labels.PAGE]),
        "next": norms[labels.PAGE - 1] if len(norms) > labels.PAGE else "",
        "after": after,
        "q": asked,
        "most": labels.MOST_COUNTED,
        "open": text_of(request.GET, "rename"),
    }
    return page(request, "audience/tags.html", context, parts=("results",))


@require_POST
@requires("tag.manage")
def rename(request: MemberRequest) -> HttpResponse:
    """Call a tag otherwise everywhere."""
    require(request.member, "tag.manage")
    norm, label = text_of(request.POST, "tag"), text_of(request.POST, "label")
    try:
        count = commands.rename_tag(by=request.member, norm=norm, label=label, at=now())
    except commands.CannotRename as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{label}” stands on {_records(count)} now.")
    return HttpResponseRedirect(reverse("tags"))


@require_POST
@requires("tag.manage")
def remove(request: MemberRequest) -> HttpResponse:
    """Take a tag away everywhere."""
    norm = text_of(request.POST, "tag")
    try:
        count = commands.remove_tag(by=request.member, norm=norm, at=now())
    except commands.TagInUse as refused:
        messages.error(request, f"“{norm}” stays. {refused}")
    else:
        messages.success(request, f"“{norm}” is taken from {_records(count)}.")
    return HttpResponseRedirect(reverse("tags"))


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"
