"""Plans and their steps."""

from __future__ import annotations

from django.db import models

from messaging.models import Template
from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class Plan(TenantModel):
    """One version of a sequence's steps. It belongs to no sequence: a sequence points down at its current one.

    ``steps`` are all of them, also those that are switched off; ``working_steps`` those that a run works.
    """

    number = models.PositiveIntegerField(default=1)
    note = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()
    made_by = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, help_text="from then on it is never changed")

    def __str__(self) -> str:
        return f"plan {self.pk} v{self.number}"

    @property
    def working_steps(self) -> models.QuerySet[Step]:
        """The steps that are switched on, in their order."""
        return Step.objects.filter(plan=self, is_off=False).order_by("day", "position", "pk")


class Step(TenantModel):
    """One step of a plan. Its ``key`` survives edits: the same key in the next plan is the same step."""

    plan = TenantForeignKey(Plan, models.CASCADE, related_name="steps")
    key = models.TextField()
    kind = models.TextField(help_text="a file of steps/kinds")
    name = models.TextField(blank=True, default="")
    position = models.PositiveIntegerField(help_text="order in the plan; in a tree, in the order of reading")
    day = models.PositiveIntegerField(null=True, blank=True, help_text="classic: 1 to 90")
    parent = TenantForeignKey(
        "steps.Step", models.CASCADE, null=True, blank=True, help_text="adaptive: the condition"
    )
    arm = models.TextField(blank=True, default="", help_text="adaptive: yes or no of the parent")
    match = models.TextField(default="all")
    conditions = models.JSONField(default=list, help_text="at most 8 of {field, op, value} (semantics 6.3)")
    template = TenantForeignKey(Template, models.PROTECT, null=True, blank=True)
    settings = models.JSONField(default=dict, help_text="of its kind (semantics 6.2), as in a file")
    is_off = models.BooleanField(
        default=False, db_default=False, help_text="stays in the plan and does nothing (semantics 3.5)"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "plan", "key"], name="step_key_once")]
        ordering = ["day", "position"]

    def __str__(self) -> str:
        return self.name or self.key
