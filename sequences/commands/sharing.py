"""Who else may look at a sequence (F-09): nobody, everyone, or some members and teams. Looking, not changing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from sequences.commands.planning import locked
from sequences.models import Sequence, SequenceShare
from sequences.refusals import Refused
from tenants.commands import audit
from tenants.models import Member, Team
from tenants.policy import require

ME, EVERYONE, SELECTED = "me", "everyone", "selected"


def shared_how(sequence: Sequence) -> str:
    """``me``, ``everyone`` or ``selected``."""
    if sequence.is_shared:
        return EVERYONE
    return SELECTED if sequence.shares.exists() else ME


@transaction.atomic
def share(
    *,
    sequence: Sequence,
    how: str,
    members: Collection[Member] = (),
    teams: Collection[Team] = (),
    by: Member,
    now: datetime,
) -> bool:
    """Let exactly these view and clone it from now on; whether that changed anything.

    Raises Refused where nobody was selected.
    """
    require(by, "sequence.share", sequence)
    assert how in (ME, EVERYONE, SELECTED), how
    locked(sequence)
    wanted: set[tuple[int | None, int | None]] = {
        (member.pk, None) for member in members if member.pk != sequence.owner_id
    }
    wanted |= {(None, team.pk) for team in teams}
    if how == SELECTED and not wanted:
        raise Refused("Choose at least one member or team, or share it with nobody.", "members")
    wanted = wanted if how == SELECTED else set()
    shares = SequenceShare.objects.filter(sequence=sequence)
    had: set[Any] = set(shares.values_list("member_id", "team_id"))
    if had == wanted and sequence.is_shared == (how == EVERYONE):
        return False
    shares.delete()
    SequenceShare.objects.bulk_create(
        SequenceShare(sequence=sequence, member_id=member, team_id=team) for member, team in wanted
    )
    before = {"everyone": sequence.is_shared, "with": sorted(map(str, had))}
    sequence.is_shared = how == EVERYONE
    sequence.save(update_fields=["is_shared"])
    after = {"everyone": sequence.is_shared, "with": sorted(map(str, wanted))}
    audit(by=by, verb="sequence.share", obj=sequence, at=now, before=before, after=after)
    return True
