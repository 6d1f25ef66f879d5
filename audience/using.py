"""What this floor keeps that names fields and values: saved views."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from audience.fields import Field
from audience.kinds import KINDS
from audience.models import SavedView
from audience.uses import Listed, Use, is_named, names


def views_of_field(field: Field) -> Iterator[Use]:
    """The saved views that ask for a field, show it or are sorted by it."""
    for view in SavedView.objects.order_by("pk"):
        shown = [*view.columns, view.sort.removeprefix("-")]
        if is_named(field, view.record, view.conditions) or any(names(field, view.record, n) for n in shown):
            yield Use("view", view.name, path_of(view))


def views_of_values(listed: Listed) -> Iterator[Use]:
    """The saved views that ask for values of a list."""
    for view in SavedView.objects.exclude(conditions=[]).order_by("pk"):
        if listed.is_asked(view.record, view.conditions):
            yield Use("view", view.name, path_of(view))


def path_of(view: SavedView) -> str:
    """The list that shows the view."""
    return f"{reverse(KINDS[view.record].pages)}?view={view.pk}"
