"""The check before activation: every fault and every doubt of a sequence at its place (semantics 2.1). Pure.

It judges facts that sequences.checking gathers. A fault forbids activation and publishing, a warning is said only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from audience.conditions.faults import Fault
from audience.conditions.parse import Group, parse_group
from sequences.findings import FAULT, WARNING, Facts, Finding, StepFacts, TemplateFacts
from sequences.tree_checks import check_trees

LAST_DAY = 90
MOST_STEPS = 25


def check(facts: Facts) -> list[Finding]:
    """Everything found, faults first, each kind in the order of the editor."""
    found = [finding for look in CHECKS for finding in look(facts)]
    return sorted(found, key=lambda finding: finding.level != FAULT)


def faults(found: list[Finding]) -> list[Finding]:
    """Those that forbid activation."""
    return [finding for finding in found if finding.level == FAULT]


def _audience(facts: Facts) -> Iterator[Finding]:
    yield from _group(facts, facts.entry, "audience", "all")
    if facts.matching is None:
        words = "No conditions and no views: nobody enters by themselves, only people added by hand."
        yield Finding(WARNING, "audience", words)
    elif facts.matching == 0:
        yield Finding(WARNING, "audience", "Nobody matches at the moment (0 people).")
    for step, name, count in facts.lacking:
        people = "1 person has" if count == 1 else f"{count:,} people have"
        words = f"{people} no {name}: they are held until it is filled in, or the template has a fallback."
        yield Finding(WARNING, "steps", words, step=step, field="template")


def _timing(facts: Facts) -> Iterator[Finding]:
    if facts.run_time is None and facts.kind != "adaptive":
        yield Finding(FAULT, "timing", "Choose the time of day at which it runs.", field="run_time")


def _number_of_steps(facts: Facts) -> Iterator[Finding]:
    if not facts.steps and facts.switched_off:
        yield Finding(FAULT, "steps", "Every step is switched off: switch one on, or add one.")
    elif not facts.steps:
        yield Finding(FAULT, "steps", "There is no step yet: add the first one.")
    if len(facts.steps) > MOST_STEPS and facts.kind != "adaptive":
        yield Finding(FAULT, "steps", f"{len(facts.steps)} steps; at most {MOST_STEPS} are possible.")


def _days(facts: Facts) -> Iterator[Finding]:
    for step in facts.steps if facts.kind == "classic" else ():
        if step.day is None or not 1 <= step.day <= LAST_DAY:
            words = f"{step.label}: choose a day from 1 to {LAST_DAY}."
            yield Finding(FAULT, "steps", words, step=step.key, field="day")


def _templates(facts: Facts) -> Iterator[Finding]:
    for step in facts.steps:
        template = step.template
        if template is None:
            if step.needs_template:
                words = f"{step.label} has no template."
                yield Finding(FAULT, "steps", words, step=step.key, field="template")
        else:
            for words in _wrong_with(template):
                cure = f"template:{template.id}"
                yield Finding(FAULT, "steps", f"{step.label}: {words}", step.key, "template", cure)


def _wrong_with(template: TemplateFacts) -> Iterator[str]:
    called = f"the template “{template.name}”"
    if template.is_archived:
        yield f"{called} is archived."
    if not template.subject.strip():
        yield f"{called} has no subject."
    if not template.body.strip():
        yield f"{called} is empty."
    for name in template.unknown:
        yield f"{called} names {name}, and there is no such field."


def _conditions(facts: Facts) -> Iterator[Finding]:
    for step in facts.steps:
        group = {"match": step.match, "conditions": list(step.conditions)}
        yield from _group(facts, group, "steps", "all", step)
        yield from _doubtful_conditions(facts, step)
    yield from _group(facts, facts.exit, "exit", "any")


def _group(
    facts: Facts, raw: Mapping[str, Any], section: str, match: str, step: StepFacts | None = None
) -> Iterator[Finding]:
    """The faults of one condition group, each at its row."""
    found = parse_group(raw, facts.scope, default_match=match)
    if isinstance(found, Group):
        return
    for fault in found:
        words = (
            f"{_row(fault)}: {fault.reason}."
            if step is None
            else f"{step.label}, {_row(fault)}: {fault.reason}."
        )
        yield Finding(FAULT, section, _sentence(words), step.key if step else "", "conditions")


def _row(fault: Fault) -> str:
    rows = [part for part in fault.place if isinstance(part, int)]
    return f"condition {rows[0] + 1}" if rows else "the conditions"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _doubtful_conditions(facts: Facts, step: StepFacts) -> Iterator[Finding]:
    """Conditions that can be asked and answer less than they seem to (semantics 2.30)."""
    order = {other.key: n for n, other in enumerate(facts.steps)}
    labels = {other.key: other.label for other in facts.steps}
    said: set[tuple[str, str]] = set()
    for condition in step.conditions:
        key, fact = _asked(condition)
        if key in facts.switched_off and (key, "") not in said:
            said.add((key, ""))
            other = facts.switched_off[key]
            words = f"{step.label} asks about {other}, which is switched off: it happens for nobody any more."
            yield Finding(WARNING, "steps", words, step.key, "conditions")
        if key not in order or (key, fact) in said:
            continue
        said.add((key, fact))
        if order[key] >= order[step.key]:
            words = f"{step.label} asks about {labels[key]}, which comes later: it counts as not sent."
            yield Finding(WARNING, "steps", words, step.key, "conditions")
        elif fact == "opened":
            words = (
                f"{step.label} asks whether a mail was opened. Opens are unreliable: some mail programs open by "
                "themselves, others never tell. Clicks and replies are certain."
            )
            yield Finding(WARNING, "steps", words, step.key, "conditions")


def _asked(condition: Mapping[str, Any]) -> tuple[str, str]:
    """The step and the mark that a condition asks for; two empty texts where it asks no step."""
    name = str(condition.get("field", ""))
    if not name.startswith("step."):
        return "", ""
    key, _, fact = name.removeprefix("step.").rpartition(".")
    return key, fact


def _outcomes(facts: Facts) -> Iterator[Finding]:
    """A condition on an outcome that the call does not offer."""
    offered = {
        step.key: [str(outcome).casefold() for outcome in step.settings.get("outcomes", ())]
        for step in facts.steps
        if step.kind == "call"
    }
    for step in facts.steps:
        for condition in step.conditions:
            key, fact = _asked(condition)
            if fact != "outcome" or not offered.get(key):
                continue
            value = condition.get("value")
            for outcome in value if isinstance(value, list) else [value]:
                if str(outcome).casefold() not in offered[key]:
                    words = f"{step.label} waits for the outcome “{outcome}”, which the call does not offer."
                    yield Finding(WARNING, "steps", words, step.key, "conditions")


def _threads(facts: Facts) -> Iterator[Finding]:
    """A reply needs a mail before it (F-50)."""
    has_earlier = False
    for step in facts.steps:
        if step.is_email and step.settings.get("thread") == "reply" and not has_earlier:
            words = f"{step.label} is sent as a reply, but no email comes before it: it starts a new thread."
            yield Finding(WARNING, "steps", words, step.key, "thread")
        has_earlier = has_earlier or step.is_email


def _second_email(facts: Facts) -> Iterator[Finding]:
    """Semantics 3.6: two automatic e-mails on one day whose conditions may both match."""
    if facts.kind != "classic":
        return
    emails = [step for step in facts.steps if step.is_email]
    for first, second in combinations(emails, 2):
        if first.day == second.day and not _exclude_each_other(first, second):
            words = (
                f"{first.label} and {second.label} are both on day {first.day}: who gets the first gets no "
                "second email that day; that step is skipped."
            )
            yield Finding(WARNING, "steps", words, step=second.key, field="day")


def _exclude_each_other(first: StepFacts, second: StepFacts) -> bool:
    """Whether one demands yes where the other demands no."""
    demanded = _demanded(first)
    return any(demanded.get(name) is (not value) for name, value in _demanded(second).items())


def _demanded(step: StepFacts) -> dict[str, bool]:
    """The yes/no conditions all of which must hold."""
    if step.match == "any" and len(step.conditions) > 1:
        return {}
    return {str(c.get("field")): c["value"] for c in step.conditions if isinstance(c.get("value"), bool)}


def _senders(facts: Facts) -> Iterator[Finding]:
    for ref in dict.fromkeys(step.sender for step in facts.steps if step.is_email):
        sender = facts.senders.get(ref)
        step = next(step for step in facts.steps if step.sender == ref and step.is_email)
        if sender is None:
            words = f"{step.label}: the sender {ref} is no member of this workspace."
            yield Finding(FAULT, "steps", words, step.key, "from")
        elif not sender.is_active:
            words = f"{sender.name} sends {step.label}, but is no longer active."
            yield Finding(FAULT, "steps", words, step.key, "from")
        elif sender.problem:
            level = FAULT if sender.is_certain else WARNING
            yield Finding(level, "steps", f"{sender.name} {sender.problem}", step.key, "from", "mailboxes")


def _postal_address(facts: Facts) -> Iterator[Finding]:
    mail = next((step for step in facts.steps if step.is_email), None)
    if mail and not facts.postal_address.strip():
        words = "The workspace has no postal address, which must stand under automatic mails."
        yield Finding(FAULT, "steps", words, mail.key, cure="workspace")


def _linkedin(facts: Facts) -> Iterator[Finding]:
    """Off in the workspace: those that run go on, others do not begin (D-12)."""
    for step in facts.steps if not facts.has_linkedin else ():
        if step.kind == "linkedin":
            runs = step.key in facts.published
            what = "it goes on as it is." if runs else "turn them on in the settings, or remove it."
            words = f"{step.label} is a LinkedIn step, and those are off in this workspace: {what}"
            yield Finding(WARNING if runs else FAULT, "steps", words, step.key, cure="step_types")


def _texts(facts: Facts) -> Iterator[Finding]:
    text = next((step for step in facts.steps if step.kind == "sms"), None)
    if text and not facts.sends_texts:
        words = (
            f"{text.label} sends a text, and no provider for texts is set up: its messages run out of time."
        )
        yield Finding(WARNING, "steps", words, text.key)


CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _audience,
    _timing,
    _number_of_steps,
    _days,
    _templates,
    _conditions,
    _outcomes,
    _threads,
    _second_email,
    _senders,
    _postal_address,
    _linkedin,
    _texts,
    check_trees,
)
