"""A sequence and the people it concerns, copied into a scratch tenant with the ids that they have.

Every key behind the wall begins with the tenant, so a copy keeps its ids and its references. A row of one tenant can
only be read under it and only be written under the other: in between it lies in a temporary table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from sequences.engine.planning import outgrown
from sequences.engine.questions import INSIDE
from sequences.engine.sql import Sql, compiled, execute, rows, table, union_all
from sequences.forecast.beside import MOST_BESIDE, beside, may_come_in, newcomers
from sequences.models import (
    Addition,
    Enrollment,
    Run,
    Sequence,
    SequencePlan,
    SequenceView,
    StepRun,
)
from steps.models import Plan, Step
from tenants.localtime import ONE_DAY
from tenants.models import Member, Role, Team, Tenant, TenantModel
from tenants.wall import use

MOST_PEOPLE = 20_000
"""More are not lived through: the first ones stand for all."""

MOST_OTHERS = 10_000
"""The same of people whom only other sequences concern."""

OF_PEOPLE = "SELECT id FROM forecast_people"
STAYS = f"SELECT id FROM sequences_enrollment WHERE contact_id IN ({OF_PEOPLE}) AND sequence_id = ANY(%(sequences)s)"
DEALS = f"""SELECT id FROM audience_opportunity WHERE contact_id IN ({OF_PEOPLE})
    UNION ALL SELECT opportunity_id FROM sequences_enrollment WHERE contact_id IN ({OF_PEOPLE})"""
WAITING = f"""SELECT step_run_id FROM messaging_message
    WHERE state IN ('pending', 'leased', 'sending') AND enrollment_id IN ({STAYS})"""


@dataclass(frozen=True)
class Part:
    """The rows of a table that are copied: those for which ``where`` is true of ``t``; %(sequences)s are those lived.

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
    Part(SequencePlan, "t.sequence_id = ANY(%(sequences)s)"),
    Part(SequenceView, "t.sequence_id = ANY(%(sequences)s)"),
    Part(Run, "t.sequence_id = ANY(%(sequences)s)"),
    Part(Enrollment, f"t.contact_id IN ({OF_PEOPLE})"),
    Part(StepRun, f"t.enrollment_id IN ({STAYS})"),
    Part(Addition, "t.sequence_id = ANY(%(sequences)s)"),
)
"""In the order in which rows may point at others."""


@dataclass(frozen=True)
class Copied:
    """``people`` were copied; ``left_out`` more would have been concerned.

    ``beside`` are other sequences that came along; ``others_left_out``: so many of their people, or of other sequences
    that share senders, did not.
    """

    people: int
    left_out: int
    beside: tuple[Sequence, ...] = ()
    others_left_out: int = 0


def copy_into(scratch: Tenant, sequence: Sequence, *, now: datetime) -> Copied:
    """Copy a sequence of the tenant in use and whom it concerns into an empty tenant. In the caller's transaction.

    Messages are not copied: those that wait still are taken as sent.
    """
    people = gather(sequence, now=now)
    lived = [sequence.pk, *(one.pk for one in people.beside)]
    params = {"sequences": lived, "day": now.date() - ONE_DAY}
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

    Where addresses are unique, also those through whom they are refused; and those of other sequences of the same
    senders. Somebody who will match only later is not among them.
    """
    execute("DROP TABLE IF EXISTS forecast_people")
    execute("CREATE TEMP TABLE forecast_people (id bigint PRIMARY KEY) ON COMMIT DROP")
    asked = newcomers(sequence, now=now)
    people, left_out = _put_in([sequence], [asked] if asked is not None else [], most=MOST_PEOPLE)
    if sequence.unique_email:
        execute(
            f"""INSERT INTO forecast_people SELECT DISTINCT c.id FROM audience_contact c
                JOIN sequences_enrollment e ON e.contact_id = c.id AND e.sequence_id = %s
                WHERE c.email_norm IN (SELECT email_norm FROM audience_contact WHERE id IN ({OF_PEOPLE}))
                ON CONFLICT DO NOTHING""",
            [sequence.pk],
        )
    found = beside(sequence)
    others, more = tuple(found[:MOST_BESIDE]), 0
    if others:
        _, more = _put_in(others, may_come_in(list(others), now=now), most=MOST_OTHERS)
    if rest := [one.pk for one in found[MOST_BESIDE:]]:
        more += Enrollment.objects.filter(sequence__in=rest, state__in=INSIDE).count()
    execute("ANALYZE forecast_people")
    return Copied(people, left_out, others, more)


def _put_in(sequences: Iterable[Sequence], asked: Iterable[QuerySet], *, most: int) -> tuple[int, int]:
    """Put in whom these sequences concern, but not twice; how many, and how many were too many."""
    inside = Enrollment.objects.filter(sequence__in=sequences, state__in=INSIDE)
    added = Addition.objects.filter(sequence__in=sequences)
    sets = [
        (0, inside.order_by().values("contact_id")),
        (1, added.order_by().values("contact_id")),
        *((2, newcomers) for newcomers in asked),
    ]
    union, params = union_all(_ranked(rank, people) for rank, people in sets)
    each = (
        f"SELECT id, min(rank) AS rank FROM ({union}) found (id, rank) "
        f"WHERE NOT EXISTS (SELECT FROM forecast_people p WHERE p.id = found.id) GROUP BY id"
    )
    ((total,),) = rows(f"SELECT count(*) FROM ({each}) them", params)
    put = execute(
        f"INSERT INTO forecast_people SELECT id FROM ({each}) them ORDER BY rank, id LIMIT {most}", params
    )
    return put, total - put


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
    put = execute(f"INSERT INTO {table(part.model)} ({', '.join(columns)}) SELECT {chosen} FROM {part.kept}")
    outgrown(part.model, put)


def _point(part: Part, column: str) -> None:
    execute(
        f"UPDATE {table(part.model)} t SET {column} = k.{column} FROM {part.kept} k "
        f"WHERE k.id = t.id AND k.{column} IS NOT NULL"
    )
