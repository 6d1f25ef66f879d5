"""The other kinds of sequence beside the floor of ``step``: a smart run, and an instant of a tree, of 200,000 e-mails.

The people are those of the benchmark of the engine: inside, their first mail sent and not opened. Each run begins with
one statement that sets the stage (a kind, a plan, where they stand), which is not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bench import people
from sequences.engine.adaptive.instant import work_at
from sequences.models import Enrollment, Schedule, Sequence
from sequences.schedule import set_next
from steps.models import Plan, Step
from tenants.models import Tenant
from tenants.wall import current_id

DAY = timedelta(days=1)
EVERYONE = 200_000


def smart(sequence: Sequence) -> Callable[[], object]:
    """The next run of the same steps: each gets the first that matches and that they had not."""
    from bench.engine import run_of

    Sequence.objects.filter(pk=sequence.pk).update(kind="smart")
    found = Sequence.objects.get(pk=sequence.pk)
    return lambda: run_of(found, 2)


def adaptive(sequence: Sequence) -> Callable[[], object]:
    """An instant at which it is everybody's turn for the second mail, and on to a question about it."""
    plan = plant(sequence)
    Sequence.objects.filter(pk=sequence.pk).update(
        kind="adaptive", plan=plan, hours_start="08:00", hours_end="18:00", entry_conditions=[]
    )
    found, now = Sequence.objects.get(pk=sequence.pk), people.NOW + DAY
    Enrollment.objects.filter(sequence=sequence).update(step_key="two")
    set_next(found, since=now)
    assert Schedule.objects.filter(tenant_id=current_id(), sequence_id=found.pk).exists()
    return lambda: work_at(found, at=now, now=now, deliver=lambda at: None)


def plant(sequence: Sequence) -> Plan:
    """one → was it opened? → no: two → was it opened?"""
    template = Step.objects.get(plan=sequence.plan_id, key="one").template
    plan = Plan.objects.create(made_at=people.NOW)
    asked = {"event": "opened", "within": {"days": 1}}
    Step.objects.create(plan=plan, key="one", kind="email", position=1, template=template)
    seen = Step.objects.create(
        plan=plan, key="seen", kind="condition", position=2, settings={"of": "one", **asked}
    )
    Step.objects.create(plan=plan, key="ring", kind="call", position=3, parent=seen, arm="yes")
    Step.objects.create(
        plan=plan, key="two", kind="email", position=4, parent=seen, arm="no", template=template
    )
    again = Step.objects.create(
        plan=plan, key="again", kind="condition", position=5, settings={"of": "two", **asked}
    )
    Step.objects.create(plan=plan, key="call", kind="call", position=6, parent=again, arm="no")
    return plan


def run_once(tenant: Tenant, sequence: Sequence, stage: Callable[[Sequence], Callable[[], object]]) -> float:
    """Seconds of one run, which is undone."""
    from bench.engine import expect, undone
    from bench.harness import seconds
    from messaging.models import Message

    with undone(tenant):
        took = seconds(stage(sequence))
        expect(Message.objects.count(), 2 * EVERYONE)
        return took
