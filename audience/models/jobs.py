"""Jobs on many records at once: what is to be done to whom, how far it is, the file it makes."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class RecordJob(TenantModel):
    """One verb for those picked, or for all whom a list's address asks for. Written by audience.bulk.work alone.

    ``last_id`` is the last record that was looked at, with the counts in the same transaction: whoever goes on begins
    behind it. changed + left_out is ``done``, and at the end ``total``.
    """

    QUEUED, RUNNING, DONE, FAILED, STOPPED = "queued", "running", "done", "failed", "cancelled"

    record = models.TextField(help_text="contact or account")
    verb = models.TextField(help_text="a key of audience.bulk.registry")
    arguments = models.JSONField(default=dict)
    said = models.TextField(help_text="what is done, as a person reads it")
    ids = models.JSONField(null=True, help_text="those picked; NULL: all of the filter")
    filter = models.TextField(blank=True, default="", help_text="the query of the list")
    up_to = models.BigIntegerField(
        default=0, help_text="the newest record when it was asked for; later ones stay out"
    )
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, help_text="who asked for it")
    state = models.TextField(default=QUEUED)
    problem = models.TextField(blank=True, default="", help_text="why it failed, fit for a person")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(
        default=0, help_text="those to whom the member's rights do not reach"
    )
    last_id = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-made_at"], name="record_job_by_time")]

    def __str__(self) -> str:
        return f"{self.said} ({self.state})"

    @property
    def is_over(self) -> bool:
        return self.state in (self.DONE, self.FAILED, self.STOPPED)


class RecordJobPart(TenantModel):
    """A piece of the file that a job makes, a gzip member of its own: one behind the other they are the file."""

    job = TenantForeignKey(RecordJob, models.CASCADE)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "job", "number"], name="record_job_part_once")
        ]

    def __str__(self) -> str:
        return f"part {self.number} of job {self.job_id}"


class RecordJobDue(models.Model):
    """That a job is to be worked, or its file thrown away, from when on. Outside the wall: ids and an instant."""

    tenant_id = models.BigIntegerField()
    job_id = models.BigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "job_id"], name="record_job_due_once")]
        indexes = [models.Index(fields=["due_at"], name="record_job_due_by_time")]

    def __str__(self) -> str:
        return f"job {self.job_id} of tenant {self.tenant_id}"
