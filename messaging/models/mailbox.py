"""From where a sender's mail leaves, and how much already did."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class Mailbox(TenantModel):
    """A member's connected mailbox. Its state is written by messaging.mailboxes alone."""

    WORKING, BROKEN, OFF = "working", "broken", "off"

    member = TenantForeignKey(Member, models.CASCADE, related_name="mailboxes")
    name = models.TextField(blank=True, default="", help_text="the name that recipients see")
    email = models.TextField()
    smtp_host = models.TextField()
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.TextField(default="starttls", help_text="none, starttls or ssl")
    smtp_username = models.TextField(blank=True, default="")
    smtp_password = models.TextField(
        blank=True, default="", help_text="ciphertext: config FIELD_ENCRYPTION_KEYS"
    )
    is_default = models.BooleanField(default=True)
    state = models.TextField(default=WORKING)
    problem = models.TextField(blank=True, default="", help_text="why it is broken, fit for a person")
    tested_at = models.DateTimeField(null=True, blank=True)
    backoff_until = models.DateTimeField(null=True, blank=True)
    backoff_count = models.PositiveIntegerField(default=0)
    refused_in_row = models.PositiveIntegerField(
        default=0, db_default=0, help_text="mails that its server refused since it took one"
    )
    daily_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="the provider's own, over 24 hours"
    )

    class Meta:
        indexes = [models.Index(fields=["tenant", "member"], name="mailbox_by_member")]

    def __str__(self) -> str:
        return self.email


class SendingStop(TenantModel):
    """That somebody stopped all sending: of the workspace, or (``member``) of one of its members. Kept when it is over.

    What the gate reads stands on Tenant and Member; who, why and until when stands here.
    """

    member = TenantForeignKey(Member, models.CASCADE, null=True)
    by = TenantForeignKey(Member, models.SET_NULL, null=True)
    reason = models.TextField()
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = TenantForeignKey(Member, models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "member"],
                condition=models.Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="sending_stop_once",
            )
        ]

    def __str__(self) -> str:
        return f"stop of {self.member or 'all sending'}"


class TrialAddress(TenantModel):
    """To whom mails go while a workspace tries things: a normalised address, or ``@`` and a domain."""

    address_norm = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "address_norm"], name="trial_address_once")]

    def __str__(self) -> str:
        return self.address_norm


class SenderUsage(TenantModel):
    """How many automatic e-mails were made for a sender on a calendar day of their zone (semantics 2.29).

    Written by runs alone, in their transaction; what is cancelled later still counts for its day.
    """

    sender = TenantForeignKey(Member, models.CASCADE)
    day = models.DateField()
    made = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "sender", "day"], name="sender_usage_once")]

    def __str__(self) -> str:
        return f"{self.made} on {self.day}"


class MailboxUsage(TenantModel):
    """How many messages passed the gate of a capped mailbox in a quarter of an hour. Written by the gate alone."""

    mailbox = TenantForeignKey(Mailbox, models.CASCADE)
    bucket = models.DateTimeField(help_text="when the quarter began")
    used = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "mailbox", "bucket"], name="mailbox_usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.used} from {self.bucket:%Y-%m-%d %H:%M}"


class MailboxDue(models.Model):
    """When delivery should look at a mailbox next. Outside the wall, like Schedule: ids and an instant.

    It may be too early, never too late: what adds work brings it forward, delivery alone puts it back.
    """

    tenant_id = models.BigIntegerField()
    mailbox_id = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    visited_until = models.DateTimeField(null=True, help_text="a worker is there, if it has not died")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "mailbox_id"], name="mailbox_due_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="mailbox_due")
        ]

    def __str__(self) -> str:
        return f"mailbox {self.mailbox_id} at {self.due_at}"
