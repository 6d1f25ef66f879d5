"""The page on which a sequence is shared, with nobody, everyone, or some members and teams, and given away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from sequences.commands import assigning
from sequences.commands.sharing import EVERYONE, ME, SELECTED, share, shared_how
from sequences.models import Sequence
from sequences.refusals import Refused, TooMany
from sequences.views.access import action, changed_by, ids_of
from sequences.views.many import ask_number
from tenants.access import MemberRequest, requires
from tenants.confirming import typed_number
from tenants.models import Member, Team
from tenants.policy import can

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
    how, error, members, teams = None, "", None, None
    if request.method == "POST":
        how = request.POST.get("how", "")
        members = set(ids_of(request.POST.getlist("members")))
        teams = set(ids_of(request.POST.getlist("teams")))
        error = _share(request, sequence, how, members, teams)
        if not error:
            messages.success(request, f"{sequence.name} {SAID[how]}.")
            return redirect("sequence", pk)
    return _page(request, sequence, how=how, error=error, members=members, teams=teams)


@action("sequence.share", refused="share/")
def assign(request: MemberRequest, sequence: Sequence) -> str | HttpResponse:
    """Give it to another owner."""
    chosen = ids_of([request.POST.get("owner", "")])
    to = Member.objects.select_related("user", "role").filter(pk__in=chosen).first()
    if to is None:
        return _page(request, sequence, wrong_owner="Choose who is to own it.")
    before, typed = sequence.owner, typed_number(request.POST.get("people", ""))
    try:
        changed = assigning.assign(
            sequence=sequence,
            to=to,
            by=request.member,
            now=now(),
            keep_view="keep" in request.POST,
            confirmed=typed,
        )
    except TooMany as many:
        title = f"Give “{sequence.name}” to {to.name}?"
        return ask_number(request, sequence, many, title=title, submit="Assign")
    except Refused as refused:
        return _page(request, sequence, wrong_owner=refused.message)
    if changed:
        messages.success(request, f"{sequence.name} belongs to {to.name} now, and to {before.name} no more.")
        if assigning.sends_by_owner(sequence) and not assigning.has_mailbox(to):
            words = f"{to.name} has no mailbox that works: until then people are held where a mail is due."
            messages.warning(request, words)
    is_seen = can(request.member, "sequence.view", sequence)
    return f"/sequences/{sequence.pk}/" if is_seen else "/sequences/"


def _page(
    request: MemberRequest,
    sequence: Sequence,
    *,
    how: str | None = None,
    error: str = "",
    members: set[int] | None = None,
    teams: set[int] | None = None,
    wrong_owner: str = "",
) -> HttpResponse:
    everyone = (
        Member.objects.filter(is_active=True).exclude(pk=sequence.owner_id).select_related("user", "role")
    )
    owners = sorted((m for m in everyone if assigning.may_own(m)), key=lambda m: m.name.casefold())
    context = {
        "sequence": sequence,
        "how": how or shared_how(sequence),
        "choices": HOW,
        "error": error,
        "members": sorted(((m.pk, m.name) for m in everyone), key=lambda pair: pair[1].casefold()),
        "teams": list(Team.objects.order_by("name_norm").values_list("pk", "name")),
        "chosen": {
            "members": members if members is not None else shared_with(sequence, "member"),
            "teams": teams if teams is not None else shared_with(sequence, "team"),
        },
        "owners": [(m.pk, f"{m.name} ({m.email})") for m in owners],
        "owner": request.POST.get("owner", ""),
        "wrong_owner": wrong_owner,
        "sends_by_owner": assigning.sends_by_owner(sequence),
    }
    return render(request, "sequences/share.html", context, status=422 if error or wrong_owner else 200)


def shared_with(sequence: Sequence, kind: str) -> set[int]:
    """The ids of the members or teams that a sequence is shared with."""
    return set(sequence.shares.exclude(**{kind: None}).values_list(f"{kind}_id", flat=True))


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
