"""Checks what the rows of a run refer to once a statement (docs/adr/0017)."""

from typing import ClassVar

from django.db import migrations

from tenants.operations import DropWallReference, SetReference


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sequences", "0006_machines"), ("messaging", "0010_set_references")]

    operations: ClassVar = [
        SetReference("Enrollment", "sequence"),
        SetReference("Enrollment", "contact"),
        SetReference("Enrollment", "account"),
        SetReference("Enrollment", "opportunity"),
        SetReference("Enrollment", "plan"),
        SetReference("Enrollment", "added_by"),
        SetReference("StepRun", "enrollment"),
        SetReference("StepRun", "run"),
        SetReference(
            "messaging.Message",
            "step_run_id",
            to="sequences.StepRun",
            on_delete="CASCADE",
            agrees="enrollment_id",
        ),
        DropWallReference(
            "messaging.Message", "enrollment_id", to="sequences.Enrollment", on_delete="CASCADE"
        ),
    ]
