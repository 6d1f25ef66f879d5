"""The engine's runs beside SQL written by hand, row by row, and without the wall.

Every measured run is undone by a rollback, so that each meets the same rows; nobody else works on the database.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import connection, transaction

from audience.catalogue import catalogue
from audience.conditions.compile import Context, compile_group
from audience.conditions.parse import Group, Scope, parse_group
from audience.models import Contact
from bench import floors, kinds, people, wall
from bench.harness import Figure, in_turn, median, seconds, unlimited
from messaging import outbox
from messaging.models import Mailbox, Mailing, Message, Template, TemplateVersion
from sequences.engine.run import lock_tenant, work_through
from sequences.models import Enrollment, Run, Sequence, SequencePlan, Status, StepRun
from steps.models import Plan, Step
from tenants.models import Member, Tenant
from tenants.wall import use

RUNS = 5
ROW_BY_ROW = 5_000
DAY = timedelta(days=1)
EXITS = [
    {"field": "score", "op": ">", "value": 1000},
    {"field": "lifecycle_stage", "op": "is", "value": "Customer"},
]


class Undo(Exception):
    """Leaves a transaction without a trace."""


def measure() -> Iterator[list[Figure]]:
    """entry, entry_vs_orm, step, idle_run, smart, adaptive and wall of the issues' tables."""
    say("filling 1,200,000 contacts ...")
    tenant = people.make_people()
    with use(tenant):
        sequence = make_sequence()
    say("entry ...")
    yield measure_entry(tenant, sequence)
    say("letting 200,000 in ...")
    enter(tenant, sequence)
    say("step and idle_run ...")
    yield measure_steps(tenant, sequence)
    say("wall ...")
    yield [wall.figure(tenant, sequence, run_of)]


def say(what: str) -> None:
    """Progress: what is being done now, and since when."""
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def make_sequence() -> Sequence:
    """Two e-mail steps, the second with a condition on the first, and a call far ahead."""
    owner = Member.objects.get()
    owner.emails_per_day = 10**9
    owner.save()
    Mailbox.objects.create(member=owner, email=owner.email, smtp_host="127.0.0.1")
    template = Template.objects.create(name="Hello")
    template.current = TemplateVersion.objects.create(
        template=template, number=1, subject="Hello", body="<p>Hi {{ first_name }}</p>",
        needed=["contact.first_name"], made_at=people.NOW,
    )  # fmt: skip
    template.save()
    plan = Plan.objects.create(made_at=people.NOW)
    opened = {"field": "step.one.opened", "op": "is", "value": False}
    Step.objects.create(plan=plan, key="one", kind="email", position=1, day=1, template=template)
    Step.objects.create(
        plan=plan, key="two", kind="email", position=2, day=2, template=template, conditions=[opened]
    )
    Step.objects.create(plan=plan, key="ring", kind="call", position=3, day=30, settings={"title": "Call"})
    sequence = Sequence.objects.create(
        name="Bench", owner=owner, plan=plan, status=Status.ACTIVE, run_time="09:00", timezone="Europe/Berlin",
        entry_conditions=people.CONDITIONS, created_at=people.NOW, edited_at=people.NOW, activated_at=people.NOW,
    )  # fmt: skip
    SequencePlan.objects.create(sequence=sequence, plan=plan)
    sequence.refresh_from_db()
    return sequence


def measure_entry(tenant: Tenant, sequence: Sequence) -> list[Figure]:
    def product() -> float:
        with undone(tenant):
            took = seconds(lambda: run_of(sequence, 1))
            expect(Enrollment.objects.count(), 200_000)
            expect(Message.objects.count(), 200_000)
            return took

    def floor() -> float:
        with undone(tenant):
            ids = ids_of(sequence, 1)
            took = seconds(lambda: expect(floors.entry(sequence, people.NOW, ids), 200_000))
            return took

    ours, theirs = in_turn(RUNS, product, vacuumed(floor))
    with undone(tenant):
        by_row = seconds(lambda: row_by_row(sequence)) / ROW_BY_ROW
    per_person = median(ours) / 200_000
    return [
        Figure("entry", median(ours), "s", 1.5, floor=median(theirs), runs=ours),
        Figure(
            "entry_vs_orm", 1 / per_person, "people/s", 60, "higher", floor=1 / by_row,
            note=f"floor: get_or_create row by row, {ROW_BY_ROW} people",
        ),
    ]  # fmt: skip


def measure_steps(tenant: Tenant, sequence: Sequence) -> list[Figure]:
    def product() -> float:
        with undone(tenant):
            took = seconds(lambda: run_of(sequence, 2))
            expect(Message.objects.count(), 400_000)
            return took

    def floor() -> float:
        with undone(tenant):
            ids = ids_of(sequence, 2)
            return seconds(lambda: expect(floors.step(sequence, people.NOW + DAY, ids), 200_000))

    def idle() -> float:
        with undone(tenant):
            Enrollment.objects.filter(sequence=sequence).update(day1_run=-5)
            took = seconds(lambda: run_of(sequence, 2))
            expect(Message.objects.count(), 200_000)
            return took

    def other(stage: Callable[[Sequence], Callable[[], object]]) -> Callable[[], float]:
        return vacuumed(lambda: kinds.run_once(tenant, sequence, stage))

    works = (product, vacuumed(floor), vacuumed(idle), other(kinds.smart), other(kinds.adaptive))
    ours, theirs, idles, smart, adaptive = in_turn(RUNS, *works)
    by_hand = median(theirs)
    return [
        Figure("step", median(ours), "s", 1.5, floor=by_hand, runs=ours),
        Figure("idle_run", median(idles), "s", 0.25, floor=median(ours), runs=idles, note="floor: step"),
        Figure("smart", median(smart), "s", 2, floor=by_hand, runs=smart, note="floor: that of step"),
        Figure(
            "adaptive", median(adaptive), "s", 2, floor=by_hand, runs=adaptive, note="floor: that of step"
        ),
    ]


def enter(tenant: Tenant, sequence: Sequence) -> None:
    """Let the 200,000 in for good, their first mails sent, an exit group on the sequence."""
    with use(tenant):
        unlimited()
        run_of(sequence, 1)
    tidied()
    with use(tenant):
        unlimited()
        outbox.accept_all(people.NOW)
        Sequence.objects.filter(pk=sequence.pk).update(exit_conditions=EXITS)
    sequence.exit_conditions = EXITS
    tidied()


def tidied() -> None:
    """What autovacuum would do after so much was written."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def run_of(sequence: Sequence, ordinal: int) -> Run:
    """The run of one day, as the ticking does it."""
    lock_tenant()
    now = people.NOW + DAY * (ordinal - 1)
    return work_through(sequence, scheduled_for=now, day=now.date(), now=now)


def ids_of(sequence: Sequence, ordinal: int) -> dict[str, int]:
    """What the floors get for nothing: the run's row, the mailing, sender and mailbox."""
    now = people.NOW + DAY * (ordinal - 1)
    run = Run.objects.create(
        sequence=sequence, scheduled_for=now, local_day=now.date(), ordinal=ordinal, started_at=now
    )
    mailing = Mailing.objects.create(template_version=TemplateVersion.objects.get(), step_key="floor")
    owner = sequence.owner_id
    return {
        "run": run.pk, "ordinal": ordinal, "mailing": mailing.pk, "sender": owner,
        "mailbox": Mailbox.objects.get().pk,
    }  # fmt: skip


def row_by_row(sequence: Sequence) -> None:
    """How it is usually done: the filter in SQL, then three rows for each person through the ORM."""
    group = parse_group({"conditions": people.CONDITIONS}, Scope("contact", catalogue()))
    assert isinstance(group, Group)
    context = Context({"contact": ""}, people.NOW.astimezone(sequence.timezone).date(), sequence.timezone)
    ids = ids_of(sequence, 1)
    matching = Contact.objects.filter(compile_group(group, context)).order_by("pk")
    for contact in matching[:ROW_BY_ROW]:
        stay, is_new = Enrollment.objects.get_or_create(
            sequence=sequence, contact=contact, defaults={"entered_at": people.NOW, "day1_run": 1}
        )
        if not is_new:
            continue
        step_run = StepRun.objects.create(
            enrollment=stay, key="one", kind="email", state="executed", at=people.NOW, run_id=ids["run"]
        )
        Message.objects.create(
            mailing_id=ids["mailing"], contact=contact, enrollment_id=stay.pk, step_run_id=step_run.pk,
            sender_id=ids["sender"], mailbox_id=ids["mailbox"], address_norm=contact.email_norm or "",
            made_at=people.NOW, due_at=people.NOW,
        )  # fmt: skip


@contextlib.contextmanager
def undone(tenant: Tenant) -> Iterator[None]:
    """Inside the tenant, and everything taken back at the end."""
    with contextlib.suppress(Undo), transaction.atomic(), use(tenant):
        unlimited()
        yield
        raise Undo


def vacuumed(work: Callable[[], float]) -> Callable[[], float]:
    """Before it, remove what the rolled-back runs left lying about."""

    def cleaned() -> float:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM sequences_enrollment, sequences_steprun, messaging_message")
        return work()

    return cleaned


def expect(found: int, wanted: int) -> None:
    """A figure of wrong work is no figure."""
    if found != wanted:
        raise SystemExit(f"the work is not the same: {found} rows instead of {wanted}")
