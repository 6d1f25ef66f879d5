"""Templates and their versions."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey, lowered
from tenants.models import Member, TenantModel


class Template(TenantModel):
    """A text to send. ``current`` is what the next run pins; older messages keep the version they were made with."""

    name = models.TextField()
    name_norm = lowered("name")
    channel = models.TextField(default="email", help_text="email or sms")
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    is_shared = models.BooleanField(default=True)
    current = TenantForeignKey("messaging.TemplateVersion", models.SET_NULL, null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name_norm"], name="template_name_once")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(TenantModel):
    """One saved state of a template, never changed afterwards."""

    template = TenantForeignKey(Template, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.TextField(blank=True, default="")
    body = models.TextField(help_text="HTML with Liquid; of an SMS the text")
    needed = models.JSONField(
        default=list, help_text="paths of fields without which it cannot be sent (semantics 2.31)"
    )
    made_at = models.DateTimeField()
    made_by = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "template", "number"], name="template_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
