"""Writing sequences and scenarios back as YAML, so that reading gives the same again (semantics 6.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from audience.conditions.parse import Condition, Group
from sequences.calendar import Schedule
from sequences.files.records import PLURALS
from sequences.files.specs import (
    OWNER,
    AudienceSpec,
    ExitSpec,
    RecordSpec,
    Scenario,
    SequenceSpec,
    StepSpec,
    TemplateSpec,
    TimelineEvent,
    UserSpec,
    ViewSpec,
)
from sequences.hours import WorkingHours

Raw = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Writes short things in one line, numbers as they were, and repeats instead of referring."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    kind = "float" if "." in f"{value:f}" else "int"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", f"{value:f}")


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(str, _text)


def dump(raw: Mapping[str, Any]) -> str:
    """YAML of plain values (text, bool, int, Decimal, date, lists, mappings) that ``read_document`` reads back."""
    return yaml.dump(
        dict(raw), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


def write_scenario(scenario: Scenario) -> str:
    """The file of a scenario."""
    raw = {
        "scenario": scenario.title,
        "now": local(scenario.now, scenario.timezone),
        "timezone": scenario.timezone.key,
        "until": local(scenario.until, scenario.timezone),
        "limits": {"emails_per_user_per_day": scenario.limit},
        "users": [user_raw(user) for user in scenario.users],
        "accounts": [record_raw(record, scenario.timezone) for record in scenario.accounts],
        "contacts": [record_raw(record, scenario.timezone) for record in scenario.contacts],
        "opportunities": [record_raw(record, scenario.timezone) for record in scenario.opportunities],
        **library_raw(scenario.views, scenario.templates, scenario.sequences),
        "timeline": [event_raw(event, scenario.timezone) for event in scenario.timeline],
    }
    kept = {key: value for key, value in raw.items() if value not in ("", [], {})}
    if scenario.expect is not None:
        kept["expect"] = "".join(f"{line}\n" for line in scenario.expect)
    return dump(kept)


def library_raw(
    views: Iterable[ViewSpec], templates: Iterable[TemplateSpec], sequences: Iterable[SequenceSpec]
) -> Raw:
    """The keys ``views``, ``templates`` and ``sequences``: what an export of sequences consists of."""
    return {
        "views": [
            {"name": view.name, "record": view.record, **group_raw(view.group, "all")} for view in views
        ],
        "templates": {
            template.name: {"subject": template.subject, "body": template.body} for template in templates
        },
        "sequences": [sequence_raw(spec) for spec in sequences],
    }


def local(at: datetime, zone: ZoneInfo) -> str:
    """A moment as files have it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def user_raw(user: UserSpec) -> Raw:
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "timezone": user.timezone.key,
        "emails_per_day": user.emails_per_day,
        **({"signature": user.signature} if user.signature else {}),
    }


def record_raw(record: RecordSpec, zone: ZoneInfo) -> Raw:
    return {"id": record.id, **{key: value_raw(value, zone) for key, value in record.values.items()}}


def value_raw(value: Any, zone: ZoneInfo) -> Any:
    """A record's value as files have it."""
    if isinstance(value, datetime):
        return local(value, zone)
    return list(value) if isinstance(value, tuple) else value


def group_raw(group: Group, default_match: str) -> Raw:
    """The keys ``match`` (where it is not the default) and ``conditions``."""
    raw: Raw = {} if group.match == default_match else {"match": group.match}
    if group.conditions:
        raw["conditions"] = [condition_raw(condition) for condition in group.conditions]
    return raw


def condition_raw(condition: Condition) -> Raw:
    """``{field, op, value}``; also what is stored as JSON once dates are text."""
    raw = {"field": condition.name, "op": condition.op}
    return raw if condition.value is None else raw | {"value": _asked(condition.value)}


def _asked(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_asked(item) for item in value]
    if isinstance(value, float):
        return Decimal(f"{value:.0f}" if value.is_integer() else repr(value))
    return value


def sequence_raw(spec: SequenceSpec) -> Raw:
    """One sequence as files have it; what is as by default is left out."""
    raw: Raw = {
        "name": spec.name,
        "kind": spec.kind,
        "record": spec.record,
        "status": spec.status,
        "owner": spec.owner,
    }
    raw |= _unless(spec.sender, OWNER, "from") | _unless(spec.description, "", "description")
    raw |= {"tags": list(spec.tags)} if spec.tags else {}
    raw["schedule"] = schedule_raw(spec.schedule)
    raw |= {"audience": found} if (found := _audience_raw(spec.audience)) else {}
    raw |= {"exit": found} if (found := _exits_raw(spec.exits, spec.kind)) else {}
    raw |= _unless(spec.out_of_office, "pause", "out_of_office") | _unless(spec.reentry, None, "reentry")
    if spec.recipient_window:
        raw["recipient_window"] = _span(*spec.recipient_window)
    return raw | {"steps": [step_raw(step) for step in spec.steps]}


def _unless(value: Any, default: Any, key: str) -> Raw:
    return {} if value == default else {key: value}


def _span(opens: time, closes: time) -> str:
    return f"{opens:%H:%M}-{'24:00' if closes == time(0) else f'{closes:%H:%M}'}"


def schedule_raw(schedule: Schedule | WorkingHours) -> Raw:
    """A schedule as files have it."""
    if isinstance(schedule, WorkingHours):
        raw: Raw = {"hours": _span(schedule.opens, schedule.closes)}
    else:
        raw = {"time": f"{schedule.time:%H:%M}"} | _unless(schedule.every_days, 1, "every_days")
    raw["timezone"] = schedule.timezone.key
    raw |= {"exclude_weekends": True} if schedule.exclude_weekends else {}
    return raw | ({"holidays": sorted(schedule.holidays)} if schedule.holidays else {})


def _audience_raw(audience: AudienceSpec) -> Raw:
    raw = group_raw(audience.group, "all") | ({"views": list(audience.views)} if audience.views else {})
    return raw | {key: True for key in ("unique_email", "exclusive") if getattr(audience, key)}


def _exits_raw(exits: ExitSpec, kind: str) -> Raw:
    switches = ("all_steps", "replied", "unsubscribed", "bounced", "colleague_replied")
    return {key: getattr(exits, key) for key in switches} | group_raw(exits.group, "any")


def step_raw(step: StepSpec) -> Raw:
    """A step as files have it, arms included."""
    raw: Raw = {"key": step.key} | _unless(step.day, None, "day") | {"kind": step.kind}
    raw |= _unless(step.name, "", "name") | _unless(step.is_off, False, "off")
    raw |= {key: value_raw(value, ZoneInfo("UTC")) for key, value in step.options.items()}
    raw |= group_raw(step.conditions, "all")
    if step.kind == "condition":
        raw |= {arm: [step_raw(inner) for inner in getattr(step, arm)] for arm in ("yes", "no")}
    return raw


def event_raw(event: TimelineEvent, zone: ZoneInfo) -> Raw:
    """An event of the timeline as files have it."""
    raw: Raw = {"at": local(event.at, zone), "do": event.do}
    for key in ("contact", "sequence", "step", "outcome", "name", "state", "user"):
        raw |= _unless(getattr(event, key), "", key)
    raw |= _unless(event.hard, True, "hard") | _unless(event.inside, "finish", "inside")
    raw |= _unless(event.apply, "pin", "apply")
    raw |= _unless(event.subject, None, "subject") | _unless(event.body, None, "body")
    if event.until is not None:
        raw["until"] = value_raw(event.until, zone)
    if event.schedule is not None:
        raw["schedule"] = schedule_raw(event.schedule)
    if event.steps is not None:
        raw["steps"] = [step_raw(step) for step in event.steps]
    return raw | _set_raw(event, zone) | _new_raw(event, zone)


def _set_raw(event: TimelineEvent, zone: ZoneInfo) -> Raw:
    if event.field is None:
        return {}
    return {event.record: event.record_id, "field": event.field.key, "value": value_raw(event.value, zone)}


def _new_raw(event: TimelineEvent, zone: ZoneInfo) -> Raw:
    raw: Raw = {}
    for record, plural in PLURALS.items():
        found = [record_raw(one, zone) for one in event.records if one.record == record]
        raw |= {plural: found} if found else {}
    return raw
