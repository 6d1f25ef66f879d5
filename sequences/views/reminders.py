"""The reminders of a sequence: the list, and completing or skipping those picked (S5)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from audience.bulk import registry, work
from audience.bulk.sources import SOURCES
from audience.lists import MOST_COUNTED, count_of
from sequences.bulk.reminders import REMINDERS, CompleteReminders, SkipReminders, query_of
from sequences.commands import reminders as commands
from sequences.cursors import read_cursor, written
from sequences.models import Sequence
from sequences.reading.material import Material
from sequences.reading.reminders import KINDS, PAGE, Wanted, after, key_of, reminders_in
from sequences.records.reminders import shown
from sequences.refusals import Refused, TooMany
from sequences.views.access import back, go, ids_of, seen_by
from sequences.views.detail import head_of
from sequences.views.many import ask_number
from tenants.access import MemberRequest, requires
from tenants.confirming import typed_number
from tenants.fragments import page

VERBS: dict[str, registry.Verb] = {"complete": CompleteReminders(), "skip": SkipReminders()}
NO_WAY_BACK = "That cannot be undone."


@require_GET
@requires("sequence.view")
def index(request: MemberRequest, pk: int) -> HttpResponse:
    """What is to be done, overdue or done, soonest first."""
    sequence = seen_by(request, pk)
    material = Material(sequence, request.member, sequence.plan)
    context = head_of(request, sequence, material, "reminders")
    wanted = Wanted.asked(request.GET)
    found = reminders_in(sequence, wanted, request.member, now=context["now"])
    key = read_cursor(request.GET.get("after", ""))
    total = count_of(found, MOST_COUNTED)
    rows = list((after(found, wanted, key) if key else found)[: PAGE + 1])
    context |= {
        "wanted": wanted,
        "kinds": KINDS,
        "rows": shown(rows[:PAGE], request.member),
        "total": min(total, MOST_COUNTED),
        "is_more": total > MOST_COUNTED,
        "after": key,
        "next": written(key_of(rows[PAGE - 1], wanted)) if len(rows) > PAGE else "",
    }
    context["all"] = query_of(sequence, wanted)
    context["outcomes"] = sorted({outcome for row in context["rows"] for outcome in row.outcomes})
    context["may_work"] = any(row.may_work for row in context["rows"])
    return page(request, "sequences/reminders.html", context, parts=("reminders",))


@require_POST
@requires("reminder.work")
def do(request: MemberRequest, pk: int) -> HttpResponse:
    """Complete or skip the reminders ticked, the one whose button was pressed, or all that the list asks for."""
    sequence = seen_by(request, pk)
    verb, _, only = request.POST.get("do", "").partition(" ")
    there = back(request, sequence, f"/sequences/{sequence.pk}/reminders/")
    ids = ids_of([only] if only else request.POST.getlist("ids"))
    if verb not in VERBS:
        messages.error(request, "Choose what is to be done.")
    elif request.POST.get("everyone") and not only:
        return _close_all(request, sequence, verb) or go(request, there)
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


def _close_all(request: MemberRequest, sequence: Sequence, verb: str) -> HttpResponse | None:
    """A job closes all that the list asks for, once the number of many is typed; None: it was refused, and is said."""
    outcome = request.POST.get("outcome", "").replace("\x00", "") if verb == "complete" else ""
    wanted, moment = Wanted.asked(QueryDict(request.POST.get("filter", ""))), now()
    query = query_of(sequence, wanted)
    meant = SOURCES[REMINDERS].listed(request.member, query, at=moment)
    try:
        commands.refuse_unoffered(meant, outcome, request.member)
        job = work.start(
            by=request.member, record=REMINDERS, verb=VERBS[verb], query=query, at=moment,
            arguments={"sequence": sequence.pk, "outcome": outcome},
            confirmed=typed_number(request.POST.get("people", "")),
        )  # fmt: skip
    except Refused as fault:
        messages.error(request, f"{fault.message} Nothing was completed.")
        return None
    except registry.TooMany as many:
        said = f"{many.records:,} reminders would be {'done' if verb == 'complete' else 'skipped'}. {NO_WAY_BACK}"
        title = f"{'Complete' if verb == 'complete' else 'Skip'} {many.records:,} reminders?"
        asked = TooMany(many.records, said)
        return ask_number(request, sequence, asked, title=title, submit=title.rstrip("?"))
    return go(request, reverse("job", args=[job.pk]))


def _outcomes(request: MemberRequest, ids: list[int]) -> dict[int, str]:
    """Each call's own, else the one for all that are ticked."""
    for_all = request.POST.get("outcome", "")
    typed = {pk: request.POST.get(f"outcome-{pk}", "") or for_all for pk in ids}
    return {pk: outcome.replace("\x00", "") for pk, outcome in typed.items()}
