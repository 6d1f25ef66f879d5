"""Imports: what was asked for, how far it is, what was refused."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey, lowered
from tenants.models import Member, TenantModel


class ImportJob(TenantModel):
    """One file on its way in. ``state`` and the counts are written by audience.imports.jobs alone.

    ``done`` rows are in, and counted, in one transaction with them: whoever goes on begins there. created + updated +
    skipped + refused is ``done``, and at the end ``total``.
    """

    MATCHING, CHECKING, CHECKED = "matching", "checking", "checked"
    QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
    UPDATE, SKIP, CREATE = "update", "skip", "create"

    kind = models.TextField(default="contact", help_text="contact or account")
    file_name = models.TextField(default="")
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True, help_text="who asked for it")
    state = models.TextField(default=MATCHING)
    problem = models.TextField(blank=True, default="", help_text="why it failed, fit for a person")
    encoding = models.TextField(default="")
    delimiter = models.TextField(default="")
    sheet = models.TextField(default="", blank=True, help_text="of a workbook, the sheet that is read")
    sheets = models.JSONField(default=list, help_text="of a workbook, all its sheets")
    date_order = models.TextField(
        default="", blank=True, help_text="what 01/02/2026 begins with: day or month; empty: refused"
    )
    decimal_sign = models.TextField(default="", blank=True, help_text="empty: as the delimiter tells")
    on_duplicate = models.TextField(default=UPDATE, help_text="update, skip or create")
    header = models.JSONField(default=list, help_text="the names of the columns")
    columns = models.JSONField(default=list, help_text="the key of the field of each column; empty: left out")
    constants = models.JSONField(default=dict, help_text="key → text, the same for every row")
    new_fields = models.JSONField(default=list, help_text="key, label and type of what is made at the start")
    sample = models.JSONField(default=list, help_text="the cells of the first rows, shortened")
    forecast = models.JSONField(default=dict, help_text="what the last check found that would happen")
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

    @property
    def is_begun(self) -> bool:
        """Whether records may have come in by it."""
        return self.state in (self.QUEUED, self.RUNNING, self.DONE, self.FAILED)

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has it, or soon will."""
        return self.state in (self.CHECKING, self.QUEUED, self.RUNNING)


class ImportFile(TenantModel):
    """A piece of an import's bytes, compressed, where every worker finds it. All are gone when it is done."""

    job = TenantForeignKey(ImportJob, models.CASCADE)
    number = models.PositiveIntegerField(default=0, help_text="of the piece, from 0")
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "job", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return f"piece {self.number} of the file of import {self.job_id}"


class ImportMapping(TenantModel):
    """Which columns go where, kept under a name for the next file of the same kind.

    ``columns`` has the field's key (empty: left out) by the simplified name of the column; fields that were made on the
    way are fields by then.
    """

    name = models.TextField()
    name_norm = lowered("name")
    kind = models.TextField(default="contact")
    columns = models.JSONField(default=dict)
    constants = models.JSONField(default=dict)
    on_duplicate = models.TextField(default=ImportJob.UPDATE)
    date_order = models.TextField(default="", blank=True)
    decimal_sign = models.TextField(default="", blank=True)
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "name_norm"], name="import_mapping_once")
        ]
        ordering = ["name_norm"]

    def __str__(self) -> str:
        return self.name


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


class ImportTaken(TenantModel):
    """Whom a batch made or found: the ids of its records. So an import leads to the people of its file."""

    job = TenantForeignKey(ImportJob, models.CASCADE, related_name="taken")
    ids = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["tenant", "job"], name="import_taken_by_job")]

    def __str__(self) -> str:
        return f"{len(self.ids)} records of import {self.job_id}"


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
