"""The outbox: messages to be sent, being sent, sent (reliability §3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from audience.models import Contact, Opportunity
from messaging.models.mailbox import Mailbox
from messaging.models.templates import TemplateVersion
from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class Mailing(TenantModel):
    """What the messages of one step share: the pinned version of its template and its settings of that moment."""

    template_version = TenantForeignKey(TemplateVersion, models.PROTECT, null=True)
    text = models.TextField(blank=True, default="", help_text="of an SMS step")
    step_key = models.TextField(blank=True, default="")
    thread = models.TextField(default="new", help_text="new or reply")
    reply_to = models.TextField(blank=True, default="")
    cc = models.TextField(blank=True, default="", help_text="addresses, comma separated")
    bcc = models.TextField(blank=True, default="")
    track_opens = models.BooleanField(default=True)
    track_clicks = models.BooleanField(default=True)
    unsubscribe = models.BooleanField(default=True)
    window_start = models.TimeField(null=True, help_text="recipient window (semantics 2.36)")
    window_end = models.TimeField(null=True)
    window_zone = models.TextField(
        blank=True, default="", db_default="", help_text="for contacts with neither zone nor country"
    )

    class Meta:
        indexes = [models.Index(fields=["tenant", "template_version", "step_key"], name="mailing_by_version")]

    def __str__(self) -> str:
        return f"mailing {self.pk}"


class Message(TenantModel):
    """One automatic e-mail or SMS. States and who may move them: messaging.lifecycle.

    ``step_run_id`` and ``enrollment_id`` point up, or are both NULL; the database holds them to a step run of the
    tenant and to the enrollment of that one, Python does not know.
    """

    channel = models.TextField(default="email", db_default="email")
    mailing = TenantForeignKey(Mailing, models.PROTECT)
    contact = TenantForeignKey(Contact, models.CASCADE)
    opportunity = TenantForeignKey(Opportunity, models.SET_NULL, null=True)
    sender = TenantForeignKey(Member, models.PROTECT, null=True)
    mailbox = TenantForeignKey(Mailbox, models.SET_NULL, null=True, help_text="e-mail: whence it leaves")
    enrollment_id = models.BigIntegerField(null=True)
    step_run_id = models.BigIntegerField(null=True)
    resend_no = models.SmallIntegerField(default=0, db_default=0)
    address_norm = models.TextField(help_text="where it goes; fixed when it is made")
    state = models.TextField(default="pending", db_default="pending")
    reason = models.TextField(default="", db_default="", help_text="of failed, cancelled, expired")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(
        default=0, db_default=0, help_text="times it was rescued from a worker that died: five are poison"
    )
    refusals = models.SmallIntegerField(default=0, db_default=0, help_text="answers that said: not now")
    held_since = models.DateTimeField(
        null=True,
        help_text="waits for the end of a pause; its time does not run out meanwhile (semantics 2.33)",
    )
    gate_at = models.DateTimeField(null=True)
    gate_seq = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="in doubt: when it passed its gate")
    smtp_phase = models.TextField(default="", db_default="")
    smtp_code = models.SmallIntegerField(null=True)
    smtp_text = models.TextField(default="", db_default="")
    resolved_by = models.TextField(default="", db_default="")
    message_id = models.TextField(
        null=True, help_text="RFC 5322 Message-ID, made with the bytes at the first claim"
    )
    subject = models.TextField(default="", db_default="", help_text="as it was sent")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "step_run_id", "channel", "resend_no"], name="message_once_per_step_run"
            ),
            models.CheckConstraint(
                condition=Q(enrollment_id__isnull=True, step_run_id__isnull=True)
                | Q(enrollment_id__isnull=False, step_run_id__isnull=False),
                name="message_of_a_step_run",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "mailbox", "due_at", "id"],
                condition=Q(state="pending", held_since__isnull=True),
                name="message_waiting",
            ),
            models.Index(
                fields=["tenant", "lease_until"],
                condition=Q(state__in=["leased", "sending"]),
                name="message_leased",
            ),
            models.Index(
                fields=["tenant", "step_run_id"], condition=Q(state="unknown"), name="message_in_doubt"
            ),
            models.Index(fields=["tenant", "enrollment_id"], name="message_by_enrollment"),
            models.Index(
                fields=["tenant", "enrollment_id"],
                condition=Q(state__in=["failed", "unknown", "expired"])
                | Q(state="cancelled", reason="trial"),
                name="message_unsent",
            ),
            models.Index(
                fields=["tenant", "message_id"],
                condition=Q(message_id__isnull=False),
                name="message_by_message_id",
            ),
            # Whole, not only of what was sent: who is deleted takes all their messages along.
            models.Index(fields=["tenant", "contact", "-sent_at"], name="message_by_contact"),
            models.Index(
                fields=["tenant", "opportunity"],
                condition=Q(opportunity__isnull=False),
                name="message_by_opportunity",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk} ({self.state})"


class Payload(TenantModel):
    """The frozen bytes of a message and the links in them, in order; every retry sends the same bytes."""

    message = TenantForeignKey(Message, models.CASCADE)
    raw = models.BinaryField()
    sha256 = models.BinaryField()
    copy = models.BinaryField(
        null=True, help_text="the bytes for Cc and Bcc, in envelopes of their own: without tracking"
    )
    links = models.JSONField(default=list)
    unsubscribe_seen_at = models.DateTimeField(
        null=True, help_text="when the page behind its unsubscribe link was asked for last"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "message"], name="payload_once")]

    def __str__(self) -> str:
        return f"bytes of message {self.message_id}"


class Untold(TenantModel):
    """That a message was sent and the floors above do not know yet; gone as soon as they do (messaging.sent)."""

    # No references: they would be checked for each message sent, and the row lives for a second or two.
    message_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "message_id"], name="untold_once")]

    def __str__(self) -> str:
        return f"message {self.message_id} was sent"


class StopEvent(TenantModel):
    """That something is stopped. Written before anything else reacts, append-only; the gate reads it.

    While it is not lifted nothing of what it names leaves. It is lifted when the rows concerned have followed it (they
    tell from then on), or when a pause ends.
    """

    scope = models.TextField(help_text="contact, address, enrollment, sequence, member, mailbox, tenant")
    key = models.TextField(help_text="the id or the normalised address")
    number = models.BigIntegerField(help_text="of the advisory lock that stands for scope and key")
    kind = models.TextField(help_text="replied, unsubscribed, bounced, paused, removed …")
    source = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict, db_default={}, help_text="what still has to follow it")

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "scope", "key", "-at"], name="stop_by_key"),
            models.Index(
                fields=["tenant", "number"], condition=Q(lifted_at__isnull=True), name="stop_standing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.key}"
