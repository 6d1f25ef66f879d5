"""The panel of one step in the editor: a drawer with a URL of its own, for a new step or one that is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404

from audience.conditions.form import ConditionForm
from messaging.segments import Segments, segments_of
from sequences.arms import Spot
from sequences.changes import Reach
from sequences.commands.planning import LAST_DAY, add_step, change_step
from sequences.reading import effects
from sequences.reading.material import Material
from sequences.reading.timeline import plain, shortened
from sequences.refusals import Refused, Stale
from sequences.seen import step_of
from sequences.views import contested
from sequences.views.access import number_of
from steps.forms import FORMS, TREE_FORMS, QuestionForm, StepForm
from steps.kinds import KINDS
from steps.models import Step
from tenants.access import MemberRequest
from tenants.seen import marks

IN_SENTENCES = {
    "linkedin": "LinkedIn step",
    "update_field": "field update",
    "advance": "move to another sequence",
}
"""Kinds of steps whose label does not read well inside a sentence."""


@dataclass(frozen=True)
class Preview:
    """The beginning of a template, as the panel shows it."""

    pk: int
    name: str
    subject: str
    text: str


def preview_of(material: Material, chosen: str) -> Preview | None:
    """What the template of an id says; None of one that the member may not use."""
    template = next((t for t in material.templates if str(t.pk) == chosen), None)
    if template is None:
        return None
    version = template.current
    subject, text = (version.subject, shortened(plain(version.body))) if version else ("", "")
    return Preview(template.pk, template.name, subject, text)


class StepPanel:
    """The form of a step with its conditions, as stored, as proposed, or (with ``data``) as posted.

    A new step of a classic sequence comes on ``day``, one of a list or tree at the place ``at``. In a tree only a
    condition has conditions (semantics 5.1).
    """

    def __init__(
        self,
        material: Material,
        *,
        kind: str,
        step: Step | None = None,
        day: int = 1,
        push: int = 0,
        at: Spot | None = None,
        ask: str = "",
        data: Any = None,
    ) -> None:
        self.material, self.kind, self.step = material, kind, step
        self.at = at or Spot.read((data or {}).get("at", ""))
        self.is_refreshed = data is not None and "refresh" in data
        self.form = self._form(data, {"day": day, "push": push} | ({"ask": ask} if ask else {}))
        self.builder = self._builder(data)
        shown = marks(step_of(step)) if step and data is None else (data or {}).get("seen", "")
        self.seen: str = shown

    def _form(self, data: Any, initial: dict[str, Any]) -> StepForm:
        material, kind = self.material, self.kind
        known = FORMS | TREE_FORMS if material.sequence.kind == "adaptive" else FORMS
        if kind not in known:
            raise Http404
        setting = material.tree_setting if kind in TREE_FORMS else material.setting
        bound = data if not self.is_refreshed else None
        if self.is_refreshed:
            initial |= {name: value for name, value in data.items() if name in known[kind].base_fields}
        form = known[kind](bound, setting=setting, step=self.step, initial=initial)
        if self.is_refreshed:
            form.initial = {**form.initial, **initial}
        if not self.has_day:
            del form.fields["day"]
        elif self.is_new:
            form.fields["push"] = forms.IntegerField(
                label="Move later steps by", min_value=0, max_value=LAST_DAY, required=False
            )
        return form

    def _builder(self, data: Any) -> ConditionForm:
        if data is not None:
            return self.material.posted_group(data, "step")
        match, rows = (self.step.match, self.step.conditions) if self.step else ("all", [])
        return self.material.stored_group("step", match, rows)

    @property
    def was_pressed(self) -> bool:
        """Whether a button inside sent the form, which only changes what is shown."""
        return self.is_refreshed or self.builder.was_pressed

    @property
    def has_day(self) -> bool:
        return self.material.sequence.kind == "classic"

    @property
    def has_conditions(self) -> bool:
        """Whether the builder is part of it."""
        return self.material.sequence.kind != "adaptive" or self.kind == "condition"

    @property
    def is_new(self) -> bool:
        return self.step is None

    @property
    def key(self) -> str:
        return self.step.key if self.step else ""

    @property
    def number(self) -> int | None:
        return self.material.numbers.get(self.key)

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind].label

    @property
    def title(self) -> str:
        return f"Add {self.what}" if self.is_new else f"Step {self.number}: {self.what}"

    @property
    def what(self) -> str:
        """The kind inside a sentence: ``call reminder``, ``SMS``, ``LinkedIn step``."""
        label = IN_SENTENCES.get(self.kind, self.kind_label)
        is_a_name = label[:2].isupper() or self.kind == "linkedin"
        return label if is_a_name else label[0].lower() + label[1:]

    @property
    def day(self) -> int:
        """The day that the form shows; where that is none, the first."""
        if not self.has_day:
            return 1
        try:
            shown = int(self.form["day"].value() or 1)
        except (TypeError, ValueError):
            return 1
        return min(max(shown, 1), LAST_DAY)

    @property
    def reach(self) -> Reach | None:
        """Whom the step reaches on its day, if it is new there; None before anybody can be inside."""
        sequence = self.material.sequence
        is_said = sequence.kind == "classic" and sequence.activated_at
        return effects.of_day(sequence, self.day) if is_said else None

    @property
    def address(self) -> str:
        """Where its form is sent."""
        base = f"/sequences/{self.material.sequence.pk}/steps/"
        return base if self.is_new else f"{base}{self.key}/"

    @property
    def later_days(self) -> list[int]:
        """The days of steps that come after it."""
        return sorted({step.day or 0 for step in self.material.steps if (step.day or 0) > self.day})

    @property
    def segments(self) -> Segments:
        """What the text of an SMS takes."""
        return segments_of(str(self.form["text"].value() or ""))

    @property
    def template_choices(self) -> list[tuple[int, str]]:
        return [(template.pk, template.name) for template in self.material.templates]

    @property
    def preview(self) -> Preview | None:
        """The template that is chosen; None where none is."""
        chosen = str(self.form["template"].value() or "") if "template" in self.form.fields else ""
        return preview_of(self.material, chosen)

    def is_valid(self) -> bool:
        """Both are looked at, so that every fault is shown at once."""
        is_good = self.form.is_valid()
        if isinstance(self.form, QuestionForm) and self.form.cleaned_data.get("ask"):
            if not self.form.asks_fields:
                return is_good
            if not self.builder.raw["conditions"]:
                self.form.add_error(None, "Add at least one condition: what must hold for yes?")
                is_good = False
        return (not self.has_conditions or self.builder.is_valid()) and is_good

    @property
    def values(self) -> dict[str, Any]:
        """What a valid panel stores."""
        found = dict(self.form.values)
        if isinstance(self.form, QuestionForm) and not self.form.asks_fields:
            found |= {"match": "all", "conditions": []}
        elif self.has_conditions:
            found |= self.builder.raw
        return found | ({"day": self.form.cleaned_data["day"]} if self.has_day else {})

    def save(self, now: datetime) -> Step | None:
        """Keep it; None where the command refuses, and the reason stands at its field."""
        given: dict[str, Any] = {"sequence": self.material.sequence, "by": self.material.member, "now": now}
        values = self.values
        try:
            if self.step is None:
                push = self.form.cleaned_data.get("push") or 0
                return add_step(kind=self.kind, push=push, at=self.at, **given, **values)
            return change_step(key=self.step.key, seen=self.seen, **given, **values)
        except Stale as stale:
            self.seen = stale.seen
            contested.say(self.form, stale, self._builder(None).english)
            return None
        except Refused as refused:
            self.form.add_error(refused.field if refused.field in self.form.fields else None, refused.message)
            return None


def asked_panel(request: MemberRequest, material: Material) -> StepPanel | None:
    """The panel that the address names; of a step that is gone, 404."""
    asked = request.GET
    if asked.get("new"):
        if asked["new"] == "linkedin" and not material.has_linkedin:
            raise Http404
        day, push = _day(asked.get("day", "")), number_of(asked.get("push", "")) or 0
        at, ask = Spot.read(asked.get("at", "")), asked.get("ask", "")
        return StepPanel(material, kind=asked["new"], day=day, push=min(push, LAST_DAY), at=at, ask=ask)
    if not asked.get("step"):
        return None
    step = material.step(asked["step"])
    if step is None:
        raise Http404
    return StepPanel(material, kind=step.kind, step=step)


def _day(text: str) -> int:
    return min(max(int(text), 1), LAST_DAY) if text.isdecimal() and len(text) < 4 else 1


GONE = (
    "Somebody removed this step after you had opened it. You can add what you typed as a new step, or close."
)


def panel_of(material: Material, key: str, data: Any) -> StepPanel:
    """The panel of a step, with what was posted; of one that is gone meanwhile that of a new one that says so."""
    step = material.step(key)
    if step is not None:
        return StepPanel(material, kind=step.kind, step=step, data=data)
    panel = StepPanel(material, kind=data.get("kind", ""), data=data)
    panel.is_valid()
    panel.form.add_error(None, GONE)
    return panel
