"""Takes policy.edit from the ready role of sequence managers: theirs are the schedules of sequences alone."""

from typing import Any, ClassVar

from django.db import migrations

from tenants.operations import each_tenant


def take(apps: Any) -> None:
    for role in apps.get_model("tenants", "Role").objects.filter(key="sequence_manager"):
        role.permissions.pop("policy.edit", None)
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tenants", "0004_postal_address")]

    operations: ClassVar = [each_tenant(take)]
