"""Runs and when the next one is due."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sequences.models.sequence import Sequence
from tenants.fields import TenantForeignKey
from tenants.models import TenantModel


class Run(TenantModel):
    """One scheduled occurrence of a sequence. Without an ordinal it was missed (semantics 2.7) and does not count."""

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="runs")
    scheduled_for = models.DateTimeField()
    local_day = models.DateField(
        null=True, help_text="the date in the sequence's zone of that time; adaptive: none"
    )
    ordinal = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField()
    entered = models.PositiveIntegerField(default=0)
    executed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    exited = models.PositiveIntegerField(default=0)
    resumed = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(
        default=dict, help_text="counts by reason: {skipped: {…}, held: {…}, exited: {…}}"
    )
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sequence", "scheduled_for"], name="run_once"),
            models.UniqueConstraint(fields=["tenant", "sequence", "local_day"], name="run_once_a_day"),
            models.UniqueConstraint(
                fields=["tenant", "sequence", "ordinal"],
                condition=models.Q(ordinal__isnull=False),
                name="run_ordinal_once",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.ordinal or 'missed'} of {self.sequence_id}"


class HeldStays(TenantModel):
    """Whom a run held for one reason. A hold leaves nothing else behind once it is over (semantics 2.27)."""

    run = TenantForeignKey(Run, models.CASCADE, related_name="held_stays")
    reason = models.TextField()
    stays = ArrayField(models.BigIntegerField(), help_text="keys of enrollments, also of deleted ones")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "run", "reason"], name="held_once_a_run")]

    def __str__(self) -> str:
        return f"{len(self.stays)} held {self.reason}"


class Schedule(models.Model):
    """When something of a sequence is due next. Outside the wall: ids and instants, no customer data.

    ``next_run_at`` is NULL while nothing is due: a draft, a paused sequence. Of a paused tree with exit conditions it
    is the full quarter at which these are asked (semantics 5.13).
    """

    tenant_id = models.BigIntegerField()
    sequence_id = models.BigIntegerField()
    next_run_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="its run failed: not again before then")
    failures = models.PositiveIntegerField(default=0, db_default=0)
    worked_at = models.DateTimeField(null=True, help_text="adaptive: the last instant that was worked")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "sequence_id"], name="schedule_once")]
        indexes = [
            models.Index(
                fields=["next_run_at"], condition=models.Q(next_run_at__isnull=False), name="schedule_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sequence_id} at {self.next_run_at}"


class Wake(models.Model):
    """Something came in for an adaptive sequence, which is to look at it from ``at`` on. Outside the wall, too.

    A row for each, that nobody waits for: who brings a fact and the run that takes these rows away hold other locks.
    """

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="wakes")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="wake_due")]

    def __str__(self) -> str:
        return f"{self.schedule} woken for {self.at}"
