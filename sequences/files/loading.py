"""Putting what a file describes into the tenant in use: for simulations and for the demonstration.

Sequences arrive as drafts; who loads decides when they are activated. Nothing here asks for permissions: who may load a
file is asked by the command or page that does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from audience import records
from audience.catalogue import catalogue, make_field
from audience.conditions.parse import Condition, Group
from audience.conditions.types import FieldType
from audience.fields import Field
from audience.models import SavedView
from messaging.liquid import analyse
from messaging.models import Mailbox, Template, TemplateVersion
from sequences.calendar import Schedule
from sequences.files.records import ROLES
from sequences.files.specs import (
    CONTACT_OWNER,
    OWNER,
    RecordSpec,
    Scenario,
    SequenceSpec,
    StepSpec,
    TemplateSpec,
    UserSpec,
    ViewSpec,
)
from sequences.hours import WorkingHours
from sequences.models import SenderMode, Sequence, SequencePlan, SequenceView
from steps.models import Plan, Step
from tenants.commands import add_member
from tenants.models import Member


@dataclass
class World:
    """What was loaded, by the names of the file."""

    members: dict[str, Member] = field(default_factory=dict)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    views: dict[str, SavedView] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)

    def contact_names(self) -> dict[int, str]:
        """Ids of contacts to their names in the file."""
        return {pk: name for (record, name), pk in self.ids.items() if record == "contact"}


def load(scenario: Scenario, *, at: datetime, password: str | None = None) -> World:
    """The whole of a file except its timeline, as of ``at``."""
    world = World()
    for custom in scenario.custom_fields:
        _ensure_field(custom)
    for user in scenario.users:
        world.members[user.email] = _member(user, password)
    for spec in (*scenario.accounts, *scenario.contacts, *scenario.opportunities):
        load_record(world, spec, at=at)
    for template in scenario.templates:
        world.templates[template.name] = save_template(template, at=at)
    for view in scenario.views:
        world.views[view.name] = _view(world, view)
    for sequence in scenario.sequences:
        world.sequences[sequence.name] = load_sequence(world, sequence, at=at)
    return world


def _ensure_field(custom: Field) -> None:
    if catalogue().get(custom.record, custom.key) is None:
        make_field(custom.record, custom.key, custom.type, label=custom.label)


def _member(user: UserSpec, password: str | None) -> Member:
    member = add_member(
        email=user.email,
        name=user.name,
        role=ROLES[user.role],
        password=password,
        timezone=user.timezone.key,
        emails_per_day=user.emails_per_day,
        signature=user.signature,
    )
    Mailbox.objects.create(member=member, name=user.name, email=user.email, smtp_host="localhost")
    return member


def load_record(world: World, spec: RecordSpec, *, at: datetime) -> int:
    """One record that arrives at ``at``; its id in the database. References are ids of the file."""
    values: dict[str, Any] = {}
    known = catalogue()
    for key, value in spec.values.items():
        field = known.get(spec.record, key)
        is_reference = field is not None and field.type is FieldType.REFERENCE
        values[key] = world.ids[(key, str(value))] if is_reference else value
    made = records.create(spec.record, values, at=at, known=known)
    world.ids[(spec.record, spec.id)] = made.pk
    return made.pk


def save_template(spec: TemplateSpec, *, at: datetime) -> Template:
    """A template, or the next version of the one with this name.

    A field that stands in templates only is one that is empty everywhere (semantics 6.5), so every name is known.
    """
    known = known_paths()
    used = analyse(spec.subject, spec.body, known).used
    analysis = analyse(spec.subject, spec.body, known | used)
    assert not analysis.faults, analysis.faults
    template = Template.objects.filter(name=spec.name).first() or Template.objects.create(name=spec.name)
    template.current = TemplateVersion.objects.create(
        template=template,
        number=template.versions.count() + 1,
        subject=spec.subject,
        body=spec.body,
        needed=sorted(analysis.needed),
        made_at=at,
    )
    template.save(update_fields=["current"])
    return template


def known_paths() -> frozenset[str]:
    """All fields that a template of the tenant in use may name, as full paths."""
    return frozenset(f"{known.record}.{known.key}" for known in catalogue())


def _view(world: World, spec: ViewSpec) -> SavedView:
    return SavedView.objects.create(
        name=spec.name,
        record=spec.record,
        match=spec.group.match,
        conditions=stored_conditions(world, spec.group),
        is_shared=True,
    )


def load_sequence(world: World, spec: SequenceSpec, *, at: datetime) -> Sequence:
    """A draft as the file describes it."""
    plan = load_plan(world, spec.steps, at=at)
    sequence = Sequence.objects.create(
        name=spec.name,
        description=spec.description,
        tags=list(spec.tags),
        owner=world.members[spec.owner],
        kind=spec.kind,
        record=spec.record,
        plan=plan,
        entry_match=spec.audience.group.match,
        entry_conditions=stored_conditions(world, spec.audience.group),
        unique_email=spec.audience.unique_email,
        exclusive=spec.audience.exclusive,
        reentry_days=spec.reentry,
        exit_all_steps=spec.exits.all_steps,
        exit_replied=spec.exits.replied,
        exit_unsubscribed=spec.exits.unsubscribed,
        exit_bounced=spec.exits.bounced,
        exit_colleague_replied=spec.exits.colleague_replied,
        exit_match=spec.exits.group.match,
        exit_conditions=stored_conditions(world, spec.exits.group),
        out_of_office=spec.out_of_office,
        created_at=at,
        edited_at=at,
        **_sender(world, spec.sender),
        **schedule_fields(spec.schedule),
        **_window(spec),
    )
    SequencePlan.objects.create(sequence=sequence, plan=plan)
    SequenceView.objects.bulk_create(
        SequenceView(sequence=sequence, view=world.views[name]) for name in spec.audience.views
    )
    return sequence


def _sender(world: World, sender: str) -> dict[str, Any]:
    if sender == OWNER:
        return {"sender_mode": SenderMode.OWNER}
    if sender == CONTACT_OWNER:
        return {"sender_mode": SenderMode.CONTACT_OWNER}
    return {"sender_mode": SenderMode.MEMBER, "sender": world.members[sender]}


def schedule_fields(schedule: Schedule | WorkingHours) -> dict[str, Any]:
    """The columns of a sequence that hold a schedule."""
    fields: dict[str, Any] = {
        "timezone": schedule.timezone,
        "exclude_weekends": schedule.exclude_weekends,
        "holidays": sorted(day.isoformat() for day in schedule.holidays),
    }
    if isinstance(schedule, WorkingHours):
        return fields | {"hours_start": schedule.opens, "hours_end": schedule.closes}
    return fields | {"run_time": schedule.time, "every_days": schedule.every_days}


def _window(spec: SequenceSpec) -> dict[str, Any]:
    if spec.recipient_window is None:
        return {}
    return {"window_start": spec.recipient_window[0], "window_end": spec.recipient_window[1]}


def load_plan(world: World, steps: Iterable[StepSpec], *, at: datetime, number: int = 1) -> Plan:
    """A plan with these steps, the arms of conditions included."""
    plan = Plan.objects.create(number=number, made_at=at)
    _add_steps(world, plan, steps, parent=None, arm="", position=1)
    return plan


def _add_steps(
    world: World, plan: Plan, steps: Iterable[StepSpec], *, parent: Step | None, arm: str, position: int
) -> int:
    for spec in steps:
        options = dict(spec.options)
        template = options.pop("template", None)
        step = Step.objects.create(
            plan=plan,
            key=spec.key,
            kind=spec.kind,
            name=spec.name,
            position=position,
            day=spec.day,
            parent=parent,
            arm=arm,
            match=spec.conditions.match,
            conditions=stored_conditions(world, spec.conditions),
            template=world.templates[template] if template else None,
            settings=_settings(world, options),
            is_off=spec.is_off,
        )
        position = _add_steps(world, plan, spec.yes, parent=step, arm="yes", position=position + 1)
        position = _add_steps(world, plan, spec.no, parent=step, arm="no", position=position)
    return position


def _settings(world: World, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a step as a row keeps them: an update that names a record does so by its id in the database."""
    kept = {key: plain(value) for key, value in options.items()}
    named = str(kept.get("field", "")).rpartition(".")[2], str(kept.get("value"))
    return kept | {"value": world.ids[named]} if named in world.ids else kept


def stored_conditions(world: World, group: Group) -> list[dict[str, Any]]:
    """A group's conditions as a row keeps them: JSON, references by the ids of the database."""
    return [_stored_condition(world, condition) for condition in group.conditions]


def _stored_condition(world: World, condition: Condition) -> dict[str, Any]:
    raw: dict[str, Any] = {"field": condition.name, "op": condition.op}
    if condition.value is None:
        return raw
    asked = condition.field
    if isinstance(asked, Field) and asked.type is FieldType.REFERENCE:
        return raw | {"value": _references(world, asked.key, condition.value)}
    return raw | {"value": plain(condition.value)}


def _references(world: World, record: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_references(world, record, one) for one in value]
    return str(world.ids.get((record, str(value)), value))


def plain(value: Any) -> Any:
    """A value of a file as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return value
