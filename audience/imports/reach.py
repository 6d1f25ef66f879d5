"""What the member who imports may change: a file opens no record that its sender could not edit by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from audience.records import MODELS
from tenants.models import Member
from tenants.policy import scope, visible
from tenants.roles import ALL

EDIT = "record.edit"
BEYOND = "known already, and your role does not let you change it"


@dataclass(frozen=True)
class Reach:
    """How far an import reaches among records of one kind. ``by`` is None for the command: it reaches all."""

    kind: str
    by: Member | None

    @property
    def owner(self) -> int | None:
        """Whose new records are of which the file names no owner: without one, who made them could not edit them."""
        return self.by.pk if self.by and scope(self.by, EDIT) != ALL else None

    def beyond(self, ids: Collection[int]) -> set[int]:
        """Those of the records that must stay as they are."""
        if self.owner is None or self.by is None:
            return set()
        mine = visible(self.by, EDIT, MODELS[self.kind].objects.filter(pk__in=set(ids)))
        return set(ids).difference(mine.values_list("pk", flat=True))
