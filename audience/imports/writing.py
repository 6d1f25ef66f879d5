"""Entries of a batch into the database, by sets: found or new, companies made, one INSERT and one UPDATE.

Rows are copied to a temporary table first: behind the wall COPY into the table itself is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from audience import derived
from audience.catalogue import column_of, lowered
from audience.conditions.types import FieldType
from audience.fields import CONTACT, Field
from audience.imports.cells import normalised
from audience.imports.choices import met_and_added
from audience.imports.entries import Entry
from audience.imports.identity import accounts_named, found, keys_of, known_as
from audience.imports.reach import Reach
from audience.models import Account, Contact, ContactAddress, CustomField, ImportJob
from audience.models.records import home_region
from audience.records import MODELS, TAGS

ONLY_NEW = {"email", "email_norm", "name", "created_at"}
"""What an update leaves as it is."""
NUMBERS = ("mobile", "phone", "country")
FEW = 10_000
"""Rows: of a table that had more when it was last looked at, the planner's plans hold while it grows."""


@dataclass
class Counts:
    """What became of the entries of a batch."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    beyond: list[Entry] = field(default_factory=list)
    """Of records that the import does not reach."""
    ids: set[int] = field(default_factory=set)
    """Of the records that are made, or known already and within reach."""


@dataclass
class Batch:
    """The entries of one kind of record. ``fields`` are those that the import fills, ``at`` when new records arrive."""

    kind: str
    on_duplicate: str
    fields: list[Field]
    at: datetime
    reach: Reach
    counts: Counts = field(default_factory=Counts)
    new: dict[int, Entry] = field(default_factory=dict)
    known: dict[int, Entry] = field(default_factory=dict)

    def write(self, entries: list[Entry]) -> Counts:
        """Create and update the records that the entries speak of, in their order."""
        if entries:
            self._sort(entries)
            self._own()
            self._spell()
            self._place()
            if self.kind == CONTACT:
                self._derive()
            columns = self._columns()
            rows = [
                [is_new, pk, *map(entry.values.get, columns)]
                for is_new, entries_ in ((True, self.new), (False, self.known))
                for pk, entry in entries_.items()
            ]
            _put(MODELS[self.kind]._meta.db_table, columns, rows, self.at, has_known=bool(self.known))
            self._add_labels()
            if self.kind == CONTACT:
                self._add_addresses()
            _have_counted(*(model._meta.db_table for model in (MODELS[self.kind], Account, ContactAddress)))
        return self.counts

    # 1. Who is it?

    def _sort(self, entries: list[Entry]) -> None:
        """Which entries make a record and which change one; several about one record become one."""
        ids = _next_ids(MODELS[self.kind]._meta.db_table, len(entries))
        keys = keys_of(self.kind, entries)
        known = {} if self.on_duplicate == ImportJob.CREATE else found(self.kind, set(keys.values()))
        beyond = self.reach.beyond(known.values()) if self.on_duplicate == ImportJob.UPDATE else set()
        for entry, fresh in zip(entries, ids, strict=True):
            key = keys[entry.identity] if entry.identity else None
            pk = known.get(key) if key else None
            if pk is None:
                self.new[fresh] = entry
                self.counts.created += 1
                if self.on_duplicate != ImportJob.CREATE:
                    known |= dict.fromkeys(known_as(key, entry), fresh)
            elif self.on_duplicate == ImportJob.SKIP:
                self.counts.skipped += 1
            elif pk in beyond:
                self.counts.beyond.append(entry)
                continue
            else:
                self._change(pk, entry)
                self.counts.updated += 1
            self.counts.ids.add(pk or fresh)

    def _change(self, pk: int, entry: Entry) -> None:
        earlier = self.new.get(pk) or self.known.get(pk)
        if earlier:
            earlier.take(entry)
        else:
            self.known[pk] = entry

    # 2. With what values?

    def _own(self) -> None:
        """Give new records their owner where the file names none."""
        if self.reach.owner:
            for entry in self.new.values():
                entry.values.setdefault("owner", self.reach.owner)

    def _spell(self) -> None:
        """Let open lists grow, and spell their values as they do."""
        for field_ in self.fields:
            if field_.type is FieldType.CHOICE and not field_.choices:
                filled = [entry.values for _, entry in self._all() if field_.key in entry.values]
                spelling = met_and_added(field_, [values[field_.key] for values in filled])
                for values in filled:
                    values[field_.key] = spelling[values[field_.key]]

    def _place(self) -> None:
        """Give the entries their companies, found by name without case, or made."""
        placed = [entry for _, entry in self._all() if entry.account]
        folded = lowered({entry.account for entry in placed})
        known = accounts_named(set(folded.values()))
        missing: dict[str, str] = {}
        for entry in placed:
            if folded[entry.account] not in known:
                missing.setdefault(folded[entry.account], entry.account)
        known |= _make_accounts(list(missing.values()), self.at)
        for entry in placed:
            entry.values["account"] = known[folded[entry.account]]

    def _derive(self) -> None:
        """Work out the columns of contacts that follow from others; of known ones also from what they have."""
        for entry in self.new.values():
            entry.values["email_norm"] = normalised(entry.values.get("email", ""))
        if not self._numbers:
            return
        region = home_region()
        had = Contact.objects.filter(pk__in=self.known).values("pk", *NUMBERS) if self.known else ()
        before = {row["pk"]: row for row in had}
        for pk, entry in self._all():
            had_before, says = before.get(pk, {}), entry.values.get
            mobile, phone, country = (says(key) or had_before.get(key, "") for key in NUMBERS)
            entry.values["sms_number"] = derived.sms_number(mobile, phone, country, region)

    @property
    def _numbers(self) -> bool:
        return any(field_.key in NUMBERS for field_ in self.fields)

    def _columns(self) -> dict[str, str]:
        """Key of each field that stands in a column → the column; with those that follow from others."""
        columns = {f.key: column_of(f) for f in self.fields if f.type is not FieldType.TAGS}
        if self.kind == CONTACT:
            columns |= {"email": "email", "email_norm": "email_norm"}
            columns |= {"sms_number": "sms_number"} if self._numbers else {}
        columns |= {"owner": "owner_id"} if self.reach.owner else {}
        return columns | {"created_at": "created_at"}

    def _all(self) -> list[tuple[int, Entry]]:
        return [*self.new.items(), *self.known.items()]

    # 3. What hangs on them

    def _add_labels(self) -> None:
        custom = dict(CustomField.objects.filter(record=self.kind).values_list("key", "pk"))
        rows = (
            TAGS[self.kind](record_id=pk, field_id=custom.get(key), label=label)
            for pk, entry in self._all()
            for key, labels in entry.labels.items()
            for label in labels
        )
        TAGS[self.kind].objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)

    def _add_addresses(self) -> None:
        more = [(pk, entry) for pk, entry in self._all() if entry.further]
        ids = [pk for pk, _ in more]
        primary = dict(Contact.objects.filter(pk__in=ids).values_list("pk", "email_norm"))
        rows = []
        for pk, entry in more:
            for email in entry.further:
                normal = normalised(email)
                if normal and normal != primary[pk]:
                    rows.append(ContactAddress(contact_id=pk, email=email, email_norm=normal))
        ContactAddress.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)


def _make_accounts(names: list[str], at: datetime) -> dict[str, int]:
    """Make companies of these names, in their order: lowered name → id. Not by the ORM: it would name every slot."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Account._meta.db_table} (name, created_at) SELECT name, %s "
            "FROM jsonb_array_elements_text(%s) WITH ORDINALITY AS n (name, place) ORDER BY place "
            "RETURNING name_norm, id",
            [at, json.dumps(names)],
        )
        return dict(cursor.fetchall())


def _have_counted(*tables: str) -> None:
    """Have tables looked at of which the planner knows next to nothing, before the next batch asks them.

    One that was empty when it was last looked at is taken for empty still: each address is looked for in all rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r' AND reltuples < %s "
            "AND pg_table_is_visible(oid) AND pg_relation_size(oid) > 0",
            [list(tables), FEW],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(table)}")


def _next_ids(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(nextval(ids.of)) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass OFFSET 0) "
            "AS ids (of), generate_series(1, %s)",
            [table, count],
        )
        (ids,) = cursor.fetchone()
        return sorted(ids)


def _put(
    table: str, columns: Mapping[str, str], rows: list[list[Any]], at: datetime, *, has_known: bool
) -> None:
    """Copy the rows (is it new, id, values) aside, insert the new ones in their order, update the others."""
    names = [connection.ops.quote_name(name) for name in columns.values()]
    listed = ", ".join(names)
    settable = [name for key, name in zip(columns, names, strict=True) if key not in ONLY_NEW]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_stage")
        cursor.execute(
            "CREATE TEMPORARY TABLE import_stage ON COMMIT DROP AS "
            f"SELECT true AS is_new, id, {listed} FROM {table} WITH NO DATA"
        )
        with cursor.copy(f"COPY import_stage (is_new, id, {listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        filled = ", ".join(f"COALESCE(s.{name}, {_otherwise(table, name)})" for name in names)
        cursor.execute(
            f"INSERT INTO {table} (id, {listed}) SELECT s.id, {filled} FROM import_stage s "
            "WHERE s.is_new ORDER BY s.id",
            {"at": at},
        )
        if settable and has_known:
            # Locks in the order of ids, as everywhere.
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE id IN "
                "(SELECT id FROM import_stage WHERE NOT is_new) ORDER BY id FOR NO KEY UPDATE) AS locked"
            )
            # What a row leaves empty stays as it is; the number for SMS was worked out anew.
            changes = ", ".join(
                f"{name} = s.{name}" if name == '"sms_number"' else f"{name} = COALESCE(s.{name}, r.{name})"
                for name in settable
            )
            cursor.execute(
                f"UPDATE {table} r SET {changes} FROM import_stage s WHERE r.id = s.id AND NOT s.is_new"
            )


def _otherwise(table: str, name: str) -> str:
    """What a new row has where the file says nothing."""
    if name == '"created_at"':
        return "%(at)s"
    model = next(model for model in MODELS.values() if model._meta.db_table == table)
    column = next(f for f in model._meta.concrete_fields if f.column == name.strip('"'))
    return "NULL" if column.null else "''"
