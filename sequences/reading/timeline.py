"""The days of a classic plan as its editor and its overview draw them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from sequences.files.kinds import ADAPTIVE_ONLY
from sequences.findings import FAULT, Finding
from sequences.reading.figures import StepFigures
from sequences.reading.material import Material
from sequences.reading.trees import words_of
from sequences.seen import mark_of_step
from steps.kinds import KINDS
from steps.models import Step
from steps.titles import title_of

LONGEST_TEXT = 180
MAILS = ("email", "email_reminder")
BLOCKS = re.compile(r"<(?:br|/p|/div|/li|/h\d|/tr)[^>]*>", re.I)
TAGS = re.compile(r"<[^>]+>")

Numbers = tuple[tuple[str, str], ...]
"""The figures beside a step, each with its name."""


@dataclass(frozen=True)
class Card:
    """One step as it is drawn. ``title`` and ``text`` may hold placeholders."""

    step: Step
    no: int
    title: str
    text: str = ""
    label: str = ""
    thread: str = ""
    only: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    is_open: bool = False
    is_first: bool = False
    is_last: bool = False

    @property
    def is_off(self) -> bool:
        return self.step.is_off

    @property
    def seen(self) -> str:
        """The mark of what is shown of it."""
        return mark_of_step(self.step)


@dataclass(frozen=True)
class Day:
    """One day with its steps. ``wait``: how long after the day before; ``inserted``: the day that the plus proposes."""

    number: int
    cards: list[Card] = field(default_factory=list)
    wait: str = ""
    inserted: int = 0
    is_new: bool = False


def days_of(
    material: Material,
    *,
    findings: Iterable[Finding] = (),
    numbers: Mapping[str, Numbers] | None = None,
    open_key: str = "",
    new_day: int | None = None,
) -> list[Day]:
    """The days that have steps, and the day of a step that is being added."""
    cards = cards_of(material, findings=findings, numbers=numbers, open_key=open_key)
    by_day = {number: list(found) for number, found in groupby(cards, key=lambda card: card.step.day or 0)}
    if new_day is not None:
        by_day.setdefault(new_day, [])
    made, before = [], 0
    for number in sorted(by_day):
        wait = _wait(number - before) if before else ""
        made.append(Day(number, _ends(by_day[number]), wait, _between(before, number), number == new_day))
        before = number
    return made


def cards_of(
    material: Material,
    *,
    findings: Iterable[Finding] = (),
    numbers: Mapping[str, Numbers] | None = None,
    open_key: str = "",
) -> list[Card]:
    """A card for each step, in the order of the plan."""
    faults = {f.step: f.message for f in reversed(list(findings)) if f.level == FAULT and f.step}
    return [_card(material, step, faults, numbers or {}, open_key) for step in material.steps]


def _ends(cards: list[Card]) -> list[Card]:
    """The cards of a day, told which is first and which last."""
    last = len(cards) - 1
    return [Card(**{**vars(card), "is_first": n == 0, "is_last": n == last}) for n, card in enumerate(cards)]


def _wait(days: int) -> str:
    return "Next day" if days == 1 else f"Wait {days} days"


def _between(before: int, number: int) -> int:
    """The day that a plus between two days proposes: the middle where there is room, else the day before it."""
    return before + (number - before) // 2 if number - before > 1 else before


def _card(
    material: Material,
    step: Step,
    faults: Mapping[str, str],
    numbers: Mapping[str, Numbers],
    open_key: str,
) -> Card:
    title, text, thread = _words(material, step)
    group = material.stored_group("step", step.match, step.conditions)
    only = group.english if step.kind != "condition" else ""
    return Card(
        step,
        material.numbers[step.key],
        title,
        shortened(text),
        KINDS[step.kind].label,
        thread,
        f"Only if {only}" if only else "",
        _tags(step),
        faults.get(step.key, ""),
        numbers.get(step.key, ()),
        step.key == open_key,
    )


def _tags(step: Step) -> tuple[tuple[str, str], ...]:
    is_told = step.kind == "email" or step.kind in ADAPTIVE_ONLY or step.settings.get("title")
    named = ((step.name, ""),) if step.name and is_told else ()
    priority = step.settings.get("priority", "normal")
    off = (("Off", "warn"),) if step.is_off else ()
    return (
        *off,
        *named,
        *(
            ((f"{priority.capitalize()} priority", "hi" if priority == "high" else ""),)
            if priority != "normal"
            else ()
        ),
    )


def _words(material: Material, step: Step) -> tuple[str, str, str]:
    """Title, text and thread of a card."""
    if step.kind in ADAPTIVE_ONLY:
        return words_of(material, step), "", ""
    if step.kind != "email":
        settings = step.settings
        return (
            settings.get("title") or title_of(step),
            settings.get("script") or settings.get("text") or settings.get("description") or "",
            "",
        )
    version = step.template.current if step.template else None
    if version is None:
        return step.template.name if step.template else "No template yet", "", ""
    text = plain(version.body)
    if step.settings.get("thread") != "reply":
        return version.subject, text, "New thread"
    first = _answered(material.steps, step)
    if first is None or first.template is None or first.template.current is None:
        return version.subject, text, "New thread"
    return f"Re: {first.template.current.subject}", text, f"Reply to step {material.numbers[first.key]}"


def _answered(steps: list[Step], step: Step) -> Step | None:
    """The step whose thread a reply goes on with, if all mails before it were sent (F-50)."""
    found = None
    for earlier in steps:
        if earlier is step:
            return found
        if (
            earlier.kind == "email"
            and not earlier.is_off
            and (found is None or earlier.settings.get("thread") != "reply")
        ):
            found = earlier
    return found


def numbers_of(
    material: Material, by_step: Mapping[str, StepFigures]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """The three numbers beside each step: of a mail what it came to, of a reminder how many were made."""
    found = {}
    for step in material.steps:
        did = by_step.get(step.key)
        if did is None:
            continue
        if step.kind in MAILS:
            shares = (("Clicked", did.clicked, did.delivered), ("Replied", did.replied, did.delivered))
            said = [(name, _percent(part, whole)) for name, part, whole in shares]
            found[step.key] = (("Sent", f"{did.sent:,}"), *said)
        else:
            skipped = sum(did.skipped.values())
            found[step.key] = (("Made", f"{did.executed:,}"), ("Skipped", f"{skipped:,}"))
    return found


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def shortened(text: str) -> str:
    """Its beginning, whole words and whole placeholders, with an ellipsis where something is left out."""
    if len(text) <= LONGEST_TEXT:
        return text
    begin = text[:LONGEST_TEXT]
    if begin.rfind("{{") > begin.rfind("}}"):
        begin = begin[: begin.rfind("{{")]
    return f"{(begin.rpartition(' ')[0] or begin).rstrip()} …"


def plain(body: str) -> str:
    """HTML with placeholders as one line of text."""
    return " ".join(html.unescape(TAGS.sub("", BLOCKS.sub(" ", body))).split())
