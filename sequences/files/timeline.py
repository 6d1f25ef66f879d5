"""Reading the timeline: what happens from outside, in order (semantics 6.7). Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from audience.conditions.faults import Fault
from audience.conditions.parse import find_field
from audience.conditions.values import Refused
from audience.fields import RECORDS, Field
from sequences.files import reading
from sequences.files.plans import keys_and_kinds, read_plan
from sequences.files.reading import Keys
from sequences.files.records import read_records
from sequences.files.sequences import plan_kinds, read_schedule
from sequences.files.setting import Setting
from sequences.files.specs import SequenceSpec, StepSpec, TimelineEvent

Taken = dict[str, Any]


class Timeline:
    """The timeline while it is read: it knows which records have arrived and which steps there ever were."""

    def __init__(self, keys: Keys, sequences: tuple[SequenceSpec, ...], setting: Setting) -> None:
        self.keys = keys
        self.setting = setting
        self.sequences = {spec.name: spec for spec in sequences}
        self.plans = {spec.name: spec.steps for spec in sequences}
        self.items = keys.items("timeline")
        self.steps = {spec.name: set(plan_kinds(spec.steps)) for spec in sequences}
        self._add_published()

    def _add_published(self) -> None:
        for raw, _ in self.items:
            if isinstance(raw, dict) and raw.get("do") == "publish":
                name = self.setting.sequences.known.get(str(raw.get("sequence")).strip().casefold(), "")
                self.steps.setdefault(name, set()).update(key for key, _ in keys_and_kinds(raw.get("steps")))

    def read(self, now: datetime, until: datetime) -> tuple[TimelineEvent, ...]:
        """Every event, in order from ``now`` to ``until``."""
        events: list[TimelineEvent] = []
        earliest = now
        for raw, place in self.items:
            event = self.event(Keys(raw, place, self.keys.faults))
            if event is None:
                continue
            if event.at < now:
                self.fault("it is before the clock starts", *place, "at")
            elif event.at < earliest:
                self.fault("it is before the event above", *place, "at")
            elif event.at > until:
                self.fault("it is after the end", *place, "at")
            earliest = max(earliest, event.at)
            events.append(event)
        return tuple(events)

    def event(self, keys: Keys) -> TimelineEvent | None:
        """One event; None where it has no moment or no verb that could be understood."""
        at = keys.need("at", reading.moment(self.setting.timezone), None)
        do = keys.need("do", reading.one_of(*EVENTS), "")
        if not do:
            return None
        taken = EVENTS[do](self, keys)
        keys.done()
        if do == "outage" and at and taken["until"] and taken["until"] <= at:
            keys.fault("an outage ends after it begins", "until")
        return TimelineEvent(at=at, do=do, **taken) if at else None

    def fault(self, reason: str, *place: str | int) -> None:
        self.keys.faults.append(Fault(place, reason))

    # the parts of events

    def contact(self, keys: Keys) -> str:
        return keys.need("contact", self.record("contact"), "")

    def record(self, record: str) -> Callable[[Any], str]:
        """Reads the id of a record that has arrived by now."""

        def read(raw: Any) -> str:
            id_ = reading.identifier(raw)
            if id_ not in self.setting.records.get(record, ()):
                raise Refused(f"there is no {record} “{id_}” by now")
            return id_

        return read

    def sequence(self, keys: Keys) -> str:
        return keys.need("sequence", self.setting.sequences, "")

    def message(self, keys: Keys, *, needs_step: bool = False) -> Taken:
        """Contact, and where one message is meant step and sequence."""
        taken: Taken = {"contact": self.contact(keys)}
        step = (keys.need if needs_step else keys.take)("step", reading.identifier, "")
        is_named = keys.has("sequence")
        named = keys.take("sequence", self.setting.sequences, "")
        if is_named and not named:
            return taken | {"step": step, "sequence": ""}  # an unknown one is fault enough
        if named and not step:
            keys.fault("a sequence goes with a step", "sequence")
        return taken | {"step": step, "sequence": self.sequence_of(step, named, keys)}

    def sequence_of(self, step: str, named: str, keys: Keys) -> str:
        having = [name for name, steps in self.steps.items() if step in steps]
        if not step or named in having:
            return named
        if named or not having:
            keys.fault(f"there is no step “{step}”{f' in {named}' if named else ''}", "step")
        elif len(having) > 1:
            keys.fault(f"{len(having)} sequences have a step “{step}”: name the sequence", "step")
        return having[0] if having else ""

    # one reader for each ``do``

    def fact(self, keys: Keys) -> Taken:
        return self.message(keys)

    def auto_reply(self, keys: Keys) -> Taken:
        return self.message(keys) | {"until": keys.take("until", reading.day, None)}

    def bounce(self, keys: Keys) -> Taken:
        return self.message(keys) | {"hard": keys.take("hard", reading.boolean, True)}

    def sms_stop(self, keys: Keys) -> Taken:
        return {"contact": self.contact(keys)}

    def complete(self, keys: Keys) -> Taken:
        return self.message(keys, needs_step=True) | {"outcome": keys.take("outcome", reading.written, "")}

    def skip(self, keys: Keys) -> Taken:
        return self.message(keys, needs_step=True)

    def add(self, keys: Keys) -> Taken:
        return {"sequence": self.sequence(keys), "contact": self.contact(keys)}

    def pause(self, keys: Keys) -> Taken:
        return {"sequence": self.sequence(keys), "contact": keys.take("contact", self.record("contact"), "")}

    def activate(self, keys: Keys) -> Taken:
        name = self.sequence(keys)
        if name in self.plans and not self.plans[name]:
            keys.fault(f"“{name}” has no steps", "sequence")
        return {"sequence": name}

    def archive(self, keys: Keys) -> Taken:
        return {
            "sequence": self.sequence(keys),
            "inside": keys.take("inside", reading.one_of("finish", "end"), "finish"),
        }

    def publish(self, keys: Keys) -> Taken:
        name = self.sequence(keys)
        apply = keys.take("apply", reading.one_of("pin", "move"), "pin")
        spec = self.sequences.get(name)
        if spec is None:
            keys.left.clear()
            return {"sequence": name}
        if not keys.has("steps") and not keys.has("schedule"):
            keys.fault("steps or a schedule are missing")
        schedule = self.new_schedule(keys, spec)
        return {
            "sequence": name,
            "apply": apply,
            "schedule": schedule,
            "steps": self.new_steps(keys, spec),
        }

    def new_schedule(self, keys: Keys, spec: SequenceSpec) -> Any:
        if not keys.has("schedule"):
            return keys.raw("schedule")
        return read_schedule(keys.raw("schedule"), spec.kind, (*keys.place, "schedule"), self.setting)

    def new_steps(self, keys: Keys, spec: SequenceSpec) -> tuple[StepSpec, ...] | None:
        if "steps" not in keys.left:
            return None
        steps = read_plan(keys, spec.kind, spec.record, self.setting)
        if all(step.is_off for step in steps):
            keys.fault("a plan needs at least one step", "steps")
        self.plans[spec.name] = steps
        self.check_groups(steps, spec, keys)
        return steps

    def check_groups(self, steps: tuple[StepSpec, ...], spec: SequenceSpec, keys: Keys) -> None:
        """Audience and exits must not name a step that the new plan has not."""
        kinds = plan_kinds(steps)
        for group in (spec.audience.group, spec.exits.group):
            for condition in group.conditions:
                try:
                    find_field(condition.name, self.setting.scope(spec.record, kinds), condition.op)
                except Refused as refused:
                    keys.fault(f"{refused}, but audience or exits name it", "steps")

    def template(self, keys: Keys) -> Taken:
        taken: Taken = {"name": keys.need("name", self.setting.templates, "")}
        if not keys.has("subject") and not keys.has("body"):
            keys.fault("subject or body is missing")
        for part in ("subject", "body"):
            source = keys.take(part, reading.text, None)
            self.setting.template(source or "", (*keys.place, part), html=part == "body")
            taken[part] = source
        return taken

    def set(self, keys: Keys) -> Taken:
        named = [record for record in RECORDS if keys.has(record)]
        if len(named) != 1:
            keys.fault("one contact, account or opportunity is wanted")
            keys.left.clear()
            return {}
        id_ = keys.need(named[0], self.record(named[0]), "")
        key = keys.need("field", reading.written, "")
        field, value = self.field_and_value(named[0], key, keys)
        return {"record": named[0], "record_id": id_, "field": field, "value": value}

    def field_and_value(self, record: str, key: str, keys: Keys) -> tuple[Field | None, Any]:
        raw = keys.raw("value")
        if not key:
            return None, None
        try:
            found = find_field(key, self.setting.scope(record, None))
            if not isinstance(found, Field) or found.record != record or key == "sequence":
                raise Refused(f"a field of the {record} is wanted")
        except Refused as refused:
            keys.fault(str(refused), "field")
            return None, None
        try:
            return found, self.setting.field_value(found, raw)
        except Refused as refused:
            keys.fault(str(refused), "value")
            return found, None

    def new(self, keys: Keys) -> Taken:
        found = read_records(keys, self.setting)
        records = tuple(record for group in found.values() for record in group)
        if not records:
            keys.fault("contacts, accounts or opportunities are missing")
        return {"records": records}

    def mailbox(self, keys: Keys) -> Taken:
        return {
            "state": keys.need("state", reading.one_of("down", "up"), ""),
            "user": keys.take("user", self.setting.users, ""),
        }

    def outage(self, keys: Keys) -> Taken:
        return {"until": keys.need("until", reading.moment(self.setting.timezone), None)}


EVENTS: dict[str, Callable[[Timeline, Keys], Taken]] = {
    "open": Timeline.fact,
    "click": Timeline.fact,
    "reply": Timeline.fact,
    "unsubscribe": Timeline.fact,
    "auto_reply": Timeline.auto_reply,
    "bounce": Timeline.bounce,
    "sms_stop": Timeline.sms_stop,
    "complete": Timeline.complete,
    "skip": Timeline.skip,
    "add": Timeline.add,
    "remove": Timeline.add,
    "pause": Timeline.pause,
    "resume": Timeline.pause,
    "activate": Timeline.activate,
    "archive": Timeline.archive,
    "publish": Timeline.publish,
    "template": Timeline.template,
    "set": Timeline.set,
    "new": Timeline.new,
    "mailbox": Timeline.mailbox,
    "outage": Timeline.outage,
}
"""What ``do`` may be, and how the rest of such an event is read."""
