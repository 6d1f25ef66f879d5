"""Who comes in at a run (semantics 2.9 to 2.15): one statement, whatever the audience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from audience.models import Contact, Opportunity
from sequences import enrollment
from sequences.engine import refusals
from sequences.engine.due import Work
from sequences.engine.planning import as_sets, grown
from sequences.engine.questions import DEAL, PERSON, Paths
from sequences.engine.sql import compiled, execute, union_all
from sequences.models import Addition, Enrollment, Sequence, Status

NONE = Cast(Value(None), BigIntegerField())


@dataclass(frozen=True)
class Way:
    """A way in: a queryset of contacts or opportunities, and where it has which record."""

    people: QuerySet
    paths: Paths

    def column(self, name: str) -> str:
        """The path of a column of the contact."""
        return f"{self.paths['contact']}{name}"

    def filtered(self, *conditions: Any) -> Way:
        return Way(self.people.filter(*conditions), self.paths)


def admit(work: Work, *, first_key: str | None = None, only_by_hand: bool = False) -> int:
    """Let in whom the run admits; how many. An archived sequence admits nobody (semantics 2.1).

    ``first_key``: where their path begins. ``only_by_hand``: between the quarters of an adaptive sequence (5.3).
    """
    if work.sequence.status == Status.ARCHIVED:
        return 0
    if only_by_hand and not Addition.objects.filter(sequence=work.sequence).exists():
        return 0
    asked = by_themselves(work)
    has_added = take_additions(work, asked)
    ways = [
        *(() if only_by_hand else _by_conditions(work, asked, has_added)),
        *(_by_hand(work) if has_added else ()),
    ]
    if not ways:
        return 0
    sql, params = union_all(compiled(_columns(work, refusals.passed(work, way))) for way in ways)
    whom = _chosen(sql, has_added=has_added, is_unique=work.sequence.unique_email)
    with as_sets():
        entered = enrollment.admit(
            work.sequence, (whom, params), run=work.run, now=work.now, first_key=first_key
        )
    grown(Enrollment, entered)
    return entered


def _chosen(people: str, *, has_added: bool, is_unique: bool) -> str:
    """Everyone who passed, with who added them; of several with one address the first created (2.11).

    Empty addresses are not equal.
    """
    by, join = "NULL::bigint", ""
    if has_added:
        by, join = "a.by_id", "LEFT JOIN engine_added a ON a.contact_id = p.contact_id"
    one, order = "", "p.contact_id"
    if is_unique:
        address = "COALESCE(p.address, p.contact_id::text)"
        one, order = f"DISTINCT ON ({address})", f"{address}, p.contact_id"
    return f"""
        WITH p (contact_id, account_id, opportunity_id, address) AS ({people})
        SELECT {one} p.contact_id, p.account_id, p.opportunity_id, {by} AS by_id FROM p {join} ORDER BY {order}"""


def by_themselves(work: Work) -> Q | None:
    """Who comes in by conditions or views; None: nobody does (semantics 2.9)."""
    sequence, paths = work.sequence, paths_of(work.sequence)
    groups: list[Mapping[str, Any]] = [
        {"match": link.view.match, "conditions": link.view.conditions}
        for link in sequence.sequence_views.select_related("view").order_by("pk")
    ]
    if sequence.entry_conditions:
        groups.append({"match": sequence.entry_match, "conditions": sequence.entry_conditions})
    parts = [work.questions.of_people(work.questions.read(raw), paths) for raw in groups]
    if not parts:
        return None
    if not all(parts):  # a view without conditions is everyone
        return Q()
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


def paths_of(sequence: Sequence) -> Paths:
    return DEAL if sequence.record == "opportunity" else PERSON


def take_additions(work: Work, asked: Q | None) -> bool:
    """Take the waiting additions by hand out of the queue; whether there are any (semantics 2.13).

    What is added while the run lasts waits for the next one. An addition to an audience of opportunities comes through
    the first that matches, else the first, else none (2.15).
    """
    taken = execute(
        """WITH gone AS (DELETE FROM sequences_addition WHERE sequence_id = %s RETURNING contact_id, by_id)
           INSERT INTO engine_added SELECT contact_id, by_id FROM gone""",
        [work.sequence.pk],
    )
    if taken and work.sequence.record == "opportunity":
        matches = Case(When(asked, then=0), default=1) if asked else Value(0 if asked is not None else 1)
        deals = Opportunity.objects.filter(contact__in=_added("contact_id")).annotate(rank=matches)
        sql, params = compiled(deals.values("contact_id", "pk", "rank"))
        execute(
            f"""UPDATE engine_added a SET opportunity_id = f.id FROM (
                    SELECT DISTINCT ON (contact_id) contact_id, id FROM ({sql}) d (contact_id, id, rank)
                    ORDER BY contact_id, rank, id) f
                WHERE f.contact_id = a.contact_id""",
            params,
        )
    return bool(taken)


def _by_conditions(work: Work, asked: Q | None, has_added: bool) -> Iterator[Way]:
    if asked is None:
        return
    way = matching(work.sequence, asked)
    if has_added:
        way = way.filtered(~Q((f"{way.column('pk')}__in", _added("contact_id"))))
    yield way.filtered(refusals.may_come_again(work.sequence, work.today, way.column("pk")))


def matching(sequence: Sequence, asked: Q) -> Way:
    """Who matches, inside already or refused or not; each contact once (semantics 2.15)."""
    if sequence.record == "opportunity":
        deals = Opportunity.objects.filter(asked, contact__isnull=False)
        first = deals.order_by("contact_id", "pk").distinct("contact_id")
        return Way(Opportunity.objects.filter(pk__in=first.values("pk")), DEAL)
    way = Way(Contact.objects.filter(asked), PERSON)
    return way.filtered(Q(account__isnull=False)) if sequence.record == "account" else way


def _by_hand(work: Work) -> Iterator[Way]:
    if work.sequence.record == "opportunity":
        deals = Opportunity.objects.filter(pk__in=_added("opportunity_id", "opportunity_id IS NOT NULL"))
        yield Way(deals, DEAL).filtered(refusals.is_outside(work, "contact_id"))
    people = Contact.objects.filter(pk__in=_added("contact_id", "opportunity_id IS NULL"))
    yield Way(people, PERSON).filtered(refusals.is_outside(work, "pk"))


def _added(column: str, where: str = "true") -> RawSQL:
    return RawSQL(f"SELECT {column} FROM engine_added WHERE {where}", ())


def _columns(work: Work, way: Way) -> QuerySet:
    """contact_id, account_id, opportunity_id, address: through what a stay comes in, it keeps (semantics 2.15)."""
    is_account = work.sequence.record == "account"
    has_deal = way.paths is DEAL
    people = way.people.annotate(
        stay_contact=F(way.column("pk")),
        stay_account=F("account_id") if is_account else NONE,
        stay_opportunity=F("pk") if has_deal else NONE,
        address=F(way.column("email_norm")),
    )
    return people.values("stay_contact", "stay_account", "stay_opportunity", "address").order_by()
