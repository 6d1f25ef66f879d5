"""Checks what the rows of a run refer to once a statement (docs/adr/0017)."""

from typing import ClassVar

from django.db import migrations, models

from tenants.operations import SetReference


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("messaging", "0009_machines"),
        ("audience", "0006_record_jobs"),
        ("tenants", "0002_sending"),
    ]

    operations: ClassVar = [
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(enrollment_id__isnull=True, step_run_id__isnull=True)
                | models.Q(enrollment_id__isnull=False, step_run_id__isnull=False),
                name="message_of_a_step_run",
            ),
        ),
        SetReference("Message", "mailing"),
        SetReference("Message", "contact"),
        SetReference("Message", "opportunity"),
        SetReference("Message", "sender"),
        SetReference("Message", "mailbox"),
    ]
