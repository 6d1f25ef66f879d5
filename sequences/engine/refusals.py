"""Who is refused at the door, also when added by hand (semantics 2.10 to 2.12, 2.14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from audience.models import Suppression
from sequences.engine.due import Work
from sequences.engine.questions import INSIDE
from sequences.models import Enrollment, Sequence

if TYPE_CHECKING:
    from sequences.engine.entry import Way


EXIT, STOPPED, UNREACHABLE = "exit", "stopped", "unreachable"
SAME_ADDRESS, ELSEWHERE = "same_address", "elsewhere"


Has = Callable[[QuerySet, str, str], Q]
"""Whether any of these rows has in a column what somebody has at a path."""


def each(rows: QuerySet, column: str, path: str) -> Q:
    """Asked row by row or as a join, as the planner likes: for those who are filtered by it."""
    return Q(Exists(rows.filter(**{column: OuterRef(path)})))


def at_once(rows: QuerySet, column: str, path: str) -> Q:
    """Asked of one set, read once for all: for those of whom it is said (a correlated one could not go parallel)."""
    return Q((f"{path}__in", rows.order_by().values(column)))


def passed(work: Work, way: Way) -> Way:
    """Those who are not refused."""
    return way.filtered(*checks(work, way).values())


def checks(work: Work, way: Way, has: Has = each) -> dict[str, Q]:
    """What somebody must be to come in, by the reason of the refusal otherwise, in the order of 2.10 to 2.12."""
    found = {
        EXIT: _matches_no_exit(work, way),
        STOPPED: ~_is_suppressed("email", way.column("email_norm"), has),
        UNREACHABLE: _could_receive_something(work, way, has),
        SAME_ADDRESS: ~_shares_address(work, way, has) if work.sequence.unique_email else Q(),
        ELSEWHERE: _is_free(work, way, has),
    }
    return {reason: condition for reason, condition in found.items() if condition}


def may_come_again(sequence: Sequence, today: date, contact: str, has: Has = each) -> Q:
    """Who was never in this sequence, or may come back: some days after the last exit, unless it was removed (2.14)."""
    stays = Enrollment.objects.filter(sequence=sequence)
    days = sequence.reentry_days
    if days is None:
        return ~has(stays, "contact", contact)
    too_late = today - timedelta(days=days)
    later = Enrollment.objects.filter(sequence=sequence, contact=OuterRef("contact"), pk__gt=OuterRef("pk"))
    removed = stays.filter(exit_reason="removed").filter(~Exists(later))
    standing = stays.filter(Q(state__in=INSIDE) | Q(exited_on__gt=too_late))
    return ~has(standing, "contact", contact) & ~has(removed, "contact", contact)


def is_outside(work: Work, contact: str) -> Q:
    """Who is not inside now."""
    return ~Q(
        Exists(Enrollment.objects.filter(sequence=work.sequence, contact=OuterRef(contact), state__in=INSIDE))
    )


def _matches_no_exit(work: Work, way: Way) -> Q:
    sequence = work.sequence
    if not sequence.exit_conditions:
        return Q()
    raw = {"match": sequence.exit_match, "conditions": sequence.exit_conditions}
    return ~work.questions.of_people(work.questions.read(raw, default_match="any"), way.paths)


def _is_suppressed(channel: str, address: str, has: Has) -> Q:
    return has(Suppression.objects.filter(channel=channel), "address_norm", address)


def _could_receive_something(work: Work, way: Way, has: Has) -> Q:
    """The whole plan counts, whatever its days and conditions."""
    kinds = [step.kind for step in work.steps]
    if any(kind.reaches_anyone for kind in kinds):
        return Q()
    found = Q(pk__in=[])
    if any(kind.channel == "email" for kind in kinds):
        found |= Q((f"{way.column('email_norm')}__isnull", False))
    if any(kind.channel == "sms" for kind in kinds):
        number = way.column("sms_number")
        found |= Q((f"{number}__isnull", False)) & ~_is_suppressed("sms", number, has)
    return found


def _shares_address(work: Work, way: Way, has: Has) -> Q:
    """Another contact with this address, both as they are now, is or ever was in this sequence."""
    stays = Enrollment.objects.filter(sequence=work.sequence)
    address, contact = way.column("email_norm"), way.column("pk")
    if has is each:
        same = stays.filter(contact__email_norm=OuterRef(address))
        return Q(Exists(same.filter(~Q(contact=OuterRef(contact)))))
    # The same as sets: others were, and not they themselves; or several were.
    named = stays.filter(contact__email_norm__isnull=False)
    several = named.values("contact__email_norm").annotate(n=Count("contact", distinct=True)).filter(n__gt=1)
    was_another = has(named, "contact__email_norm", address) & ~has(stays, "contact", contact)
    return was_another | has(several, "contact__email_norm", address)


def _is_free(work: Work, way: Way, has: Has) -> Q:
    """Nobody inside an exclusive sequence comes into another, nobody inside any into an exclusive one."""
    stays = Enrollment.objects.filter(state__in=INSIDE)
    if not work.sequence.exclusive:
        others = Sequence.objects.filter(exclusive=True).exclude(pk=work.sequence.pk)
        taken = list(others.values_list("pk", flat=True))
        if not taken:
            return Q()
        stays = stays.filter(sequence__in=taken)
    return ~has(stays, "contact", way.column("pk"))
