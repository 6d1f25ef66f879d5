"""Verbs on saved views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Value

from audience import uses
from audience.models import SavedView
from audience.saved import may_change
from tenants.commands import audit
from tenants.fields import Lowered
from tenants.models import Member
from tenants.policy import require

LONGEST_NAME = 100
KEPT = ("match", "conditions", "columns", "sort")


class CannotSave(ValueError):
    """The view cannot be kept or deleted as it was asked; the message is fit for a person."""


@transaction.atomic
def save_view(
    *, by: Member, record: str, name: str, is_shared: bool, asked: Mapping[str, Any], at: datetime
) -> SavedView:
    """Keep what a list shows (``match``, ``conditions``, ``columns``, ``sort``) under a name. Raises CannotSave."""
    require(by, "record.view")
    view = SavedView(record=record, owner=by, name=_free(record, name), is_shared=is_shared)
    for key in KEPT:
        setattr(view, key, asked[key])
    view.save()
    audit(by=by, verb="view.save", obj=view, at=at, name=view.name, shared=is_shared)
    return view


@transaction.atomic
def change_view(
    *,
    by: Member,
    view: SavedView,
    name: str,
    is_shared: bool,
    at: datetime,
    asked: Mapping[str, Any] | None = None,
) -> None:
    """Rename or share a view, or keep another question in it; sequences ask the new one from their next run on."""
    _require(by, view)
    view.name, view.is_shared = _free(view.record, name, but=view), is_shared
    for key in KEPT if asked else ():
        setattr(view, key, asked[key] if asked else None)
    view.save()
    audit(by=by, verb="view.change", obj=view, at=at, name=view.name, shared=is_shared, asked=bool(asked))


@transaction.atomic
def delete_view(*, by: Member, view: SavedView, at: datetime) -> None:
    """Raises CannotSave where a sequence takes people from it."""
    _require(by, view)
    if found := uses.of_view(view.pk):
        takes = "takes" if len(found) == 1 else "take"
        raise CannotSave(
            f"“{view.name}” stays: {uses.named(found)} {takes} people from it. Take it out there first."
        )
    audit(by=by, verb="view.delete", obj=view, at=at, name=view.name)
    view.delete()


def used_by(view: SavedView) -> Sequence[uses.Use]:
    return uses.of_view(view.pk)


def _require(by: Member, view: SavedView) -> None:
    if not may_change(by, view):
        raise PermissionDenied("Only its owner changes a view.")


def _free(record: str, name: str, but: SavedView | None = None) -> str:
    found = " ".join(name.split())
    if not found:
        raise CannotSave("A view needs a name.")
    if len(found) > LONGEST_NAME:
        raise CannotSave(f"A name may have {LONGEST_NAME} characters.")
    same = SavedView.objects.filter(record=record, name_norm=Lowered(Value(found)))
    if (same.exclude(pk=but.pk) if but else same).exists():
        raise CannotSave(f"There is a view “{found}” already.")
    return found
