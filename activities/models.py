"""Facts of the timeline and reminders."""

from __future__ import annotations

from django.db import models

from audience.models import Account, Contact
from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class Fact(TenantModel):
    """Something that happened to a contact, append-only. ``message_id``, ``enrollment_id`` point up, without arrows."""

    contact = TenantForeignKey(Contact, models.CASCADE)
    account = TenantForeignKey(
        Account, models.SET_NULL, null=True, help_text="the primary one of that moment"
    )
    kind = models.TextField(help_text="a name of activities.kinds")
    at = models.DateTimeField()
    by_machine = models.BooleanField(
        default=False, db_default=False, help_text="a scanner's open or click: moves nothing"
    )
    message_id = models.BigIntegerField(null=True)
    enrollment_id = models.BigIntegerField(null=True)
    member = TenantForeignKey(Member, models.SET_NULL, null=True)
    data = models.JSONField(default=dict, db_default={})

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "contact", "-at", "-id"], name="fact_by_contact"),
            models.Index(
                fields=["tenant", "account", "-at"],
                condition=models.Q(account__isnull=False),
                name="fact_by_account",
            ),
            models.Index(
                fields=["tenant", "enrollment_id"],
                condition=models.Q(enrollment_id__isnull=False),
                name="fact_by_enrollment",
            ),
            models.Index(
                fields=["tenant", "message_id"],
                condition=models.Q(message_id__isnull=False),
                name="fact_by_message",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Reminder(TenantModel):
    """Something for a person to do: made by a manual step, or by hand.

    Title and description are Liquid, read with the values of the moment when they are shown (semantics 2.31).
    """

    OPEN, COMPLETED, SKIPPED, CANCELLED = "open", "completed", "skipped", "cancelled"

    contact = TenantForeignKey(Contact, models.CASCADE)
    opportunity = TenantForeignKey("audience.Opportunity", models.SET_NULL, null=True, blank=True)
    kind = models.TextField(help_text="call, task, email_reminder, sms_reminder, linkedin")
    title = models.TextField(default="", db_default="")
    description = models.TextField(default="", db_default="")
    settings = models.JSONField(
        default=dict, db_default={}, help_text="script, outcomes, type, template … of the step"
    )
    priority = models.TextField(default="normal", db_default="normal")
    assignee = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.TextField(default=OPEN, db_default=OPEN)
    outcome = models.TextField(default="", db_default="")
    note = models.TextField(default="", db_default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    enrollment_id = models.BigIntegerField(null=True)
    step_run_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "contact", "-due_at"], name="reminder_by_contact"),
            models.Index(
                fields=["tenant", "assignee", "due_at"],
                condition=models.Q(state="open"),
                name="reminder_open_by_member",
            ),
            models.Index(fields=["tenant", "enrollment_id"], name="reminder_by_enrollment"),
            models.Index(
                fields=["tenant", "opportunity"],
                condition=models.Q(opportunity__isnull=False),
                name="reminder_by_opportunity",
            ),
            models.Index(
                fields=["tenant", "step_run_id"],
                condition=models.Q(step_run_id__isnull=False),
                name="reminder_by_step_run",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def owner_id(self) -> int | None:
        """Whose it is, as policy asks it of every object."""
        return self.assignee_id

    @property
    def owner(self) -> Member | None:
        return self.assignee
