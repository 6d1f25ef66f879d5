"""The reminders of a sequence: the list, and completing or skipping those picked (S5)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience.lists import MOST_COUNTED, count_of
from sequences.commands import reminders as commands
from sequences.cursors import read_cursor, written
from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.reading.reminders import (
    CLOSED,
    KINDS,
    OPEN,
    OVERDUE,
    PAGE,
    Wanted,
    after,
    key_of,
    reminders_in,
)
from sequences.records.reminders import shown
from sequences.refusals import Refused
from sequences.views.access import back, go, ids_of, seen_by
from sequences.views.detail import head_of
from tenants.access import MemberRequest, requires
from tenants.fragments import page


@require_GET
@requires("sequence.view")
def index(request: MemberRequest, pk: int) -> HttpResponse:
    """What is to be done, overdue or done, soonest first."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    context = head_of(request, sequence, material, "reminders")
    asked = request.GET
    state = asked.get("state", "")
    kind = asked.get("kind", "")
    wanted = Wanted(
        state if state in (OVERDUE, CLOSED) else OPEN,
        kind if kind in KINDS else "",
        asked.get("whose") == "mine",
    )
    found = reminders_in(sequence, wanted, request.member, now=context["now"])
    key = read_cursor(asked.get("after", ""))
    rows = list((after(found, wanted, key) if key else found)[: PAGE + 1])
    context |= {
        "wanted": wanted,
        "kinds": KINDS,
        "rows": shown(rows[:PAGE], request.member),
        "total": count_of(found, MOST_COUNTED),
        "after": key,
        "next": written(key_of(rows[PAGE - 1], wanted)) if len(rows) > PAGE else "",
    }
    context["outcomes"] = sorted({outcome for row in context["rows"] for outcome in row.outcomes})
    context["may_work"] = any(row.may_work for row in context["rows"])
    return page(request, "sequences/reminders.html", context, parts=("reminders",))


@require_POST
@requires("reminder.work")
def do(request: MemberRequest, pk: int) -> HttpResponse:
    """Complete or skip the reminders ticked, or the one whose button was pressed."""
    sequence = seen_by(request, pk)
    verb, _, only = request.POST.get("do", "").partition(" ")
    there = back(request, sequence, f"/sequences/{sequence.pk}/reminders/")
    ids = ids_of([only] if only else request.POST.getlist("ids"))
    if verb not in ("complete", "skip"):
        messages.error(request, "Choose what is to be done.")
    elif not ids:
        messages.error(request, "Tick the reminders first.")
    else:
        _close(request, sequence, verb, ids)
    return go(request, there)


def _close(request: MemberRequest, sequence: Sequence, verb: str, ids: list[int]) -> None:
    given: dict[str, Any] = {
        "sequence": sequence,
        "reminders": ids,
        "by": request.member,
        "now": now(),
    }
    try:
        if verb == "complete":
            done = commands.complete(outcomes=_outcomes(request, ids), **given)
        else:
            done = commands.skip(**given)
    except Refused as fault:
        messages.error(request, f"{fault.message} Nothing was completed.")
        return
    left = len(ids) - done
    words = (
        f"{'1 reminder' if done == 1 else f'{done} reminders'} {'done' if verb == 'complete' else 'skipped'}."
    )
    more = f" {left} {'was' if left == 1 else 'were'} not open any more, or {'is' if left == 1 else 'are'} not yours."
    say = messages.success if done else messages.info
    say(request, words + (more if left else ""))


def _outcomes(request: MemberRequest, ids: list[int]) -> dict[int, str]:
    """Each call's own, else the one for all that are ticked."""
    for_all = request.POST.get("outcome", "")
    typed = {pk: request.POST.get(f"outcome-{pk}", "") or for_all for pk in ids}
    return {pk: outcome.replace("\x00", "") for pk, outcome in typed.items()}
