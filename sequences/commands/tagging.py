"""Verbs on the tags of all sequences: a path is called otherwise, or taken away, with all that stands under it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from sequences import tags
from sequences.models import Sequence
from tenants.commands import audit
from tenants.models import Member, Tenant
from tenants.policy import require
from tenants.wall import current_id


@transaction.atomic
def rename_tag(*, by: Member, tag: str, name: str, now: datetime) -> int:
    """Call a tag, and the beginning of all under it, otherwise; one that there is takes it in. Of how many sequences.

    Raises tags.WrongTag.
    """
    require(by, "tag.manage")
    wanted = tags.read(name)
    if not wanted:
        raise tags.WrongTag("A tag needs a name.")
    if tags.is_under(wanted, tag) and wanted.casefold() != tag.casefold():
        raise tags.WrongTag(f"“{tag}” cannot stand under itself.")
    return _changed(by, tag, lambda one: tags.read(wanted + one[len(tag) :]), now, to=wanted)


@transaction.atomic
def remove_tag(*, by: Member, tag: str, now: datetime) -> int:
    """Take a tag, and all under it, from every sequence; from how many."""
    require(by, "tag.manage")
    return _changed(by, tag, lambda one: "", now, to="")


def _changed(by: Member, tag: str, become: Callable[[str], str], now: datetime, *, to: str) -> int:
    rows = list(Sequence.objects.exclude(tags=[]).order_by("pk").select_for_update(no_key=True, of=("self",)))
    meant = []
    for row in rows:
        found = [become(one) if tags.is_under(one, tag) else one for one in row.tags]
        if found != row.tags:
            spelled = {one.casefold(): one for one in row.tags if one in found}
            row.tags = list(
                {one.casefold(): spelled.get(one.casefold(), one) for one in found if one}.values()
            )
            meant.append(row)
    known = [one for row in rows if row not in meant for one in row.tags]
    tags.require_room(known, [one for row in meant for one in row.tags])
    Sequence.objects.bulk_update(meant, ["tags"])
    if meant:
        tenant = Tenant.objects.get(pk=current_id())
        audit(by=by, verb="sequence.tags", obj=tenant, at=now, before=tag, after=to, sequences=len(meant))
    return len(meant)
