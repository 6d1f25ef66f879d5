"""A sequence: audience, plan, schedule, exit criteria, status."""

from __future__ import annotations

from django.db import models
from timezone_field import TimeZoneField

from audience.models import SavedView
from steps.models import Plan
from tenants.fields import TenantForeignKey, lowered
from tenants.models import Member, Team, TenantModel


class Status(models.TextChoices):
    """draft → active ⇄ paused; active or paused → archived (semantics 2.1)."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ARCHIVED = "archived", "Archived"


class SenderMode(models.TextChoices):
    """Who sends the automatic e-mails (semantics 2.29)."""

    OWNER = "owner", "Owner of the sequence"
    CONTACT_OWNER = "contact_owner", "Owner of the contact"
    MEMBER = "member", "A fixed user"


class Sequence(TenantModel):
    """One sequence. ``status`` is written by sequences.commands alone."""

    name = models.TextField()
    name_norm = lowered("name")
    description = models.TextField(blank=True, default="")
    tags = models.JSONField(default=list, blank=True)
    owner = TenantForeignKey(Member, models.PROTECT)
    kind = models.TextField(default="classic", help_text="classic, smart or adaptive")
    record = models.TextField(default="contact", help_text="contact, account or opportunity")
    status = models.TextField(choices=Status.choices, default=Status.DRAFT)
    is_shared = models.BooleanField(default=False, help_text="seen by everyone, changed by its owner")
    plan = TenantForeignKey(
        Plan, models.PROTECT, help_text="the current one; before activation the draft itself"
    )
    draft = TenantForeignKey(
        Plan,
        models.SET_NULL,
        null=True,
        blank=True,
        help_text="edits of an activated sequence, until published",
    )
    sender_mode = models.TextField(choices=SenderMode.choices, default=SenderMode.OWNER)
    sender = TenantForeignKey(Member, models.PROTECT, null=True, blank=True, help_text="of the mode member")

    run_time = models.TimeField(null=True, blank=True, help_text="classic and smart: the local time of runs")
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    every_days = models.PositiveIntegerField(default=1, help_text="smart: N")
    hours_start = models.TimeField(null=True, blank=True, help_text="adaptive: working hours")
    hours_end = models.TimeField(null=True, blank=True)
    exclude_weekends = models.BooleanField(default=False)
    holidays = models.JSONField(default=list, blank=True, help_text="dates, YYYY-MM-DD")
    window_start = models.TimeField(null=True, blank=True, help_text="recipient window (semantics 2.36)")
    window_end = models.TimeField(null=True, blank=True)

    entry_match = models.TextField(default="all")
    entry_conditions = models.JSONField(default=list, blank=True)
    unique_email = models.BooleanField(default=False)
    exclusive = models.BooleanField(default=False)
    reentry_days = models.PositiveIntegerField(null=True, blank=True)

    exit_all_steps = models.BooleanField(default=True)
    exit_replied = models.BooleanField(default=True)
    exit_unsubscribed = models.BooleanField(default=True)
    exit_bounced = models.BooleanField(default=True)
    exit_colleague_replied = models.BooleanField(default=False)
    exit_match = models.TextField(default="any")
    exit_conditions = models.JSONField(default=list, blank=True)
    out_of_office = models.TextField(default="pause", help_text="pause or ignore")

    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    schedule_changed_at = models.DateTimeField(null=True, blank=True)
    counters = models.JSONField(
        default=dict, help_text="made at the end of each run by sequences.engine.counters"
    )
    counted_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(
        blank=True, default="", help_text="why its last run failed, fit for a person; empty: it did not"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name_norm"], name="sequence_name_once")]
        indexes = [models.Index(fields=["tenant", "owner"], name="sequence_by_owner")]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def shared_with(member: Member) -> models.Q:
        """Those that were shared with a member by name or with their team (F-09); ``is_shared`` is another matter."""
        named = models.Q(member=member)
        if member.team_id is not None:
            named |= models.Q(team=member.team_id)
        return models.Q(pk__in=SequenceShare.objects.filter(named).values("sequence"))


class SequenceShare(TenantModel):
    """That a sequence may be viewed and cloned by a member or by a team; never changed by it (F-09)."""

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="shares")
    member = TenantForeignKey(Member, models.CASCADE, null=True)
    team = TenantForeignKey(Team, models.CASCADE, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sequence", "member", "team"],
                nulls_distinct=False,
                name="sequence_share_once",
            ),
            models.CheckConstraint(
                condition=models.Q(member__isnull=False, team__isnull=True)
                | models.Q(member__isnull=True, team__isnull=False),
                name="sequence_share_of_one",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "member"], name="share_by_member"),
            models.Index(fields=["tenant", "team"], name="share_by_team"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} with {self.member or self.team}"


class SequenceView(TenantModel):
    """That a saved view is a way into a sequence."""

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="sequence_views")
    view = TenantForeignKey(SavedView, models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sequence", "view"], name="sequence_view_once")
        ]

    def __str__(self) -> str:
        return f"{self.view} into {self.sequence}"


class SequencePlan(TenantModel):
    """That a plan is or was one of a sequence: its versions, and the keys that were ever given in it."""

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="sequence_plans")
    plan = TenantForeignKey(Plan, models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sequence", "plan"], name="sequence_plan_once")
        ]

    def __str__(self) -> str:
        return f"{self.plan} of {self.sequence}"
