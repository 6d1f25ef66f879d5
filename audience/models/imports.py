"""Imports: what was asked for, how far it is, what was refused."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class ImportJob(TenantModel):
    """One file on its way in. ``state`` and the counts are written by audience.imports.jobs alone.

    ``done`` rows are in, and counted, in one transaction with them: whoever goes on begins there. created + updated +
    skipped + refused is ``done``, and at the end ``total``.
    """

    MATCHING, QUEUED, RUNNING, DONE, FAILED = "matching", "queued", "running", "done", "failed"
    UPDATE, SKIP, CREATE = "update", "skip", "create"

    kind = models.TextField(default="contact", help_text="contact or account")
    file_name = models.TextField(default="")
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True, help_text="who asked for it")
    state = models.TextField(default=MATCHING)
    problem = models.TextField(blank=True, default="", help_text="why it failed, fit for a person")
    encoding = models.TextField(default="")
    delimiter = models.TextField(default="")
    on_duplicate = models.TextField(default=UPDATE, help_text="update, skip or create")
    header = models.JSONField(default=list, help_text="the names of the columns")
    columns = models.JSONField(default=list, help_text="the key of the field of each column; empty: left out")
    constants = models.JSONField(default=dict, help_text="key → text, the same for every row")
    warnings = models.JSONField(default=list)
    unknown_owners = models.JSONField(
        default=dict, help_text="what was named as owner and is no member → rows"
    )
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-made_at"], name="import_by_time")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"

    @property
    def is_over(self) -> bool:
        return self.state in (self.DONE, self.FAILED)


class ImportFile(TenantModel):
    """The bytes of an import, compressed, where every worker finds them. Gone when it is done."""

    job = TenantForeignKey(ImportJob, models.CASCADE)
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "job"], name="import_file_once")]

    def __str__(self) -> str:
        return f"file of import {self.job_id}"


class ImportRefusal(TenantModel):
    """A row that was not taken: its line in the file, why, and what stood there."""

    job = TenantForeignKey(ImportJob, models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    reason = models.TextField()
    cells = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["tenant", "job", "line"], name="import_refusal_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class ImportDue(models.Model):
    """That an import is to be worked, from when on. Outside the wall: ids and an instant, no customer data.

    Who works it moves the instant ahead; when they are killed it comes and another goes on.
    """

    tenant_id = models.BigIntegerField()
    job_id = models.BigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "job_id"], name="import_due_once")]
        indexes = [models.Index(fields=["due_at"], name="import_due_by_time")]

    def __str__(self) -> str:
        return f"import {self.job_id} of tenant {self.tenant_id}"
