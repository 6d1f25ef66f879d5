"""What pages showed of a sequence, and whether it is still so: its settings, a step, its steps, all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from audience.models import SavedView
from sequences.models import Sequence, SequenceView
from sequences.refusals import Refused, Stale
from steps.models import Plan, Step
from tenants.models import Member
from tenants.seen import mark, merged, who_changed

OF_STEP = ("day", "name", "match", "conditions", "template")
OF_ITS_KIND = "settings."
READ_WITH = "_prefetched_objects_cache"
"""Where Django keeps what was read with an object."""


def settings_of(sequence: Sequence, names: Iterable[str]) -> dict[str, Any]:
    """The stored settings of these names; ``views`` are the saved views that lead into it."""
    return {name: _views_of(sequence) if name == "views" else getattr(sequence, name) for name in names}


def links_of(sequence: Sequence) -> Iterable[SequenceView]:
    """The saved views that lead into it, with their rows; those that were read with it are not read again."""
    found = sequence.sequence_views.all()
    return found if "sequence_views" in getattr(sequence, READ_WITH, {}) else found.select_related("view")


def read_links(sequence: Sequence) -> None:
    """Read the links to saved views once for all that a page asks of them, which changes none."""
    links = Prefetch("sequence_views", SequenceView.objects.select_related("view").order_by("pk"))
    prefetch_related_objects([sequence], links)


def _views_of(sequence: Sequence) -> list[SavedView]:
    return [link.view for link in links_of(sequence)]


def step_of(step: Step) -> dict[str, Any]:
    """What a person has set of a step, each setting of its kind by itself."""
    return flat({name: getattr(step, name) for name in OF_STEP} | {"settings": step.settings})


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """``settings.thread`` for what stands in ``settings`` under ``thread``."""
    rest = {name: value for name, value in values.items() if name != "settings"}
    return rest | {f"{OF_ITS_KIND}{name}": value for name, value in values.get("settings", {}).items()}


def merged_settings(row: Sequence, seen: str, typed: Mapping[str, Any], by: Member) -> dict[str, Any]:
    """What to keep of typed settings. Raises Stale where others have stored something else in the place of one."""
    found = merged(seen, stored=settings_of(row, typed), typed=typed)
    if found.contested:
        asked = {"after__has_any_keys": list(found.contested)}
        raise Stale(who_changed(row, by, **asked), found.contested, found.seen)
    return found.values


def merged_step(
    sequence: Sequence, step: Step, seen: str, typed: Mapping[str, Any], by: Member
) -> dict[str, Any]:
    """The same of a step."""
    stored = step_of(step)
    emptied = {name: None for name in stored if name.startswith(OF_ITS_KIND) and "settings" in typed}
    found = merged(seen, stored=stored, typed=emptied | flat(typed))
    if found.contested:
        raise Stale(who_changed(sequence, by, key=step.key), found.contested, found.seen)
    values = {name: value for name, value in found.values.items() if not name.startswith(OF_ITS_KIND)}
    kept = {
        name.removeprefix(OF_ITS_KIND): found.values[name] for name in found.values.keys() - values.keys()
    }
    settings = {"settings": {name: kept[name] for name in sorted(kept) if kept[name] is not None}}
    return values | (settings if "settings" in typed else {})


def mark_of_step(step: Step) -> str:
    return mark([step.key, step.kind, step.is_off, step_of(step)])


def mark_of_branch(step: Step, below: Iterable[Step]) -> str:
    """Of a step and all that stands in its arms; of one without arms that of the step."""
    return (
        mark([mark_of_step(step), *map(mark_of_step, below)])
        if (below := list(below))
        else mark_of_step(step)
    )


def mark_of_plan(plan: Plan) -> str:
    """Of all its steps in their order, and the arms in which they stand."""
    steps = plan.steps.select_related("template", "parent").order_by("day", "position", "pk")
    places = ([step.parent.key, step.arm] if step.parent else [] for step in steps)
    return mark([[mark_of_step(step), *place] for step, place in zip(steps, places, strict=True)])


def mark_of_all(sequence: Sequence, names: Iterable[str]) -> str:
    """Of its settings and of the steps that an editor shows."""
    return mark([settings_of(sequence, sorted(names)), mark_of_plan(sequence.draft or sequence.plan)])


def refuse_unseen(sequence: Sequence, seen: str, now_is: str, by: Member, then: str, **changed: Any) -> None:
    """Raise Refused where what a page showed is so no more; without ``seen`` there was no page."""
    if seen and seen != now_is:
        what = "this step" if changed else "the sequence"
        who = who_changed(sequence, by, **changed)
        raise Refused(f"{who} changed {what} after you had opened the page. Look at it, {then}.")
