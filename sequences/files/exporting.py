"""Sequences of the tenant in use as a file that a workspace can read (semantics 6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from audience.catalogue import catalogue
from audience.conditions.parse import Group, Scope, parse_group
from audience.models import SavedView
from messaging.models import Template
from sequences.calendar import Schedule
from sequences.files.kinds import OPTIONS
from sequences.files.specs import (
    CONTACT_OWNER,
    OWNER,
    AudienceSpec,
    ExitSpec,
    SequenceSpec,
    StepSpec,
    TemplateSpec,
    ViewSpec,
)
from sequences.files.writing import dump, library_raw
from sequences.hours import WorkingHours
from sequences.models import SenderMode, Sequence
from sequences.refusals import Refused
from steps.models import Step


def export(sequences: Iterable[Sequence]) -> str:
    """The file of these sequences, with their views and templates. Raises Refused for one that is not complete."""
    found = list(sequences)
    steps = {s.pk: list(s.plan.steps.select_related("template__current")) for s in found}
    views = {link.view for s in found for link in s.sequence_views.select_related("view")}
    templates = {step.template for own in steps.values() for step in own if step.template}
    return dump(
        library_raw(
            [_view(view) for view in sorted(views, key=lambda view: view.pk)],
            [_template(template) for template in sorted(templates, key=lambda template: template.pk)],
            [_sequence(sequence, steps[sequence.pk]) for sequence in found],
        )
    )


def _view(view: SavedView) -> ViewSpec:
    return ViewSpec(view.name, view.record, _group(view.match, view.conditions, view.record))


def _template(template: Template) -> TemplateSpec:
    version = template.current
    return TemplateSpec(template.name, version.subject if version else "", version.body if version else "")


def _sequence(sequence: Sequence, steps: list[Step]) -> SequenceSpec:
    kinds = {step.key: step.kind for step in steps}
    start, end = sequence.window_start, sequence.window_end
    return SequenceSpec(
        name=sequence.name,
        kind=sequence.kind,
        schedule=_schedule(sequence),
        steps=_arm(sequence, steps, None, "", kinds),
        owner=sequence.owner.email,
        record=sequence.record,
        status=str(sequence.status),
        sender=_sender(sequence),
        description=sequence.description,
        tags=tuple(sequence.tags),
        audience=AudienceSpec(
            _group(sequence.entry_match, sequence.entry_conditions, sequence.record, kinds),
            tuple(link.view.name for link in sequence.sequence_views.select_related("view").order_by("pk")),
            sequence.unique_email,
            sequence.exclusive,
        ),
        exits=ExitSpec(
            _group(sequence.exit_match, sequence.exit_conditions, sequence.record, kinds),
            sequence.exit_all_steps,
            sequence.exit_replied,
            sequence.exit_unsubscribed,
            sequence.exit_bounced,
            sequence.exit_colleague_replied,
        ),
        out_of_office=sequence.out_of_office,
        reentry=sequence.reentry_days,
        recipient_window=(start, end) if start is not None and end is not None else None,
    )


def _schedule(sequence: Sequence) -> Schedule | WorkingHours:
    days = frozenset(date.fromisoformat(day) for day in sequence.holidays)
    if sequence.kind == "adaptive":
        opens, closes = sequence.hours_start or time(0), sequence.hours_end or time(0)
        return WorkingHours(opens, closes, sequence.timezone, sequence.exclude_weekends, days)
    if sequence.run_time is None:
        raise Refused(f"“{sequence.name}” has no time yet: choose one before it is written to a file.")
    every = sequence.every_days if sequence.kind == "smart" else 1
    return Schedule(sequence.run_time, sequence.timezone, every, sequence.exclude_weekends, days)


def _sender(sequence: Sequence) -> str:
    if sequence.sender_mode == SenderMode.MEMBER and sequence.sender:
        return sequence.sender.email
    return CONTACT_OWNER if sequence.sender_mode == SenderMode.CONTACT_OWNER else OWNER


def _arm(
    sequence: Sequence, steps: list[Step], parent: int | None, arm: str, kinds: dict[str, str]
) -> tuple[StepSpec, ...]:
    """The steps of an arm of a tree, or of the whole plan, in their order."""
    mine = [step for step in steps if step.parent_id == parent and step.arm == arm]
    return tuple(
        StepSpec(
            key=step.key,
            kind=step.kind,
            name=step.name,
            day=step.day,
            conditions=_group(step.match, step.conditions, sequence.record, kinds),
            options=_options(sequence, step),
            yes=_arm(sequence, steps, step.pk, "yes", kinds),
            no=_arm(sequence, steps, step.pk, "no", kinds),
            is_off=step.is_off,
        )
        for step in sorted(mine, key=lambda step: (step.day or 0, step.position, step.pk))
    )


def _options(sequence: Sequence, step: Step) -> dict[str, Any]:
    named = {"template": step.template.name} if step.template else {}
    template = OPTIONS[step.kind].get("template")
    if template and template.is_needed and not named:
        raise Refused(
            f"The step “{step.name or step.key}” of “{sequence.name}” has no template yet: "
            "choose one before it is written to a file."
        )
    return named | {key: value for key, value in step.settings.items() if value not in ("", None, [], {})}


def _group(
    match: str, conditions: list[dict[str, Any]], record: str, kinds: dict[str, str] | None = None
) -> Group:
    """A stored group with typed values. Raises Refused for one that cannot be read any more."""
    scope = Scope(record, catalogue(), kinds, is_open=True)
    found = parse_group({"match": match, "conditions": conditions}, scope)
    if isinstance(found, Group):
        return found
    raise Refused(f"A condition cannot be read any more: {'; '.join(map(str, found))}")
