"""A sequence and the people it concerns, copied into a scratch tenant with the ids that they have.

Every key behind the wall begins with the tenant, so a copy keeps its ids and its references. A row of one tenant can
only be read under it and only be written under the other: in between it lies in a temporary table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import GeneratedField, QuerySet

from audience.models import (
    Account,
    AccountTag,
    Choice,
    Contact,
    ContactTag,
    CustomField,
    Opportunity,
    OpportunityTag,
    SavedView,
    Suppression,
)
from messaging.models import Mailbox, SenderUsage, Template, TemplateVersion
from sequences.engine import entry, refusals
from sequences.engine.questions import INSIDE
from sequences.engine.sql import Sql, compiled, execute, rows, table, union_all
from sequences.models import (
    Addition,
    Enrollment,
    Run,
    Sequence,
    SequencePlan,
    SequenceView,
    StepRun,
)
from sequences.reading.thought import thought_of
from steps.models import Plan, Step
from tenants.localtime import ONE_DAY
from tenants.models import Member, Role, Team, Tenant, TenantModel
from tenants.wall import use

MOST_PEOPLE = 20_000
"""More are not lived through: the first ones stand for all."""

OF_PEOPLE = "SELECT id FROM forecast_people"
STAYS = (
    f"SELECT id FROM sequences_enrollment WHERE contact_id IN ({OF_PEOPLE}) AND sequence_id = %(sequence)s"
)
DEALS = f"""SELECT id FROM audience_opportunity WHERE contact_id IN ({OF_PEOPLE})
    UNION ALL SELECT opportunity_id FROM sequences_enrollment WHERE contact_id IN ({OF_PEOPLE})"""
WAITING = f"""SELECT step_run_id FROM messaging_message
    WHERE state IN ('pending', 'leased', 'sending') AND enrollment_id IN ({STAYS})"""


@dataclass(frozen=True)
class Part:
    """The rows of a table that are copied: those for which ``where`` is true of ``t``; %(sequence)s is the sequence.

    ``later``: columns that point at a part further down, and are set when that is there.
    """

    model: type[TenantModel]
    where: str = "true"
    later: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """All but the tenant's, quoted."""
        fields = (f for f in self.model._meta.local_concrete_fields if not isinstance(f, GeneratedField))
        return [connection.ops.quote_name(str(f.column)) for f in fields if f.column != "tenant_id"]

    @property
    def kept(self) -> str:
        """The temporary table in which its rows lie in between."""
        return f"forecast_{self.model._meta.db_table}"


PARTS = (
    Part(Role),
    Part(Team),
    Part(Member),
    Part(CustomField),
    Part(Choice),
    Part(SavedView),
    Part(
        Account,
        f"""t.id IN (SELECT account_id FROM audience_contact WHERE id IN ({OF_PEOPLE})
            UNION ALL SELECT account_id FROM sequences_enrollment WHERE contact_id IN ({OF_PEOPLE})
            UNION ALL SELECT account_id FROM audience_opportunity WHERE id IN ({DEALS}))""",
    ),
    Part(Contact, f"t.id IN ({OF_PEOPLE})"),
    Part(Opportunity, f"t.id IN ({DEALS})"),
    Part(ContactTag, f"t.record_id IN ({OF_PEOPLE})"),
    Part(AccountTag, f"t.record_id IN (SELECT account_id FROM audience_contact WHERE id IN ({OF_PEOPLE}))"),
    Part(OpportunityTag, f"t.record_id IN ({DEALS})"),
    Part(
        Suppression,
        f"""t.address_norm IN (SELECT email_norm FROM audience_contact WHERE id IN ({OF_PEOPLE})
            UNION ALL SELECT sms_number FROM audience_contact WHERE id IN ({OF_PEOPLE}))""",
    ),
    Part(Mailbox),
    Part(SenderUsage, "t.day >= %(day)s"),
    Part(Template, later=("current_id",)),
    Part(TemplateVersion, "t.id IN (SELECT current_id FROM messaging_template)"),
    Part(Plan),
    Part(Step),
    Part(Sequence),
    Part(SequencePlan, "t.sequence_id = %(sequence)s"),
    Part(SequenceView, "t.sequence_id = %(sequence)s"),
    Part(Run, "t.sequence_id = %(sequence)s"),
    Part(Enrollment, f"t.contact_id IN ({OF_PEOPLE})"),
    Part(StepRun, f"t.enrollment_id IN ({STAYS})"),
    Part(Addition, "t.sequence_id = %(sequence)s"),
)
"""In the order in which rows may point at others."""


@dataclass(frozen=True)
class Copied:
    """``people`` were copied; ``left_out`` more would have been concerned."""

    people: int
    left_out: int


def copy_into(scratch: Tenant, sequence: Sequence, *, now: datetime) -> Copied:
    """Copy a sequence of the tenant in use and whom it concerns into an empty tenant. In the caller's transaction.

    Messages are not copied: those that wait still are taken as sent.
    """
    people = gather(sequence, now=now)
    params = {"sequence": sequence.pk, "day": now.date() - ONE_DAY}
    for part in PARTS:
        columns = ", ".join(f"t.{column}" for column in part.columns)
        _keep(part.kept, f"SELECT {columns} FROM {table(part.model)} t WHERE {part.where}", params)
    _keep("forecast_waiting", WAITING, params)
    with use(scratch):
        for part in PARTS:
            _put(part)
        for part in PARTS:
            for column in part.later:
                _point(part, column)
        execute(
            "UPDATE sequences_steprun SET sent_at = %s WHERE id IN (SELECT step_run_id FROM forecast_waiting)",
            [now],
        )
    return people


def gather(sequence: Sequence, *, now: datetime) -> Copied:
    """Put those whom a sequence concerns into a temporary table: who is inside, was added, or matches now.

    Where addresses are unique, also those through whom they are refused. Somebody who will match only later is not
    among them.
    """
    newcomers = _newcomers(sequence, now)
    sets = [
        (0, Enrollment.objects.filter(sequence=sequence, state__in=INSIDE).order_by().values("contact_id")),
        (1, Addition.objects.filter(sequence=sequence).order_by().values("contact_id")),
        *([(2, newcomers)] if newcomers is not None else []),
    ]
    union, params = union_all(_ranked(rank, people) for rank, people in sets)
    execute("DROP TABLE IF EXISTS forecast_people")
    execute("CREATE TEMP TABLE forecast_people (id bigint PRIMARY KEY) ON COMMIT DROP")
    each = f"SELECT id, min(rank) AS rank FROM ({union}) found (id, rank) GROUP BY id"
    ((total,),) = rows(f"SELECT count(*) FROM ({each}) them", params)
    people = execute(
        f"INSERT INTO forecast_people SELECT id FROM ({each}) them ORDER BY rank, id LIMIT {MOST_PEOPLE}",
        params,
    )
    if sequence.unique_email:
        execute(
            f"""INSERT INTO forecast_people SELECT DISTINCT c.id FROM audience_contact c
                JOIN sequences_enrollment e ON e.contact_id = c.id AND e.sequence_id = %s
                WHERE c.email_norm IN (SELECT email_norm FROM audience_contact WHERE id IN ({OF_PEOPLE}))
                ON CONFLICT DO NOTHING""",
            [sequence.pk],
        )
    execute("ANALYZE forecast_people")
    return Copied(people, total - people)


def _newcomers(sequence: Sequence, now: datetime) -> QuerySet | None:
    """Who might come in by themselves; None where nobody does."""
    work = thought_of(sequence, now=now)
    asked = entry.by_themselves(work)
    if asked is None:
        return None
    way = entry.matching(work.sequence, asked)
    if sequence.reentry_days is None:
        way = way.filtered(refusals.may_come_again(work.sequence, work.today, way.column("pk")))
    return way.people.order_by().values(way.column("pk"))


def _ranked(rank: int, people: QuerySet) -> Sql:
    sql, params = compiled(people)
    return f"SELECT id, {rank} FROM ({sql}) one (id)", params


def _keep(name: str, sql: str, params: Mapping[str, Any]) -> None:
    """Lay what a SELECT finds under the tenant in use into a temporary table."""
    execute(f"DROP TABLE IF EXISTS {name}")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {sql}", params)


def _put(part: Part) -> None:
    columns = part.columns
    chosen = ", ".join("NULL" if column.strip('"') in part.later else column for column in columns)
    execute(f"INSERT INTO {table(part.model)} ({', '.join(columns)}) SELECT {chosen} FROM {part.kept}")


def _point(part: Part, column: str) -> None:
    execute(
        f"UPDATE {table(part.model)} t SET {column} = k.{column} FROM {part.kept} k "
        f"WHERE k.id = t.id AND k.{column} IS NOT NULL"
    )
