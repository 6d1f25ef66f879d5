"""What of a sequence stays hidden from whoever it is shared with: the personal templates of others (F-09)."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

from messaging.models import Template
from sequences.models import Sequence
from steps.models import Step
from tenants.models import Member
from tenants.policy import can

HIDDEN = Template(name="Private template")


def reads_all(member: Member, sequence: Sequence) -> bool:
    """Whether nothing is hidden: from its owner, and from whoever may change it."""
    return sequence.owner_id == member.pk or can(member, "sequence.edit", sequence)


def hide_private(steps: Iterable[Step], sequence: Sequence, member: Member) -> list[Step]:
    """The steps, with ``HIDDEN`` in the place of templates that the member may not read: copies, only to be shown."""
    if reads_all(member, sequence):
        return list(steps)
    return [_hidden(step) if step.template and is_private(step.template, member) else step for step in steps]


def _hidden(step: Step) -> Step:
    found = copy(step)
    found._meta.get_field("template").set_cached_value(found, HIDDEN)
    return found


def is_private(template: Template, member: Member) -> bool:
    """Whether a template is somebody else's own."""
    return not template.is_shared and template.owner_id != member.pk
