"""The workspace of the figures of pages: 1,000,000 contacts, 200 sequences, and what they have lived through.

A few values are frequent and most are rare, as in real lists; a third of the people was written to; 200,000 of them are
or were in one sequence. A smaller workspace stands in the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection

from audience import indexes
from audience.catalogue import catalogue, column_of, make_field
from audience.conditions.types import FieldType
from audience.models import Account, Choice, SavedView
from bench.drawn import (
    CITIES,
    COMPANIES,
    COUNTRIES,
    FACTS,
    FIRST,
    JOBS,
    LABELS,
    LAST,
    MESSAGES,
    OWN_VALUES,
    PEOPLE,
    STAGES,
    STAYS,
    STEP_RUNS,
    TAGGED,
    TIERS,
    drawn,
)  # fmt: skip
from bench.harness import unlimited
from messaging.models import Mailbox, Mailing, Template, TemplateVersion
from sequences.engine import counters
from sequences.models import Enrollment, Run, Schedule, Sequence, SequencePlan, Status
from steps.models import Plan, Step
from tenants.models import Member, Team, Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant

NOW = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
CONTACTS, PEOPLE_INSIDE, SEQUENCES, MEMBERS = 1_000_000, 200_000, 200, 24
OWN = {
    "contract_value": FieldType.NUMBER,
    "renewal_on": FieldType.DATE,
    "tier": FieldType.CHOICE,
    "segment": FieldType.TEXT,
    "is_partner": FieldType.YES_NO,
    "interests": FieldType.TAGS,
}
INDEXED = ("city", "country", "job_title", "score", "contract_value", "renewal_on", "tier", "segment")
"""The fields for which an administrator has asked for an index (ADR 14)."""


@dataclass(frozen=True)
class Office:
    """A workspace that was filled, with those who look at its pages and what they look at."""

    tenant: Tenant
    admin: Member
    rep: Member
    view: SavedView
    contacts: int
    big: Sequence
    few: Sequence
    first_contact: int
    first_company: int
    last_stay: int
    run: int


def make_office(slug: str = "office", contacts: int = CONTACTS, sequences: int = SEQUENCES) -> Office:
    """Fill a workspace; its indexes on demand are built when it stands."""
    tenant = make_tenant(slug)
    with use(tenant):
        unlimited()
        admin = make_member("admin", email=f"admin@{slug}.example")
        team = Team.objects.create(name="North")
        owners = [
            make_member("sales_rep", email=f"rep{n}@{slug}.example", team=team if n < 6 else None)
            for n in range(MEMBERS)
        ]
        _fields()
        first = _people(contacts, [owner.pk for owner in owners])
        _tags()
        view = SavedView.objects.create(
            name="Berlin leads", is_shared=True, owner=owners[0], sort="-score",
            conditions=[
                {"field": "city", "op": "is", "value": "Berlin"},
                {"field": "lifecycle_stage", "op": "in", "value": ["Lead", "Prospect"]},
            ],
        )  # fmt: skip
        sequences_made = _sequences(sequences, contacts, first, owners, view)
        found = _landmarks(sequences_made[0])
    if contacts == CONTACTS:
        _index(tenant)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Office(
        tenant, admin, owners[0], view, contacts, sequences_made[0], sequences_made[1], first, *found
    )


def _landmarks(big: Sequence) -> tuple[int, int, int]:
    """The first company, the last stay, a run of the big sequence."""
    company, stay = Account.objects.order_by("pk").first(), Enrollment.objects.order_by("-pk").first()
    run = Run.objects.filter(sequence=big).order_by("-pk").first()
    return company.pk if company else 0, stay.pk if stay else 0, run.pk if run else 0


def _execute(sql: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": NOW - timedelta(hours=1)} | values)


def _fields() -> None:
    for key, type_ in OWN.items():
        make_field("contact", key, type_, key.replace("_", " ").capitalize())
    for field, values in {"lifecycle_stage": STAGES, "tier": TIERS}.items():
        for value in values:
            Choice.objects.get_or_create(record="contact", field=field, value=value)


def _own() -> dict[str, str]:
    """Key of a field → the column it stands in."""
    known = catalogue()
    found = {key: known.get("contact", key) for key in OWN_VALUES}
    return {key: column_of(field) for key, field in found.items() if field}


def _people(count: int, owners: list[int]) -> int:
    """The companies and the people; the id of the first."""
    companies, lists = max(count // 20, 10), {"owners": owners, "countries": COUNTRIES}
    lists |= {"cities": CITIES}
    _execute(drawn(COMPANIES, 3), lists | {"count": companies})
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM audience_account")
        (company,) = cursor.fetchone()
    columns = _own()
    sql = drawn(PEOPLE, 14).format(
        slots=", ".join(columns.values()), values=", ".join(OWN_VALUES[key] for key in columns)
    )
    words = {"first": FIRST, "last": LAST, "jobs": JOBS}
    _execute(
        sql,
        lists | words | {"stages": list(STAGES), "company": company, "companies": companies, "count": count},
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM audience_contact")
        return int(cursor.fetchone()[0] or 0)


def _tags() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM audience_customfield WHERE type = 'tags'")
        (interests,) = cursor.fetchone()
    _execute(drawn(TAGGED, 1), {"field": None, "labels": LABELS, "each": 5})
    _execute(drawn(TAGGED, 1), {"field": interests, "labels": ["price", "speed", "support"], "each": 20})


def _sequences(
    count: int, contacts: int, first: int, owners: list[Member], view: SavedView
) -> list[Sequence]:
    """One with a fifth of all contacts, some with many, most with few; some drafts, some archived."""
    template = Template.objects.create(name="Hello", owner=owners[0])
    template.current = TemplateVersion.objects.create(
        template=template, number=1, subject="Hello {{ first_name }}", body="<p>Hi {{ first_name }}</p>",
        needed=["contact.first_name"], made_at=NOW,
    )  # fmt: skip
    template.save()
    mailing = Mailing.objects.create(template_version=template.current, step_key="one")
    boxes = {o.pk: Mailbox.objects.create(member=o, email=o.email, smtp_host="127.0.0.1").pk for o in owners}
    made = []
    for n in range(count):
        owner = owners[n % len(owners)]
        sequence = _sequence(n, owner, template)
        size = contacts // 5 if n == 0 else contacts // 200 if n < 10 else max(contacts // 5000, 10)
        if contacts and sequence.status != Status.DRAFT:
            ids = {"mailing": mailing.pk, "sender": owner.pk, "mailbox": boxes[owner.pk]}
            _lived(sequence, size, first + n, 5 if n == 0 else max(contacts // size // 2, 1), ids)
        made.append(sequence)
    made[1].sequence_views.create(view=view)
    _execute(FACTS, {})
    return made


def _sequence(n: int, owner: Member, template: Template) -> Sequence:
    """Two mails and a call; every tenth is a draft, every fifteenth archived."""
    plan = Plan.objects.create(made_at=NOW)
    opened = {"field": "step.one.opened", "op": "is", "value": False}
    Step.objects.create(plan=plan, key="one", kind="email", position=1, day=1, template=template)
    Step.objects.create(
        plan=plan, key="two", kind="email", position=2, day=4, template=template, conditions=[opened]
    )
    Step.objects.create(plan=plan, key="ring", kind="call", position=3, day=8, settings={"title": "Call"})
    status = Status.DRAFT if n % 10 == 9 else Status.ARCHIVED if n % 15 == 14 else Status.ACTIVE
    sequence = Sequence.objects.create(
        name=f"Outreach {n}", owner=owner, plan=plan, status=status, run_time="09:00", timezone="Europe/Berlin",
        tags=["cold"] if n % 3 else ["warm", "dach"], is_shared=n % 7 == 0, description=f"Quarter {n % 4 + 1}",
        entry_conditions=[
            {"field": "lifecycle_stage", "op": "in", "value": ["Lead", "Prospect"]},
            {"field": "city", "op": "is", "value": CITIES[n % 18]},
            {"field": "last_opened_at", "op": "in_last_days", "value": 120},
        ],
        exit_conditions=[{"field": "lifecycle_stage", "op": "is", "value": "Customer"}],
        created_at=NOW - timedelta(days=200 - n % 180), edited_at=NOW - timedelta(days=n % 60),
        activated_at=None if status == Status.DRAFT else NOW - timedelta(days=40),
        archived_at=NOW if status == Status.ARCHIVED else None,
    )  # fmt: skip
    SequencePlan.objects.create(sequence=sequence, plan=plan)
    return sequence


def _lived(sequence: Sequence, size: int, first: int, every: int, ids: dict[str, int]) -> None:
    """Thirty days of runs, with their people, step runs and messages."""
    days = 30
    Run.objects.bulk_create(
        _run(sequence, n, NOW - timedelta(days=days - n), size) for n in range(1, days + 1)
    )
    values = {"sequence": sequence.pk, "plan": sequence.plan_id, "runs": days, "count": size, **ids}
    _execute(drawn(STAYS, 2), values | {"first": first, "every": every})
    _execute(drawn(STEP_RUNS, 2), values)
    _execute(MESSAGES, values)
    if sequence.status == Status.ACTIVE:
        Schedule.objects.update_or_create(
            tenant_id=sequence.tenant_id, sequence_id=sequence.pk,
            defaults={"next_run_at": NOW + timedelta(days=365)},
        )  # fmt: skip
    counters.refresh(sequence, now=NOW)


def _run(sequence: Sequence, ordinal: int, at: datetime, size: int) -> Run:
    reasons = {"skipped": {"condition": size // 600}, "held": {}, "exited": {}}
    return Run(
        sequence=sequence, ordinal=ordinal, local_day=at.date(), scheduled_for=at, started_at=at,
        entered=size // 30, executed=size // 30, duration_ms=900, reasons=reasons,
    )  # fmt: skip


def _index(tenant: Tenant) -> None:
    with use(tenant):
        known = catalogue()
        wanted = [field for key in INDEXED if (field := known.get("contact", key))]
        columns = [(indexes.column_of(field, column_of(field)), field.is_custom) for field in wanted]
    for build in [partial(indexes.build, "contact", column, is_slot=own) for column, own in columns]:
        build()
