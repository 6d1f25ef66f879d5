"""Who is where in which sequence, and what each step did for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from audience.models import Account, Contact, Opportunity
from sequences.models.run import Run
from sequences.models.sequence import Sequence
from steps.models import Plan
from tenants.fields import TenantForeignKey
from tenants.models import Member, TenantModel


class Enrollment(TenantModel):
    """One stay of a contact in a sequence. Its state is written by sequences.enrollment alone.

    Days without date arithmetic (classic): at run n the stay is on day n − day1_run + 1. A hold adds one to day1_run,
    a pause keeps the ordinal of the last run before it in paused_after, and resuming adds what passed since.

    In a tree (adaptive) the stay stands before one step, ``step_key``. Its turn is now, unless it ``is_waiting``: until
    ``due_at``, or where that is NULL until a person has done what is asked of them.
    """

    ACTIVE, PAUSED, EXITED = "active", "paused", "exited"

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="enrollments")
    contact = TenantForeignKey(Contact, models.CASCADE)
    account = TenantForeignKey(Account, models.SET_NULL, null=True, help_text="through which it came in")
    opportunity = TenantForeignKey(
        Opportunity, models.SET_NULL, null=True, help_text="through which it came in"
    )
    plan = TenantForeignKey(
        Plan,
        models.PROTECT,
        null=True,
        help_text="adaptive: the one it is on; NULL: the sequence's current one",
    )
    state = models.TextField(default=ACTIVE, db_default=ACTIVE)
    entered_at = models.DateTimeField()
    exited_at = models.DateTimeField(null=True)
    exited_on = models.DateField(null=True, help_text="the local date of the sequence then")
    exit_reason = models.TextField(default="", db_default="")
    day1_run = models.IntegerField(null=True, help_text="ordinal of the run that is day 1")
    paused_after = models.IntegerField(null=True, help_text="ordinal of the last run before the pause")
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.TextField(default="", db_default="", help_text="manual or auto_reply")
    resume_on = models.DateField(null=True, help_text="auto_reply: the local date of the sequence")
    held_reason = models.TextField(default="", db_default="", help_text="why the last run did nothing")
    held_since = models.DateTimeField(null=True)
    added_by = TenantForeignKey(
        Member, models.SET_NULL, null=True, help_text="NULL: came in by the conditions"
    )
    step_key = models.TextField(
        null=True, help_text="adaptive: the step it stands before; empty: its path has ended"
    )
    is_waiting = models.BooleanField(default=False, db_default=False)
    due_at = models.DateTimeField(null=True, help_text="adaptive: the moment of its wait or condition")
    stopped_at = models.DateTimeField(
        null=True, help_text="adaptive: since when it is kept, by its own pause or the sequence's"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sequence", "contact"],
                condition=Q(state__in=["active", "paused"]),
                name="inside_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "sequence", "contact"], name="enrollment_ever"),
            models.Index(fields=["tenant", "sequence", "id"], name="enrollment_in_order"),
            models.Index(
                fields=["tenant", "sequence", "day1_run"],
                condition=Q(state="active"),
                name="enrollment_by_day",
            ),
            models.Index(fields=["tenant", "contact", "state"], name="enrollment_by_contact"),
            models.Index(
                fields=["tenant", "opportunity"],
                condition=Q(opportunity__isnull=False),
                name="enrollment_by_opportunity",
            ),
            models.Index(
                fields=["tenant", "account"],
                condition=Q(account__isnull=False),
                name="enrollment_by_account",
            ),
            models.Index(
                fields=["tenant", "sequence"],
                condition=~Q(held_reason=""),
                name="enrollment_held",
            ),
            models.Index(
                fields=["tenant", "sequence"],
                condition=Q(state="paused"),
                name="enrollment_paused",
            ),
            models.Index(
                fields=["tenant", "sequence", "step_key"],
                condition=Q(state="active", is_waiting=False, step_key__isnull=False),
                name="enrollment_in_turn",
            ),
            models.Index(
                fields=["tenant", "sequence", "due_at"],
                condition=Q(state="active", due_at__isnull=False),
                name="enrollment_by_moment",
            ),
        ]

    @property
    def is_pinned(self) -> bool:
        """Whether it goes on in another version of the tree than the sequence's current one (semantics 5.14)."""
        return self.plan_id not in (None, self.sequence.plan_id)

    def __str__(self) -> str:
        return f"enrollment {self.pk} ({self.state})"


class StepRun(TenantModel):
    """What one step did for one enrollment; one per (enrollment, key), which makes every run safe to repeat.

    The marks (sent_at …) are what conditions on earlier steps ask (semantics 2.30), stamped by facts. A wait that is
    over and a condition that was answered (``reason``: yes or no) are *passed*.
    """

    EXECUTED, SKIPPED, CANCELLED, PASSED = "executed", "skipped", "cancelled", "passed"

    enrollment = TenantForeignKey(Enrollment, models.CASCADE, related_name="step_runs")
    key = models.TextField()
    kind = models.TextField()
    state = models.TextField()
    reason = models.TextField(default="", db_default="")
    run = TenantForeignKey(Run, models.SET_NULL, null=True)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="email reminder: when it was completed")
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    machine_opened_at = models.DateTimeField(null=True, help_text="by a scanner or proxy: counts apart")
    machine_clicked_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "enrollment", "key"], name="step_run_once")]
        indexes = [
            models.Index(fields=["tenant", "run"], name="step_run_by_run"),
            # What few have, so that one need not look at everybody.
            models.Index(
                fields=["tenant", "enrollment"], condition=Q(state="skipped"), name="step_run_skipped"
            ),
            models.Index(
                fields=["tenant", "enrollment"],
                condition=Q(clicked_at__isnull=False),
                name="step_run_clicked",
            ),
            models.Index(
                fields=["tenant", "enrollment"],
                condition=Q(replied_at__isnull=False),
                name="step_run_replied",
            ),
            models.Index(
                fields=["tenant", "enrollment"],
                condition=Q(bounced_at__isnull=False),
                name="step_run_bounced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


class Addition(TenantModel):
    """A contact added by hand, waiting for the next run (semantics 2.13)."""

    sequence = TenantForeignKey(Sequence, models.CASCADE, related_name="additions")
    contact = TenantForeignKey(Contact, models.CASCADE)
    by = TenantForeignKey(Member, models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "sequence", "contact"], name="waiting_once")]
        indexes = [models.Index(fields=["tenant", "contact"], name="addition_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id} waits for {self.sequence_id}"
