"""Gathers what the check before activation looks at: a few queries, whatever the sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q

from audience.conditions.parse import Group
from audience.models import Contact
from messaging.channels import LEAVES_BY
from messaging.liquid import analyse
from messaging.models import Mailbox
from sequences.checks import check, faults
from sequences.files.specs import StepSpec
from sequences.findings import Facts, Finding, SenderFacts, StepFacts, TemplateFacts
from sequences.models import SenderMode, Sequence
from sequences.reading.material import Material
from steps.kinds import KINDS
from steps.models import Plan, Step
from tenants.models import Member

NO_NAME = "has no name that recipients would see: give one to the mailbox, or under My settings."
NO_MAILBOX = "has no mailbox connected: mails would be held."


def findings_of(
    sequence: Sequence,
    *,
    by: Member,
    plan: Plan | None = None,
    matching: Callable[[], int | None] | None = None,
) -> list[Finding]:
    """Everything that is wrong with a sequence or to be doubted, in its draft if it has one.

    ``matching`` counts those who would come in; without it nothing is said about their number.
    """
    return check(facts_of(Material(sequence, by, plan), matching))


def faults_of(sequence: Sequence) -> list[Finding]:
    """What forbids its activation; counts nobody."""
    return faults(findings_of(sequence, by=sequence.owner))


def facts_of(material: Material, matching: Callable[[], int | None] | None = None) -> Facts:
    """The facts of the check. An audience that cannot be read has no number."""
    sequence = material.sequence
    entry = {"match": sequence.entry_match, "conditions": sequence.entry_conditions}
    has_way_in = bool(sequence.entry_conditions) or sequence.sequence_views.exists()
    return Facts(
        kind=sequence.kind,
        run_time=sequence.run_time,
        steps=tuple(_step(material, step) for step in material.working_steps),
        switched_off={
            step.key: f"Step {material.numbers[step.key]}" for step in material.steps if step.is_off
        },
        scope=material.scope(),
        entry=entry,
        exit={"match": sequence.exit_match, "conditions": sequence.exit_conditions},
        senders=_senders(material),
        postal_address=material.tenant.postal_address,
        matching=(matching() if matching else -1) if has_way_in else None,
        name=sequence.name,
        has_hours=sequence.hours_start is not None and sequence.hours_end is not None,
        sends_texts="sms" in LEAVES_BY,
        has_linkedin=material.has_linkedin,
        published=_published(sequence),
        tree=_arm(material.steps, None, "") if sequence.kind == "adaptive" else (),
    )


def _published(sequence: Sequence) -> frozenset[str]:
    keys = sequence.plan.steps.values_list("key", flat=True) if sequence.activated_at else ()
    return frozenset(keys)


def _arm(steps: list[Step], parent: int | None, arm: str) -> tuple[StepSpec, ...]:
    """The steps of an arm, those of their arms in them."""
    return tuple(
        StepSpec(
            step.key,
            step.kind,
            options=step.settings,
            conditions=Group(step.match, tuple(step.conditions)),
            yes=_arm(steps, step.pk, "yes"),
            no=_arm(steps, step.pk, "no"),
        )
        for step in steps
        if step.parent_id == parent and (parent is None or step.arm == arm)
    )


def _step(material: Material, step: Step) -> StepFacts:
    kind = KINDS[step.kind]
    return StepFacts(
        key=step.key,
        kind=step.kind,
        label=f"Step {material.numbers[step.key]}",
        day=step.day,
        needs_template="template" in kind.required,
        is_email=kind.is_email,
        match=step.match,
        conditions=tuple(step.conditions),
        template=_template(material, step),
        settings=step.settings,
        sender=sender_of(material.sequence, step.settings),
    )


def sender_of(sequence: Sequence, settings: Mapping[str, Any]) -> str:
    """Who sends a step: ``owner``, ``contact_owner`` or the e-mail of a user (semantics 2.29)."""
    default = sequence.sender.email if sequence.sender else sequence.sender_mode
    return str(settings.get("from") or default)


def _template(material: Material, step: Step) -> TemplateFacts | None:
    template = step.template
    if template is None:
        return None
    version = template.current
    subject, body = (version.subject, version.body) if version else ("", "")
    used = analyse(subject, body, material.known_fields).used
    unknown = sorted(name for name in used if _is_gone(name, material))
    archived = template.archived_at is not None
    return TemplateFacts(template.pk, template.name, subject, body, archived, tuple(unknown))


def _is_gone(name: str, material: Material) -> bool:
    """Whether a name of a record is no field any more; owner and sender are people, not records."""
    return name.partition(".")[0] not in ("owner", "sender") and name not in material.known_fields


def _senders(material: Material) -> dict[str, SenderFacts]:
    """The people behind every sender that an e-mail step names."""
    sequence = material.sequence
    named = {
        sender_of(sequence, step.settings) for step in material.working_steps if KINDS[step.kind].is_email
    }
    wanted = Q(user__email__in=[name.lower() for name in named]) | Q(pk=sequence.owner_id)
    members = list(Member.objects.filter(wanted).select_related("user").prefetch_related("mailboxes"))
    by_email = {member.email.lower(): member for member in members}
    found: dict[str, SenderFacts] = {}
    for ref in named:
        if ref == SenderMode.CONTACT_OWNER:
            found[ref] = _contact_owners()
        elif ref == SenderMode.OWNER:
            found[ref] = _sender(next(member for member in members if member.pk == sequence.owner_id))
        elif ref.lower() in by_email:
            found[ref] = _sender(by_email[ref.lower()])
    return found


def _sender(member: Member) -> SenderFacts:
    boxes = list(member.mailboxes.all())
    if not member.user.name and not all(box.name for box in boxes):
        return SenderFacts(member.name, member.is_active, NO_NAME)
    if any(box.state == Mailbox.WORKING for box in boxes):
        return SenderFacts(member.name, member.is_active)
    broken = next((box for box in boxes if box.state == Mailbox.BROKEN), None)
    problem = f"has a mailbox that does not work: {broken.problem or broken.email}." if broken else NO_MAILBOX
    return SenderFacts(member.name, member.is_active, problem)


def _contact_owners() -> SenderFacts:
    """Owners of contacts are many: some of them may have no mailbox, which holds their contacts only."""
    owning = Contact.objects.exclude(owner=None).values("owner")
    working = Mailbox.objects.filter(state=Mailbox.WORKING).values("member")
    without = Member.objects.filter(pk__in=owning).exclude(pk__in=working).count()
    words = "1 owner of contacts has" if without == 1 else f"{without} owners of contacts have"
    problem = "no working mailbox: their contacts would be held." if without else ""
    return SenderFacts(words if without else "Owners of contacts", True, problem, is_certain=False)
