"""The page on which a sequence is shared: with nobody, everyone, or some members and teams."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from sequences.commands.sharing import EVERYONE, ME, SELECTED, share, shared_how
from sequences.models import Sequence
from sequences.refusals import Refused
from sequences.views.access import changed_by, ids_of
from tenants.access import MemberRequest, requires
from tenants.models import Member, Team

HOW = [
    (ME, "Just me", "Its owner, and who leads or administers them."),
    (EVERYONE, "Everyone", "All members whose role lets them view sequences."),
    (SELECTED, "Some members and teams", "Those ticked below."),
]
SAID = {ME: "is shared with nobody", EVERYONE: "is shared with everyone", SELECTED: "is shared"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("sequence.view")
def sharing(request: MemberRequest, pk: int) -> HttpResponse:
    """Who else may view and clone it."""
    sequence = changed_by(request, pk, "sequence.share")
    how, error = shared_how(sequence), ""
    members = set(sequence.shares.exclude(member=None).values_list("member_id", flat=True))
    teams = set(sequence.shares.exclude(team=None).values_list("team_id", flat=True))
    if request.method == "POST":
        how = request.POST.get("how", "")
        members = set(ids_of(request.POST.getlist("members")))
        teams = set(ids_of(request.POST.getlist("teams")))
        error = _share(request, sequence, how, members, teams)
        if not error:
            messages.success(request, f"{sequence.name} {SAID[how]}.")
            return redirect("sequence", pk)
    everyone = Member.objects.filter(is_active=True).exclude(pk=sequence.owner_id).select_related("user")
    context = {
        "sequence": sequence,
        "how": how,
        "choices": HOW,
        "error": error,
        "members": sorted(((m.pk, m.name) for m in everyone), key=lambda pair: pair[1].casefold()),
        "teams": list(Team.objects.order_by("name_norm").values_list("pk", "name")),
        "chosen": {"members": members, "teams": teams},
    }
    return render(request, "sequences/share.html", context, status=422 if error else 200)


def _share(request: MemberRequest, sequence: Sequence, how: str, members: set[int], teams: set[int]) -> str:
    """Share it; else why not."""
    if how not in SAID:
        return "Choose with whom it is shared."
    found = list(Member.objects.filter(pk__in=members, is_active=True))
    found_teams = list(Team.objects.filter(pk__in=teams))
    try:
        share(
            sequence=sequence, how=how, members=found, teams=found_teams, by=request.member, now=now()
        )  # fmt: skip
    except Refused as refused:
        return refused.message
    return ""
