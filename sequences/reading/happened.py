"""Who is asked for by what happened to them: ``did``, ``step`` and ``run`` of the address of a sequence's people."""

from __future__ import annotations

from django.db.models import BigIntegerField, Exists, Func, OuterRef, Q, QuerySet

from activities.models import Fact
from sequences.models import Enrollment, HeldStays, Run, Sequence, StepRun
from sequences.reading.figures import BY_MACHINE, MARKS
from sequences.reading.wanted import Filter

OF_RUN = ("entered", "exited")
"""What a run does to stays themselves, at its own instant."""

WITH_REASONS = ("skipped", "cancelled", "held")
"""What happens for a reason of its own, which is not that of the stay as it is now."""

DID: dict[str, Q] = {
    "executed": Q(state=StepRun.EXECUTED),
    "skipped": Q(state=StepRun.SKIPPED),
    "cancelled": Q(state=StepRun.CANCELLED),
    **{mark: Q(**{f"{mark}_at__isnull": False}) for mark in (*MARKS, *BY_MACHINE)},
}


def with_what_happened(
    found: QuerySet[Enrollment], sequence: Sequence, wanted: Filter
) -> QuerySet[Enrollment]:
    """Those of the stays of a sequence to whom that happened."""
    at = Run.objects.filter(pk=wanted.run or 0, sequence=sequence).values("started_at")
    if wanted.run and wanted.did in OF_RUN:
        return found.filter(**{f"{wanted.did}_at__in": at})
    if wanted.run and wanted.did == "resumed":
        facts = Fact.objects.filter(kind="resumed", at__in=at, contact=OuterRef("contact"))
        return found.filter(Exists(facts.filter(enrollment_id=OuterRef("pk"))))
    if wanted.run and wanted.did == "held":
        return found.filter(pk__in=_held(sequence, wanted))
    if wanted.step or wanted.run:
        return found.filter(Exists(_did(wanted).filter(enrollment=OuterRef("pk"))))
    return found


def steps_that_did(sequence: Sequence, wanted: Filter) -> QuerySet[StepRun]:
    """The steps that are asked for. A run executed also what was taken back since."""
    return _did(wanted).filter(enrollment__sequence=sequence)


def _did(wanted: Filter) -> QuerySet[StepRun]:
    did = DID.get(wanted.did, Q())
    if wanted.run and wanted.did == "executed":
        did |= DID["cancelled"]
    runs = StepRun.objects.filter(did)
    if wanted.step:
        runs = runs.filter(key=wanted.step)
    if wanted.reason:
        runs = runs.filter(reason=wanted.reason)
    return runs.filter(run_id=wanted.run) if wanted.run else runs


def _held(sequence: Sequence, wanted: Filter) -> QuerySet:
    """The keys of those whom a run held, for any reason or the one that is asked for."""
    held = HeldStays.objects.filter(run=wanted.run, run__sequence=sequence)
    if wanted.reason:
        held = held.filter(reason=wanted.reason)
    return held.values_list(Func("stays", function="unnest", output_field=BigIntegerField()), flat=True)
