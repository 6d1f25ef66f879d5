"""Verbs on records and the suppression list, each with its line in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audience import records, suppression
from audience.addresses import normalise_address
from audience.fields import ACCOUNT
from audience.models import Account, Contact, ContactAddress, Suppression
from audience.records import Record
from tenants.commands import audit
from tenants.models import Member
from tenants.policy import require


@transaction.atomic
def create_record(
    *, by: Member, kind: str, values: Mapping[str, Any], at: datetime, further: Iterable[str] = ()
) -> Record:
    """A new contact or company, with typed values by key (audience.values.stored) and further e-mail addresses."""
    require(by, "record.edit")
    made = records.create(kind, values, at=at)
    set_further(made, further)
    audit(by=by, verb="record.create", obj=made, at=at)
    return made


@transaction.atomic
def change_record(
    *,
    by: Member,
    record: Record,
    values: Mapping[str, Any],
    at: datetime,
    further: Iterable[str] | None = None,
) -> None:
    """Set the fields that are given; ``further`` replaces the further addresses. The log keeps what was set."""
    require(by, "record.edit", record)
    for key, value in values.items():
        records.set_field(record, key, value, at=at)
    if further is not None:
        set_further(record, further)
    if values or further is not None:
        audit(
            by=by,
            verb="record.change",
            obj=record,
            at=at,
            set={key: str(value) for key, value in values.items()},
        )


def set_further(record: Record, emails: Iterable[str]) -> None:
    """Give a contact exactly these further addresses; its own one is none of them."""
    if not isinstance(record, Contact):
        return
    wanted = {normal: email for email in emails if (normal := normalise_address(email))}
    wanted.pop(record.email_norm or "", None)
    mine = ContactAddress.objects.filter(contact=record)
    mine.exclude(email_norm__in=wanted).delete()
    ContactAddress.objects.bulk_create(
        (ContactAddress(contact=record, email=email, email_norm=normal) for normal, email in wanted.items()),
        ignore_conflicts=True,
    )


def company_named(name: str, *, at: datetime) -> Account | None:
    """The oldest company of this name, without case and trimmed, made if there is none; None for a blank name."""
    name = name.strip()
    if not name:
        return None
    found = Account.objects.filter(name_norm=records.folded(name)).order_by("pk").first()
    if found:
        return found
    made = records.create(ACCOUNT, {"name": name}, at=at)
    assert isinstance(made, Account)
    return made


@transaction.atomic
def suppress(*, by: Member, channel: str, address: str, at: datetime, region: str | None = None) -> bool:
    """Put an address or number on the suppression list by hand; False when it is there already.

    Raises audience.suppression.NoAddress.
    """
    require(by, "suppression.add")
    normal = suppression.normalised(channel, address, region)
    if not suppression.suppress_all(
        channel, [normal], reason=Suppression.UNSUBSCRIBED, source="person", at=at
    ):
        return False
    row = Suppression.objects.get(channel=channel, address_norm=normal, reason=Suppression.UNSUBSCRIBED)
    audit(by=by, verb="suppression.add", obj=row, at=at, address=normal)
    return True
