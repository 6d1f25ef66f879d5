"""The settings of the tags of sequences, as the tree that they are (screens X5)."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience.views.lookup import text_of
from sequences import tags
from sequences.commands import tagging
from sequences.models import Sequence
from tenants.access import MemberRequest, requires
from tenants.fragments import page


@dataclass(frozen=True)
class Branch:
    """A tag of the tree: ``path`` is all of it, ``name`` its last word; on so many sequences, with those under it."""

    path: str
    name: str
    level: int
    count: int


@require_GET
@requires("tag.manage")
def index(request: MemberRequest) -> HttpResponse:
    """All of them, in order, each with how many sequences have it or one under it."""
    rows = list(Sequence.objects.exclude(tags=[]).values_list("tags", flat=True))
    above = [{path.casefold() for tag in row for path in tags.above(tag)} for row in rows]
    found = [
        Branch(
            path,
            path.rpartition(tags.BETWEEN)[2],
            path.count(tags.BETWEEN) + 1,
            sum(path.casefold() in one for one in above),
        )
        for path, _ in tags.tree(sorted({tag for row in rows for tag in row}))
    ]
    context = {"branches": found, "levels": tags.MOST_LEVELS, "most": tags.MOST_ON_A_LEVEL}
    return page(request, "sequences/tags.html", context)


@require_POST
@requires("tag.manage")
def rename(request: MemberRequest) -> HttpResponse:
    """Call a tag otherwise, or put it elsewhere in the tree."""
    tag, name = text_of(request.POST, "tag"), text_of(request.POST, "name")
    try:
        count = tagging.rename_tag(by=request.member, tag=tag, name=name, now=now())
    except tags.WrongTag as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, f"{_sequences(count)} changed.")
    return HttpResponseRedirect(reverse("sequence-tags"))


@require_POST
@requires("tag.manage")
def remove(request: MemberRequest) -> HttpResponse:
    """Take a tag and all under it away."""
    tag = text_of(request.POST, "tag")
    count = tagging.remove_tag(by=request.member, tag=tag, now=now())
    messages.success(request, f"“{tag}” is taken from {_sequences(count)}.")
    return HttpResponseRedirect(reverse("sequence-tags"))


def _sequences(count: int) -> str:
    return "1 sequence" if count == 1 else f"{count:,} sequences"
