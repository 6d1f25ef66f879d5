"""Addresses and numbers that are never written to again."""

from __future__ import annotations

from django.db import models

from tenants.models import TenantModel


class Suppression(TenantModel):
    """One address (channel email) or number (channel sms) that nobody of the tenant writes to (semantics 2.22)."""

    UNSUBSCRIBED, BOUNCED = "unsubscribed", "bounced"

    channel = models.TextField(default="email")
    address_norm = models.TextField(help_text="audience.addresses / audience.phones, normalised")
    reason = models.TextField(help_text="unsubscribed (also an SMS stop) or bounced")
    source = models.TextField(blank=True, default="", help_text="link, one_click, bounce, import, person …")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "address_norm", "reason"], name="suppressed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address_norm} ({self.reason})"
