"""Which sequences a list holds: its tab, and the filters of its address (django-filter)."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from messaging.lifecycle import NOT_LEFT
from messaging.models import Mailbox, Message
from sequences.forms import KINDS, RECORDS
from sequences.models import Enrollment, Sequence, Status
from sequences.tags import is_under, tree
from tenants.models import Member
from tenants.policy import visible

TABS = ("all", "mine", "shared", "archived")
STATUSES = [(status.value, status.label) for status in Status if status != Status.ARCHIVED]
ORDER = {Status.ACTIVE: 0, Status.PAUSED: 1, Status.DRAFT: 2, Status.ARCHIVED: 3}
MOST_WORDS = 5


class SequenceFilter(django_filters.FilterSet):
    """Sequences by words of name and description, and by what they are. A value that is none filters nothing."""

    q = django_filters.CharFilter(method="searched")
    status = django_filters.ChoiceFilter(choices=STATUSES)
    kind = django_filters.ChoiceFilter(choices=KINDS)
    record = django_filters.ChoiceFilter(choices=RECORDS)
    owner = django_filters.NumberFilter(method="owned")
    tag = django_filters.CharFilter(method="tagged")
    problems = django_filters.ChoiceFilter(choices=[("1", "Has problems")], method="troubled")

    class Meta:
        model = Sequence
        fields: tuple[str, ...] = ()

    def searched(self, found: QuerySet[Sequence], name: str, value: str) -> QuerySet[Sequence]:
        for word in value.lower().split()[:MOST_WORDS]:
            found = found.filter(Q(name_norm__contains=word) | Q(description__icontains=word))
        return found

    def owned(self, found: QuerySet[Sequence], name: str, value: Any) -> QuerySet[Sequence]:
        return found.filter(owner=int(value)) if abs(value) < 2**63 else found.none()

    def tagged(self, found: QuerySet[Sequence], name: str, value: str) -> QuerySet[Sequence]:
        """Those that have the tag or one under it (sequences.tags)."""
        labels = {tag for row in found.exclude(tags=[]).values_list("tags", flat=True) for tag in row}
        meant = [Q(tags__contains=[tag]) for tag in labels if is_under(tag, value)]
        return found.filter(reduce(or_, meant)) if meant else found.none()

    def troubled(self, found: QuerySet[Sequence], name: str, value: str) -> QuerySet[Sequence]:
        """Only those whose last run failed, that hold somebody, or whose mails wait for a mailbox."""
        held = Enrollment.objects.filter(~Q(held_reason=""), sequence=OuterRef("pk"), state=Enrollment.ACTIVE)
        return found.filter(~Q(problem="") | Q(Exists(held)) | Q(pk__in=with_stuck_mails()))

    @property
    def asked(self) -> dict[str, str]:
        """What is filtered by, by name of the filter; those that filter nothing are empty."""
        valid = self.form.cleaned_data if self.form.is_valid() or self.form.cleaned_data else {}
        return {name: str(self.data.get(name, "")) if valid.get(name) else "" for name in self.filters}

    @property
    def is_filtered(self) -> bool:
        return any(self.asked.values())


def with_stuck_mails() -> set[int]:
    """The sequences of which mails were made that wait for a mailbox or a sender that does not work."""
    boxes = list(Mailbox.objects.exclude(state=Mailbox.WORKING).values_list("pk", flat=True))
    gone = list(Member.objects.filter(is_active=False).values_list("pk", flat=True))
    if not boxes and not gone:
        return set()
    mails = Message.objects.filter(
        Q(mailbox__in=boxes) | Q(sender__in=gone), state__in=NOT_LEFT, enrollment_id__isnull=False
    )
    stays = Enrollment.objects.filter(pk__in=mails.order_by().values("enrollment_id"))
    return set(stays.order_by().values_list("sequence", flat=True).distinct())


def of_tab(tab: str, member: Member) -> Q:
    """Which sequences a tab holds, of those that the member may see."""
    archived = Q(status=Status.ARCHIVED)
    return {
        "mine": Q(owner=member) & ~archived,
        "shared": (Q(is_shared=True) | Sequence.shared_with(member)) & ~Q(owner=member) & ~archived,
        "archived": archived,
    }.get(tab, ~archived)


def filtered(member: Member, tab: str, query: Any) -> SequenceFilter:
    """The filters of a tab, as the address asks for them; ``.qs`` are the sequences, active ones first."""
    rank = Case(*[When(status=status, then=place) for status, place in ORDER.items()])
    seen = visible(member, "sequence.view", Sequence.objects.filter(of_tab(tab, member)))
    return SequenceFilter(query, queryset=seen.order_by(rank, "-edited_at", "-pk"))


def counts(member: Member) -> dict[str, int]:
    """How many each tab holds: one statement."""
    seen = visible(member, "sequence.view", Sequence.objects.all()).order_by()
    return seen.aggregate(**{tab: Count("pk", filter=of_tab(tab, member)) for tab in TABS})


def tags(member: Member) -> list[tuple[str, str]]:
    """The tags of the sequences that the member may see, as a tree, for the filter."""
    seen = visible(member, "sequence.view", Sequence.objects.exclude(tags=[])).order_by()
    return tree(sorted({tag for row in seen.values_list("tags", flat=True) for tag in row}))


def owners(member: Member) -> list[tuple[int, str]]:
    """Those who own a sequence that the member may see, for the filter."""
    seen = visible(member, "sequence.view", Sequence.objects.all()).order_by()
    rows = Member.objects.filter(pk__in=seen.values("owner")).select_related("user")
    return sorted(((row.pk, row.name) for row in rows), key=lambda pair: pair[1].casefold())
