"""Reading a sequence: schedule, audience, exits, steps (semantics 6.1, 6.2). Pure."""

from __future__ import annotations

from typing import Any

from audience.conditions.faults import Place
from audience.conditions.values import Refused
from audience.fields import CONTACT, RECORDS
from sequences.calendar import Schedule
from sequences.files import reading
from sequences.files.kinds import sender
from sequences.files.plans import read_plan
from sequences.files.reading import Keys
from sequences.files.setting import Setting
from sequences.files.specs import (
    ADAPTIVE,
    KINDS,
    OWNER,
    SMART,
    AudienceSpec,
    ExitSpec,
    SequenceSpec,
    StepSpec,
    every_step,
)
from sequences.hours import WorkingHours

STATUSES = ("draft", "active", "paused", "archived")
LONGEST = 36_500
SWITCHES = ("all_steps", "replied", "unsubscribed", "bounced", "colleague_replied")


def read_sequence(keys: Keys, setting: Setting, default_owner: str) -> SequenceSpec:
    """One sequence with every fault named."""
    name = keys.need("name", reading.written, "").strip()
    kind = keys.need("kind", reading.one_of(*KINDS), KINDS[0])
    record = keys.take("record", reading.one_of(*RECORDS), CONTACT)
    status = keys.take("status", reading.one_of(*STATUSES), "active")
    schedule = read_schedule(keys.raw("schedule"), kind, (*keys.place, "schedule"), setting)
    steps = read_plan(keys, kind, record, setting)
    if all(step.is_off for step in steps) and status != "draft":
        keys.fault("a sequence without steps can only be a draft", "steps")
    kinds = plan_kinds(steps)
    spec = SequenceSpec(
        name=name,
        kind=kind,
        schedule=schedule,
        steps=steps,
        owner=keys.take("owner", setting.users, default_owner),
        record=record,
        status=status,
        sender=keys.take("from", lambda raw: sender(raw, setting), OWNER),
        description=keys.take("description", reading.text, ""),
        tags=keys.take("tags", reading.texts, ()),
        audience=_audience(keys.raw("audience"), record, kinds, (*keys.place, "audience"), setting),
        exits=_exits(keys.raw("exit"), kind, record, kinds, (*keys.place, "exit"), setting),
        out_of_office=keys.take("out_of_office", reading.one_of("pause", "ignore"), "pause"),
        reentry=keys.take("reentry", reading.whole(0, LONGEST), None),
        recipient_window=keys.take("recipient_window", reading.span, None),
    )
    keys.done()
    return spec


def read_schedule(raw: Any, kind: str, place: Place, setting: Setting) -> Schedule | WorkingHours:
    """The schedule of a kind: a time of day, or working hours."""
    keys = Keys({} if raw is None else raw, place, setting.faults)
    zone = keys.take("timezone", reading.zone, setting.timezone)
    weekends = keys.take("exclude_weekends", reading.boolean, False)
    holidays = keys.take("holidays", reading.days, frozenset())
    if kind == ADAPTIVE:
        midnight = reading.clock("00:00")
        opens, closes = keys.need("hours", reading.span, (midnight, midnight))
        keys.done()
        return WorkingHours(opens, closes, zone, weekends, holidays)
    at = keys.need("time", reading.clock, reading.clock("00:00"))
    every = keys.take("every_days", reading.whole(1, LONGEST), 1) if kind == SMART else 1
    keys.done()
    return Schedule(at, zone, every, weekends, holidays)


def _audience(raw: Any, record: str, kinds: dict[str, str], place: Place, setting: Setting) -> AudienceSpec:
    keys = Keys({} if raw is None else raw, place, setting.faults)
    spec = AudienceSpec(
        group=_group(keys, record, kinds, setting, "all"),
        views=tuple(_view(view, record, at, keys, setting) for view, at in keys.items("views")),
        unique_email=keys.take("unique_email", reading.boolean, False),
        exclusive=keys.take("exclusive", reading.boolean, False),
    )
    keys.done()
    return spec


def _view(raw: Any, record: str, place: Place, keys: Keys, setting: Setting) -> str:
    names = reading.Names.of("view", list(setting.views))
    try:
        name = names(raw)
    except Refused as refused:
        keys.fault(str(refused), *place[len(keys.place) :])
        return ""
    if setting.views[name] != record:
        reason = f"the view “{name}” is of {setting.views[name]}, the sequence of {record}"
        keys.fault(reason, *place[len(keys.place) :])
    return name


def _exits(
    raw: Any, kind: str, record: str, kinds: dict[str, str], place: Place, setting: Setting
) -> ExitSpec:
    keys = Keys({} if raw is None else raw, place, setting.faults)
    default = ExitSpec(replied=kind != ADAPTIVE)
    switches = {name: keys.take(name, reading.boolean, getattr(default, name)) for name in SWITCHES}
    spec = ExitSpec(group=_group(keys, record, kinds, setting, "any"), **switches)
    keys.done()
    return spec


def _group(keys: Keys, record: str, kinds: dict[str, str], setting: Setting, match: str) -> Any:
    raw = {key: keys.raw(key) for key in ("match", "conditions") if keys.has(key)}
    return setting.group(raw, setting.scope(record, kinds), keys.place, match)


def plan_kinds(steps: tuple[StepSpec, ...]) -> dict[str, str]:
    """Key → kind of every step of a plan."""
    return {step.key: step.kind for step in every_step(steps)}
