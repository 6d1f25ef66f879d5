"""Everything about one sequence that its editor and its check look at, each thing read once and only when asked for."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from functools import cached_property, partial
from typing import Any

from django.db.models import Exists, OuterRef, Q

from audience.catalogue import call_outcomes
from audience.conditions.form import GROUPS, ConditionForm
from audience.conditions.lists import TenantLists, tenant_scope
from audience.conditions.parse import E_MAIL_KINDS, Scope
from audience.fields import RECORDS, Field
from audience.imports.matching import KEPT_BY_EVENTS
from messaging.models import Mailbox, Template
from sequences.commands.planning import working_plan
from sequences.engine.due import rows_of_plan
from sequences.models import SenderMode, Sequence, Status
from sequences.reading.private import hide_private
from steps.forms import NOT_WRITTEN, Setting, TreeSetting
from steps.kinds import KINDS
from steps.models import Plan, Step
from steps.titles import title_of
from tenants.models import Member, Tenant
from tenants.policy import visible
from tenants.wall import current_id

OWNERS = {
    SenderMode.OWNER: "Owner of the sequence",
    SenderMode.CONTACT_OWNER: "Owner of the contact",
}


class Material:
    """One sequence with the plan that is edited. ``member`` looks at it; templates that they may use are offered."""

    def __init__(self, sequence: Sequence, member: Member, plan: Plan | None = None) -> None:
        self.sequence, self.member = sequence, member
        self.plan = plan or working_plan(sequence)

    @cached_property
    def rows(self) -> list[Step]:
        """The steps of the plan as they are, for the engine. They are not to be shown."""
        return list(rows_of_plan(self.plan.pk))

    @cached_property
    def steps(self) -> list[Step]:
        """The steps in their order, with templates, but not those that are hidden from the member."""
        return hide_private(self.rows, self.sequence, self.member)

    @property
    def working_steps(self) -> list[Step]:
        """Those that are switched on."""
        return [step for step in self.steps if not step.is_off]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Key → the number that screens show."""
        return {step.key: number for number, step in enumerate(self.steps, 1)}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Key → how screens call it: ``Step 2 “Intro”``."""
        return {step.key: f"Step {self.numbers[step.key]} “{title_of(step)}”" for step in self.steps}

    @cached_property
    def _scope(self) -> Scope:
        kinds = {step.key: step.kind for step in self.steps}
        names = Sequence.objects.values_list("name", flat=True)
        return tenant_scope(self.sequence.record, steps=kinds, sequences=names)

    def scope(self, record: str = "", *, with_steps: bool = True) -> Scope:
        """What conditions may name, of another record than the sequence's if one is given."""
        kept = self._scope
        return Scope(
            record or kept.record,
            kept.catalogue,
            steps=kept.steps if with_steps else None,
            users=kept.users,
            sequences=kept.sequences,
        )

    @cached_property
    def lists(self) -> TenantLists:
        """The values that conditions pick from."""
        outcomes = {step.key: step.settings.get("outcomes", ()) for step in self.steps if step.kind == "call"}
        seen = partial(visible, self.member, "record.view")
        return TenantLists(self._sequence_names, outcomes, seen=seen)

    def _sequence_names(self) -> list[str]:
        return list(Sequence.objects.order_by("name").values_list("name", flat=True))

    def stored_group(
        self, prefix: str, match: str, conditions: Any, *, with_steps: bool = True
    ) -> ConditionForm:
        """The builder of a stored group."""
        scope = self.scope(with_steps=with_steps)
        options: dict[str, Any] = {"match": match, "prefix": prefix, "step_labels": self.labels}
        return ConditionForm.stored(scope, self.lists, conditions, **options)

    def posted_group(
        self, data: Any, prefix: str, *, record: str = "", with_steps: bool = True
    ) -> ConditionForm:
        """The builder of what a page posted."""
        scope = self.scope(record, with_steps=with_steps)
        return ConditionForm.posted(scope, self.lists, data, prefix=prefix, step_labels=self.labels)

    @cached_property
    def members(self) -> list[Member]:
        """The active members, each told whether a mailbox of theirs works (``can_send``)."""
        working = Mailbox.objects.filter(member=OuterRef("pk"), state=Mailbox.WORKING)
        found = (
            Member.objects.filter(is_active=True).select_related("user").annotate(can_send=Exists(working))
        )
        return sorted(found, key=lambda member: member.name.casefold())

    @property
    def senders(self) -> list[tuple[str, str]]:
        """Who may be named as sender: the two owners, and members whose mailbox works."""
        named = [(m.email, f"{m.name} ({m.email})") for m in self.members if m.can_send]  # type: ignore[attr-defined]
        return [*OWNERS.items(), *named]

    @property
    def assignees(self) -> list[tuple[str, str]]:
        """Who may be given a reminder; first what holds without a choice."""
        named = [(member.email, member.name) for member in self.members]
        both = [("contact_owner", "Owner of the contact"), ("owner", "Owner of the sequence")]
        return [*both, *named]

    @cached_property
    def templates(self) -> Any:
        """The e-mail templates that the member may use, and those that the plan already does."""
        used = [step.template_id for step in self.steps if step.template_id]
        mine = Q(archived_at=None) & (Q(is_shared=True) | Q(owner=self.member))
        found = Template.objects.filter(Q(channel="email") & (mine | Q(pk__in=used)))
        return found.select_related("current").order_by("name")

    @cached_property
    def tenant(self) -> Tenant:
        """The workspace, whose settings a check looks at."""
        return Tenant.objects.get(pk=current_id())

    @property
    def has_linkedin(self) -> bool:
        """Whether the workspace wants steps on LinkedIn."""
        return self.tenant.has_linkedin

    @cached_property
    def known_fields(self) -> frozenset[str]:
        """The names that texts with placeholders may use."""
        return frozenset(field.name for field in self._scope.catalogue)

    @property
    def setting(self) -> Setting:
        """What the forms of steps offer."""
        same = [("", f"As the sequence: {self.sender_words.lower()}")]
        return Setting([*same, *self.senders], self.assignees, self.templates, self.known_fields)

    @property
    def sender_words(self) -> str:
        """Who sends when a step names nobody."""
        sequence = self.sequence
        return sequence.sender.name if sequence.sender else OWNERS[SenderMode(sequence.sender_mode)]

    @property
    def tree_setting(self) -> TreeSetting:
        """What the forms of trees offer besides."""
        base = {one.name: getattr(self.setting, one.name) for one in dataclass_fields(self.setting)}
        known = self.written_fields
        calls = {step.key: step.settings.get("outcomes", ()) for step in self.steps if step.kind == "call"}
        usual = call_outcomes() if calls else ()
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, field in known.items():
            groups.setdefault(GROUPS[field.record], []).append(
                (name, field.label[:1].upper() + field.label[1:])
            )
        return TreeSetting(
            **base,
            mails=[(s.key, self.labels[s.key]) for s in self.steps if s.kind in E_MAIL_KINDS],
            calls=[(key, self.labels[key]) for key in calls],
            outcomes={key: found or usual for key, found in calls.items()},
            fields=list(groups.items()),
            known=known,
            sequences=self._onward,
        )

    @cached_property
    def written_fields(self) -> dict[str, Field]:
        """The fields that an update may name, as conditions name them: the sequence's record first (semantics 2.16)."""
        own = self.sequence.record
        order = [own, *(record for record in RECORDS if record != own)]
        found = [field for record in order for field in self._scope.catalogue.of(record)]
        written = [
            f for f in found if f.type not in NOT_WRITTEN and f.key not in KEPT_BY_EVENTS | {"created_at"}
        ]
        return {f.key if f.record == own else f.name: f for f in written}

    @property
    def _onward(self) -> list[tuple[str, str]]:
        """The active sequences of the same record, in which somebody may go on (D-16)."""
        others = Sequence.objects.filter(status=Status.ACTIVE, record=self.sequence.record)
        names = others.exclude(pk=self.sequence.pk).order_by("name").values_list("name", flat=True)
        return [(name, name) for name in names]

    def kind_label(self, step: Step) -> str:
        return KINDS[step.kind].label

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)
