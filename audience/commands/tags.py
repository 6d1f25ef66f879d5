"""Verbs on the tags of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from audience import labels, signals, uses
from audience.fields import LONGEST
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.policy import require
from tenants.wall import current_id

FIELDS = ("contact.tags", "account.tags")


class TagInUse(ValueError):
    """The tag cannot be taken away; the message, fit for a person, says what asks for it."""


class CannotRename(ValueError):
    """The tag cannot be called so; the message is fit for a person."""


@transaction.atomic
def rename_tag(*, by: Member, norm: str, label: str, at: datetime) -> int:
    """Call a tag otherwise on all records; one that there is already takes it in. Conditions that name it follow.

    Raises CannotRename.
    """
    require(by, "tag.manage")
    wanted = " ".join(label.split())
    if not wanted or "," in wanted or ";" in wanted:
        raise CannotRename("A tag needs a name, without commas and semicolons.")
    if len(wanted) > LONGEST:
        raise CannotRename(f"A tag may have {LONGEST} characters.")
    count = labels.rename(norm, wanted)
    signals.tag_renamed.send(sender=Tenant, before=norm, after=wanted)
    audit(by=by, verb="tag.rename", obj=_tenant(), at=at, before=norm, after=wanted, records=count)
    return count


@transaction.atomic
def remove_tag(*, by: Member, norm: str, at: datetime) -> int:
    """Take a tag from all records; from how many. Raises TagInUse.

    Who has it no more matches *has none of* at once: sequences would let everybody in.
    """
    require(by, "tag.manage")
    if found := uses_of([norm]):
        raise TagInUse(f"It is used by {uses.named(found)}. Take it out there first.")
    count = labels.remove(norm)
    audit(by=by, verb="tag.remove", obj=_tenant(), at=at, tag=norm, records=count)
    return count


def uses_of(norms: Iterable[str]) -> list[uses.Use]:
    """What asks for one of these tags."""
    return uses.of_values(uses.Listed.of(FIELDS, norms))


def _tenant() -> Tenant:
    return Tenant.objects.get(pk=current_id())
