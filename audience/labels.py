"""The tags of a workspace: which there are, on how many records, renamed and taken away everywhere.

Tags are found by stepping from one to the next in their index, not by reading a row of each record.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import OuterRef, Q, Value
from django.db.models.expressions import Exists

from audience.fields import ACCOUNT, CONTACT
from audience.records import TAGS
from tenants.fields import Lowered

RECORDS = (CONTACT, ACCOUNT)
PAGE = 100
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Label:
    """One tag: ``label`` as it is spelled most lately, ``norm`` as it is compared, how many contacts and companies."""

    norm: str
    label: str
    contacts: int
    companies: int


def labels_after(norm: str = "", *, begins: str = "", count: int = PAGE) -> list[str]:
    """The tags in use in their order, from one onward, as they are compared; those that begin so."""
    found: set[str] = set()
    for record in RECORDS:
        found.update(_steps(TAGS[record]._meta.db_table, norm, begins, count))
    return sorted(found)[:count]


def _steps(table: str, norm: str, begins: str, count: int) -> list[str]:
    """A loose scan: each step is one look into the index."""
    next_one = f"""SELECT label_norm FROM {table} WHERE label_norm > {{after}} AND label_norm ^@ %(begins)s
                   AND field_id IS NULL ORDER BY label_norm LIMIT 1"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE step (norm, n) AS (
                    (SELECT ({next_one.format(after="%(norm)s")}), 1)
                    UNION ALL
                    SELECT ({next_one.format(after="step.norm")}), n + 1 FROM step
                    WHERE step.norm IS NOT NULL AND n < %(count)s
                ) SELECT norm FROM step WHERE norm IS NOT NULL""",
            {"norm": norm, "begins": begins, "count": count},
        )
        return [norm for (norm,) in cursor.fetchall()]


def told(norms: list[str]) -> list[Label]:
    """Spelling and numbers of tags; of more than 10,000 records it is said that they are at least so many."""
    return [Label(norm, _spelling(norm), _count(CONTACT, norm), _count(ACCOUNT, norm)) for norm in norms]


def _spelling(norm: str) -> str:
    for record in RECORDS:
        rows = TAGS[record].objects.filter(field=None, label_norm=norm)
        if label := rows.values_list("label", flat=True).first():
            return str(label)
    return norm


def _count(record: str, norm: str) -> int:
    return int(TAGS[record].objects.filter(field=None, label_norm=norm)[: MOST_COUNTED + 1].count())


def rename(norm: str, label: str) -> int:
    """Spell a tag otherwise everywhere; where a record has the other one already they become one. How many records."""
    changed = 0
    for record in RECORDS:
        model = TAGS[record]
        mine = model.objects.filter(field=None, label_norm=norm)
        other = model.objects.filter(field=None, record=OuterRef("record"), label_norm=Lowered(Value(label)))
        changed += mine.count()
        if lowered_of(label) != norm:
            mine.filter(Q(Exists(other))).delete()
        mine.update(label=label)
    return changed


def remove(norm: str) -> int:
    """Take a tag from every record; from how many."""
    return sum(TAGS[record].objects.filter(field=None, label_norm=norm).delete()[0] for record in RECORDS)


def lowered_of(label: str) -> str:
    """A label as it is compared."""
    from audience.catalogue import lowered

    return lowered([label])[label]
