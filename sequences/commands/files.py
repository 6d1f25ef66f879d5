"""Bringing sequences from a file into the workspace: as drafts of whoever brings them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Value

from audience.catalogue import catalogue
from audience.commands.views import save_view
from audience.fields import RECORDS
from audience.models import SavedView
from audience.saved import views_for
from messaging.commands.templates import is_name_free as is_template_name_free
from messaging.models import Template
from messaging.stops import advisory_key
from messaging.templating import save_template
from sequences.commands.editing import is_name_free, refuse_beyond_limit
from sequences.engine.sql import rows
from sequences.files.library import LONGEST_SEQUENCE, LONGEST_TEMPLATE, LONGEST_VIEW, Known, Library
from sequences.files.loading import World, load_sequence, stored_conditions
from sequences.files.specs import SequenceSpec, TemplateSpec, ViewSpec
from sequences.models import Sequence
from sequences.refusals import Refused
from tenants.commands import audit
from tenants.fields import Lowered
from tenants.models import Member
from tenants.naming import free_name
from tenants.policy import require
from tenants.wall import current_id

TRIES = 3
"""Files come in one after another; only a name that a page takes between the look and the taking costs a try."""


@dataclass(frozen=True)
class Arrival:
    """What a file would make: each part with the name it gets, and views and templates that are there already."""

    sequences: list[tuple[SequenceSpec, str]] = field(default_factory=list)
    templates: list[tuple[TemplateSpec, str]] = field(default_factory=list)
    views: list[tuple[ViewSpec, str]] = field(default_factory=list)
    same_templates: dict[str, Template] = field(default_factory=dict)
    same_views: dict[str, SavedView] = field(default_factory=dict)


def known_to(by: Member) -> Known:
    """What a file may name that somebody brings."""
    members = Member.objects.filter(is_active=True).values_list("user__email", flat=True)
    return Known(
        timezone=by.timezone,
        catalogue=catalogue(),
        reader=by.email,
        users=frozenset(email.casefold() for email in members),
        sequences=frozenset(Sequence.objects.values_list("name", flat=True)),
        templates=frozenset(_usable_templates(by)),
        views={name: view.record for name, view in _usable_views(by).items()},
    )


def arriving(library: Library, *, by: Member) -> Arrival:
    """What would become of a file now. What is there already with the same name and content is used."""
    found = Arrival()
    for template in library.templates:
        same = _same_template(template, by)
        if same:
            found.same_templates[template.name] = same
        else:
            taken = {name for _, name in found.templates}
            found.templates.append(
                (
                    template,
                    free_name(template.name, is_template_name_free, taken=taken, most=LONGEST_TEMPLATE),
                )
            )
    for view in library.views:
        same_view = _same_view(view, by)
        if same_view:
            found.same_views[view.name] = same_view
        else:
            taken = {name for _, name in found.views}
            is_free = partial(_is_view_free, view.record)
            found.views.append((view, free_name(view.name, is_free, taken=taken, most=LONGEST_VIEW)))
    for sequence in library.sequences:
        taken = {name for _, name in found.sequences}
        found.sequences.append(
            (sequence, free_name(sequence.name, is_name_free, taken=taken, most=LONGEST_SEQUENCE))
        )
    return found


def import_library(*, library: Library, by: Member, now: datetime) -> list[Sequence]:
    """Make everything that ``arriving`` says; the sequences, as drafts owned by ``by``. All of it or nothing.

    A name that somebody takes in the same moment is taken: another is found. Raises Refused beyond the limit of the
    role, CannotSave and TemplateRefused for views and templates.
    """
    require(by, "sequence.create")
    for _ in range(TRIES):
        with suppress(IntegrityError), transaction.atomic():
            rows("SELECT pg_advisory_xact_lock(%s)", [advisory_key(current_id(), "files", "")])
            return _brought_in(library, by, now)
    raise Refused("Others are making the same names at this moment. Try it again.")


def _brought_in(library: Library, by: Member, now: datetime) -> list[Sequence]:
    plan = arriving(library, by=by)
    members = {member.email: member for member in Member.objects.select_related("user")}
    world = World(
        members=members,
        templates=_usable_templates(by) | plan.same_templates,
        views=_usable_views(by) | plan.same_views,
    )
    for template, name in plan.templates:
        version = save_template(
            by=by, name=name, subject=template.subject, body=template.body, is_shared=False, now=now
        )
        world.templates[template.name] = version.template
    for view, name in plan.views:
        asked = {**_stored(view), "columns": [], "sort": ""}
        world.views[view.name] = save_view(
            by=by, record=view.record, name=name, is_shared=False, asked=asked, at=now
        )
    made = []
    for spec, name in plan.sequences:
        refuse_beyond_limit(by)
        one = load_sequence(world, replace(spec, name=name, owner=by.email), at=now)
        audit(by=by, verb="sequence.import", obj=one, at=now, name=name)
        made.append(one)
    return made


def _same_template(spec: TemplateSpec, by: Member) -> Template | None:
    named = _templates(by).filter(name_norm=Lowered(Value(spec.name)))
    return named.filter(current__subject=spec.subject, current__body=spec.body).first()


def _same_view(spec: ViewSpec, by: Member) -> SavedView | None:
    named = views_for(by, spec.record).filter(name_norm=Lowered(Value(spec.name)))
    stored = _stored(spec)
    return next((view for view in named if {key: getattr(view, key) for key in stored} == stored), None)


def _stored(spec: ViewSpec) -> dict[str, Any]:
    return {"match": spec.group.match, "conditions": stored_conditions(World(), spec.group)}


def _templates(by: Member) -> Any:
    mine = Q(is_shared=True) | Q(owner=by)
    return Template.objects.filter(mine, channel="email", archived_at=None).select_related("current")


def _usable_templates(by: Member) -> dict[str, Template]:
    return {template.name: template for template in _templates(by)}


def _usable_views(by: Member) -> dict[str, SavedView]:
    return {view.name: view for record in RECORDS for view in views_for(by, record)}


def _is_view_free(record: str, name: str) -> bool:
    return not SavedView.objects.filter(record=record, name_norm=Lowered(Value(name))).exists()
